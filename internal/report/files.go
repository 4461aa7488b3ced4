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

// fileName matches the names that a file may have. Such a name stays inside the directory that the
// file is written to.
var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,199}$`)

// IsFileName reports whether a file of a report may have the name.
func IsFileName(name string) bool { return fileName.MatchString(name) }

// CheckNames returns an error if a name would leave the report's directory, or if two files have
// the same name.
func CheckNames(files []File) error {
	seen := map[string]bool{}
	for _, f := range files {
		switch {
		case !IsFileName(f.Name):
			return fmt.Errorf("file name %q of the report is not allowed: use only [a-z0-9.-], "+
				"and a letter or digit first", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("two files of the report have the name %s", f.Name)
		}
		seen[f.Name] = true
	}
	return nil
}

// The pictures of the whole board, in a report with a Grafana dashboard.
const (
	BoardPicture      = "dashboard.png"
	BoardLargePicture = "dashboard-2x.png"    // twice as many pixels
	BoardPhonePicture = "dashboard-phone.png" // the first screen, for a phone
)

// BoardPanelPicture returns the file name of the picture of a panel of the dashboard.
func BoardPanelPicture(name string) string { return name + ".png" }

// PictureName returns the file name of a panel's picture.
func PictureName(panel string) string { return Slug(panel) + ".png" }
