package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// wellFormed reads a document to its end and returns its text.
func wellFormed(t *testing.T, doc []byte) string {
	t.Helper()
	var text strings.Builder
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("parsing the document: %v\n%.300s", err, doc)
		}
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
			text.WriteByte('\n')
		}
	}
}

func TestSVGOfOddPanels(t *testing.T) {
	for name, p := range oddPanels() {
		doc, err := SVG(p, Options{Width: 700})
		if err != nil {
			t.Errorf("%s: %v, want no error", name, err)
			continue
		}
		wellFormed(t, doc)
		if bad := regexp.MustCompile(`NaN|Inf| id=| style=|url\(|href`).Find(doc); bad != nil {
			t.Errorf("%s: the document holds %q, want none", name, bad)
		}
	}
}

func TestSVGEscapes(t *testing.T) {
	hostile := `</text><script>alert("1")</script>&amp;'<!channel>` + "\x00\u202e\xff"
	p := panelOf(hostile, units.None, gridTo(slotTime, 3, time.Minute), 1, []string{hostile},
		[][]float64{{1, 2, 3}})
	doc, err := SVG(p, Options{Width: 2000})
	if err != nil {
		t.Fatal(err)
	}
	text := wellFormed(t, doc)
	if !strings.Contains(text, `</text><script>alert("1")</script>&amp;'<!channel>`+"\n") {
		t.Errorf("the text is %q, want the name unchanged in it", text)
	}
	if strings.Contains(string(doc), "<script") || strings.Contains(string(doc), "<!") {
		t.Errorf("the name is markup in %.2000s, want text", doc)
	}
}

// TestSVGColours checks that every colour is a variable that Styles defines for light and dark
// readers.
func TestSVGColours(t *testing.T) {
	styles := Styles()
	for _, p := range []*snapshot.Panel{
		nodeMemory(30, time.Minute), fleetCPU(30, 30), oddPanels()["failed"],
	} {
		doc, err := SVG(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		paints := regexp.MustCompile(` (?:fill|stroke)="([^"]*)"`).FindAllSubmatch(doc, -1)
		if len(paints) == 0 {
			t.Error("no colours in the document, want some")
		}
		for _, m := range paints {
			name, ok := strings.CutPrefix(string(m[1]), "var(")
			if string(m[1]) == "none" {
				continue
			}
			if name, _, _ = strings.Cut(name, ","); !ok || strings.Count(styles, name+":#") != 2 {
				t.Errorf("got the colour %s, want a variable of both themes", m[1])
			}
		}
	}
}

func TestSVGGolden(t *testing.T) {
	p := nodeMemory(13, 2*time.Hour)
	p.Lines, p.Rows, p.Total = p.Lines[:3], p.Rows[:3], 3
	got, err := SVG(p, Options{Zone: seoul(), Height: 200})
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "node-memory.svg")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; write it with: go test ./internal/chart -update", err)
	}
	if string(got) != string(want) {
		t.Errorf("the document differs, want that of %s; look at it, then: go test "+
			"./internal/chart -update",
			golden)
	}
}

func TestTenths(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 5: ".5", -5: "-.5", 10: "1", -12: "-1.2", 100: "10", 105: "10.5",
	} {
		if got := string(tenths(nil, n)); got != want {
			t.Errorf("%d tenths are %q, want %q", n, got, want)
		}
	}
}

func TestStepsOfAPath(t *testing.T) {
	v := &vector{}
	v.steps([]point{
		{1, 2}, {2, 3}, {2.5, 3.5}, {3, 3}, {4, 3.5}, {4.5, 4.5}, {5.5, 4.5}, {6, 5}, {6, 6}, {7, 8.5},
		gap(), {9, 9}, gap(), {10, 10}, {11, 11.5}, {12, 12},
	})
	const want = "M1 2l1 1 .5.5.5-.5 1 .5.5 1h1l.5.5v1l1 2.5M9 9h0M10 10l1 1.5 1 .5"
	if got := v.out.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
