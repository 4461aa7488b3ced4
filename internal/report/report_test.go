package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	update = flag.Bool("update", false, "rewrite the goldens and the schema")
	pageTo = flag.String("page", "", "write the fixture's report into this directory, to look at")
)

func TestSummary(t *testing.T) {
	r := daily(t)
	t.Log("\n" + strings.Join(r.Summary(), "\n"))
	t.Log(r.Headline)
	t.Log(r.Blind)
	if *pageTo != "" {
		for name, body := range files(t, r) {
			if err := os.WriteFile(filepath.Join(*pageTo, name), body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
