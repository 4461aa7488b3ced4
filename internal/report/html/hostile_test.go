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
)

// shapeOf are a page's elements with the names of their attributes, in order.
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

// A word from outside makes no element, no attribute and no link of its own, and is read as it was
// written.
func TestPageOfHostileWords(t *testing.T) {
	page := func(t *testing.T, word string) (*html.Node, []byte) {
		return drawnBy(t, reporttest.Hostile(t, word), drawn)
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
	for _, w := range corpus.Words() {
		t.Run(w.Name, func(t *testing.T) {
			root, body := page(t, w.Text)
			for _, line := range shapeOf(root) {
				if !known[line] {
					t.Errorf("<%s>", line)
				}
			}
			if len(body) > 1<<20+128*len(w.Text) {
				t.Errorf("a page of %d bytes", len(body))
			}
			text := ""
			for n := range root.Descendants() {
				switch {
				case n.Type == html.CommentNode:
					t.Errorf("a comment: %.100q", n.Data)
				case n.Type == html.TextNode && n.Parent.Data == "script":
					if n.Data != templates.ReportJS && !json.Valid([]byte(n.Data)) {
						t.Errorf("a script that is not the page's: %.200q", n.Data)
					}
				case n.Type == html.TextNode:
					text += n.Data + "\n"
				}
				for _, a := range n.Attr {
					if n.Data == "a" && a.Key == "href" && !strings.HasPrefix(a.Val, "#") &&
						!strings.HasPrefix(a.Val, "https://") {
						t.Errorf("<%s> leads to %.100q", n.Data, a.Val)
					}
				}
			}
			if short := strings.TrimSpace(w.Text); len(short) < 300 &&
				snapshotName(short) == short && !strings.Contains(text, short) {
				t.Errorf("the page does not say %q", short)
			}
		})
	}
}

// snapshotName is word as a report says it.
func snapshotName(word string) string {
	return report.Build(report.Info{
		Notes: []snapshot.Note{snapshot.NoteOf(snapshot.NoteAnswer, strings.ToValidUTF8(word, ""))},
	}, nil).Warnings[0].Text
}
