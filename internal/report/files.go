package report

import (
	"fmt"
	"regexp"
)

// File is one file of a report.
type File struct {
	Name        string // relative, of [a-z0-9.-] only: "index.html", "node-memory.png"
	ContentType string
	Body        []byte
}

// fileName is what a file of a report may be called; it keeps every file inside the directory that
// it is written to.
var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,199}$`)

// CheckNames refuses names that would leave the report's directory, and two files of one name.
func CheckNames(files []File) error {
	seen := map[string]bool{}
	for _, f := range files {
		switch {
		case !fileName.MatchString(f.Name):
			return fmt.Errorf("a file of the report is called %q: a name is of [a-z0-9.-] and "+
				"does not begin with a dot", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("two files of the report are called %s", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// PictureName returns what the file of a panel's picture is called.
func PictureName(panel string) string { return Slug(panel) + ".png" }
