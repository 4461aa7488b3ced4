package html

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/words"
)

var pageTo = flag.String("page", "", "write the fixture's report to this directory")

// TestPageToLookAt writes the pages only with the flag -page.
func TestPageToLookAt(t *testing.T) {
	if *pageTo == "" {
		t.Skip("go test ./internal/report/html -run PageToLookAt -page DIR writes the fixture's " +
			"report")
	}
	write := func(name string, body []byte) {
		if err := os.WriteFile(filepath.Join(*pageTo, name), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range files(t, reporttest.Daily(t)) {
		write(name, body)
	}
	write("foresight.html", files(t, reporttest.Foresight(t))["index.html"])
	write("sizing.html", files(t, reporttest.Sizing(t))["index.html"])
	write("targets.html", files(t, reporttest.Targets(t))["index.html"])
	for _, l := range words.Languages() {
		in, panels := reporttest.Aged(t)
		in.Language = l
		write("aged-"+string(l)+".html", files(t, report.Build(in, panels))["index.html"])
	}
}
