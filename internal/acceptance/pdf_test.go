//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab/labtest"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// TestPDF reads the PDFs of a simulated cluster with other programs: one in English on A4, and one
// with every panel in Korean on Letter.
func TestPDF(t *testing.T) {
	t.Parallel()
	config := configFile(t, `version: 1
cluster: prod-seoul
prometheus: {scrape_interval: 1m}
reports:
  - {name: a4, timezone: Asia/Seoul, range: 6h, trends: false, pdf: true}
  - name: letter
    timezone: Asia/Seoul
    range: 6h
    trends: false
    language: ko
    pdf: {paper: letter, full: true}
`)
	now := demoSlot.Format(time.RFC3339)
	lab := labtest.Start(t, "--nodes", "12", "--now", now, "--tame")
	o := promsnap(t, "run", "-c", config, "--prometheus-url", lab.String(), "--time", now,
		"--output-dir", "out").want(t, 0)
	for name, size := range map[string]string{
		"a4": "595.28 x 841.89 pts (A4)", "letter": "612 x 792 pts (letter)",
	} {
		t.Run(name, func(t *testing.T) {
			doc := o.document(t, name, demoSlot)
			path := filepath.Join(t.TempDir(), "report.pdf")
			if err := os.WriteFile(path, o.file(t, name, demoSlot, "report.pdf"),
				0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
				t.Errorf("qpdf: %v\n%s", err, out)
			}
			checkFonts(t, path)
			checkInfo(t, path, name, size)
			checkReadingOrder(t, path, name, doc)
			checkMargins(t, path)
		})
	}
}

// printed returns what a program prints.
func printed(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return string(out)
}

// checkFonts checks that every font is embedded as a subset, with the table for copying its text.
func checkFonts(t *testing.T, path string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(printed(t, "pdffonts", path)), "\n")
	if len(lines) < 4 {
		t.Errorf("got the fonts %q, want two or more", lines)
	}
	for _, line := range lines[min(2, len(lines)):] {
		if !strings.Contains(line, "CID TrueType") ||
			strings.Join(strings.Fields(line)[4:7], " ") != "yes yes yes" {
			t.Errorf("got the font %q, want it embedded, a subset, and with its characters", line)
		}
	}
}

// checkInfo checks the title, the date, the paper and the number of pages.
func checkInfo(t *testing.T, path, name, size string) {
	t.Helper()
	info := strings.Join(strings.Fields(printed(t, "pdfinfo", "-isodates", path)), " ")
	for _, want := range []string{
		"Title: prod-seoul · " + name + " ·", "CreationDate: " + demoSlot.Format("2006-01-02T15:04:05"),
		"Page size: " + size,
	} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo prints %s, want %q in it", info, want)
		}
	}
	var pages int
	_, rest, _ := strings.Cut(info, "Pages: ")
	if _, err := fmt.Sscan(rest, &pages); err != nil || pages < 3 || pages > 20 {
		t.Errorf("got %d pages, want 3 to 20: %v", pages, err)
	}
}

// checkReadingOrder checks that the text can be found, in the order of a reader: the headline, the
// first finding, and the panels with findings.
func checkReadingOrder(t *testing.T, path, name string, doc reportjson.Document) {
	t.Helper()
	packed := func(s string) string { return strings.Join(strings.Fields(s), "") }
	text := packed(printed(t, "pdftotext", "-raw", path, "-"))
	at := 0
	for _, want := range []string{
		"prod-seoul·" + name, doc.Headline, doc.Findings[0].Name,
		panelOf(t, doc, "node-memory").Title, doc.Findings[0].Name, "promsnaprun" + name,
	} {
		i := strings.Index(text[at:], packed(want))
		if i < 0 {
			t.Errorf("the PDF holds %.3000s, want %q in it, after what comes before", text, want)
			return
		}
		at += i + len(packed(want))
	}
}

// checkMargins checks that nothing is drawn within 28 points of the edges of a page but the footer,
// and that no page is empty.
func checkMargins(t *testing.T, path string) {
	t.Helper()
	pages := filepath.Join(t.TempDir(), "page")
	const dots, margin = 36, 28 // of an inch; points
	printed(t, "pdftoppm", "-r", fmt.Sprint(dots), "-gray", path, pages)
	list, err := filepath.Glob(pages + "*.pgm")
	if err != nil || len(list) == 0 {
		t.Fatalf("got no pictures of pages, want some: %v", err)
	}
	for _, name := range list {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var width, height, most int
		if _, err := fmt.Fscanf(bytes.NewReader(file), "P5\n%d %d\n%d\n", &width, &height,
			&most); err != nil {
			t.Fatal(err)
		}
		pixels, edge, dark := file[len(file)-width*height:], margin*dots/72, 0
		for i, p := range pixels {
			x, y := i%width, i/width
			inside := x >= edge && x < width-edge && y >= edge && y < height-edge/2
			if p < 200 {
				dark++
			}
			if p < 250 && !inside {
				t.Errorf("%s: got ink at %d, %d of %d × %d, want a margin", filepath.Base(name), x, y,
					width, height)
				break
			}
		}
		if dark == 0 {
			t.Errorf("%s: got an empty page, want none", filepath.Base(name))
		}
	}
}
