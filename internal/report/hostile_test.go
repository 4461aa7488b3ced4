package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/templates"
	corpus "github.com/promsnap/promsnap/testdata/hostile"
)

// drawn draws nothing, and fails where the page's own charts do.
func drawn(p *snapshot.Panel) drawing {
	if p.Spec.Name == "undrawn" {
		return drawing{err: errors.New(p.Spec.Title)}
	}
	return pixel(p)
}

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

// A word from outside makes no element, no attribute and no link of its own, and is read as it was written.
func TestPageOfHostileWords(t *testing.T) {
	page := func(t *testing.T, word string) (*html.Node, []byte) {
		list, err := shaped(t, word).render(context.Background(), drawn)
		if err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(bytes.NewReader(list[0].Body))
		if err != nil {
			t.Fatal(err)
		}
		return root, list[0].Body
	}
	known := map[string]bool{}
	for _, tame := range []string{"tame", "", "https://example.com/x", strings.Repeat("long ", 2000)} {
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
					if n.Data == "a" && a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://") {
						t.Errorf("<%s> leads to %.100q", n.Data, a.Val)
					}
				}
			}
			if short := strings.TrimSpace(w.Text); len(short) < 300 && snapshotName(short) == short && !strings.Contains(text, short) {
				t.Errorf("the page does not say %q", short)
			}
		})
	}
}

// snapshotName is what a series is called whose label is word.
func snapshotName(word string) string {
	return strings.TrimSpace(printable(strings.ToValidUTF8(word, "")))
}

// report.json is JSON that says the word, whatever reads it: a program, or a script element that somebody puts it into.
func TestJSONOfHostileWords(t *testing.T) {
	for _, w := range corpus.Words() {
		list, err := shaped(t, w.Text).render(context.Background(), drawn)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(f File) bool { return f.Name == "report.json" })
		var doc Document
		d := json.NewDecoder(bytes.NewReader(list[i].Body))
		d.DisallowUnknownFields()
		if err := d.Decode(&doc); err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		if want := strings.ToValidUTF8(w.Text, "\ufffd"); len(w.Text) < 1000 && doc.Cluster != want && w.Name != "invalid" {
			t.Errorf("%s: the cluster is %.100q, want %.100q", w.Name, doc.Cluster, want)
		}
		if bytes.ContainsAny(list[i].Body, "\u2028\u2029") || bytes.Contains(list[i].Body, []byte("</script")) || bytes.Contains(list[i].Body, []byte("<!--")) {
			t.Errorf("%s: what ends a script stands in report.json", w.Name)
		}
	}
}

// A name of a file or a key is one part of a path on every system, and another for another word.
func TestSlugOfHostileWords(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?$`)
	reserved := regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`)
	seen := map[string]string{}
	for _, w := range corpus.Words() {
		slug := Slug(w.Text)
		if !name.MatchString(slug) || reserved.MatchString(slug) {
			t.Errorf("%s becomes %q", w.Name, slug)
		}
		if other := seen[slug]; other != "" {
			t.Errorf("%s and %s are both %q", w.Name, other, slug)
		}
		seen[slug] = w.Name
	}
}

// labelled is a report of what a server says alone: labels, warnings and errors. What a configuration names is its own.
func labelled(word string) *Report {
	a := answers{}
	a.add("memory", series.FromPairs("node", word, "l", word), constant(0.9))
	spec := specs()[0]
	spec.Queries[0].Expr, spec.Queries[0].Legend = "memory", "{{node}} {{l}}"
	failed := spec
	failed.Name, failed.Queries = "failed", []panel.Query{{Expr: "nothing"}}
	panels := take(a, []panel.Spec{spec, failed})
	panels[0].Notes, panels[1].Err = []string{word}, errors.New(word)
	return Build(Info{Cluster: "prod", Name: "daily", Slot: slot, Range: 1, Nodes: []snapshot.Node{{Name: word}}}, panels)
}

// The lines of a summary, which are a terminal's and the fallback of a message, are lines.
func TestSummaryOfHostileWords(t *testing.T) {
	for _, w := range corpus.Words() {
		r := labelled(w.Text)
		for _, line := range append(r.Summary(), r.Headline) {
			if r, bad := corpus.Unprintable(line); bad {
				t.Errorf("%s: %U in %.200q", w.Name, r, line)
			}
			if len(line) > 16<<10 {
				t.Errorf("%s: a line of %d bytes", w.Name, len(line))
			}
		}
	}
}
