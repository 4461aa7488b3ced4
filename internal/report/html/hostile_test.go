package html

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

// shapeOf returns a page's elements with the names of their attributes, in order.
func shapeOf(root *html.Node) []string {
	var out []string
	for _, n := range all(root, "") {
		line := n.Data
		for _, a := range n.Attr {
			line += " " + a.Key
		}
		out = append(out, line)
	}
	return out
}

// A text from outside adds no element, attribute or link, and is shown as it was written.
func TestPageOfHostileWords(t *testing.T) {
	testHostileWords(t, reporttest.Hostile)
}

// TestRulesOfHostileWords does the same for the names, labels, annotations and errors of alerting
// rules. Marks that turn a text around are left out.
func TestRulesOfHostileWords(t *testing.T) {
	testHostileWords(t, reporttest.HostileRules)
	const marks = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
	r := reporttest.HostileRules(t, "a\u202eb\u2067c")
	for n := range pageOf(t, r).Descendants() {
		if n.Type == html.TextNode && strings.ContainsAny(n.Data, marks) {
			t.Errorf("got a mark in %.100q of <%s>, want none", n.Data, n.Parent.Data)
		}
	}
}

// eighth is the step between the words that run with -race, one in eight: words do not change which
// goroutines interact.
const eighth = 8

// testHostileWords checks the pages of a report with hostile words against those with harmless
// ones.
func testHostileWords(t *testing.T, of func(testing.TB, string) *report.Report) {
	t.Helper()
	page := func(t *testing.T, word string) (*html.Node, []byte) {
		return drawnBy(t, of(t, word), drawn)
	}
	known := map[string]bool{}
	for _, tame := range []string{
		"tame", "", "https://example.com/x", strings.Repeat("long ", 2000),
	} {
		root, _ := page(t, tame)
		for _, line := range shapeOf(root) {
			known[line] = true
		}
	}
	for i, w := range corpus.Words() {
		if race.Enabled && i%eighth != 0 {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			root, body := page(t, w.Text)
			for _, line := range shapeOf(root) {
				if !known[line] {
					t.Errorf("got the element <%s>, want only those of a harmless page", line)
				}
			}
			if len(body) > 1<<20+128*len(w.Text) {
				t.Errorf("got a page of %d bytes, want a smaller one", len(body))
			}
			text := ""
			for n := range root.Descendants() {
				switch {
				case n.Type == html.CommentNode:
					t.Errorf("got the comment %.100q, want none", n.Data)
				case n.Type == html.TextNode && n.Parent.Data == "script":
					if n.Data != templates.ReportJS && !json.Valid([]byte(n.Data)) {
						t.Errorf("got the script %.200q, want only the page's own", n.Data)
					}
				case n.Type == html.TextNode:
					text += n.Data + "\n"
				}
				for _, a := range n.Attr {
					if n.Data == "a" && a.Key == "href" && !strings.HasPrefix(a.Val, "#") &&
						!strings.HasPrefix(a.Val, "https://") {
						t.Errorf("got <%s> with the link %.100q, want none outside", n.Data, a.Val)
					}
				}
			}
			if short := strings.TrimSpace(w.Text); len(short) < 300 &&
				snapshotName(short) == short && !strings.Contains(text, short) {
				t.Errorf("got no text %q in the page, want it as it was written", short)
			}
		})
	}
}

// snapshotName returns word as a report shows it.
func snapshotName(word string) string {
	return report.Build(report.Info{
		Notes: []snapshot.Note{snapshot.NoteOf(snapshot.NoteAnswer, strings.ToValidUTF8(word, ""))},
	}, nil).Warnings[0].Text
}
