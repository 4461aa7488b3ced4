package html

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// files returns the page, the pictures and report.json by name.
func files(t testing.TB, r *report.Report) map[string][]byte {
	t.Helper()
	page, pictures, err := Render(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := reportjson.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, f := range append(pictures, page, doc) {
		if _, twice := byName[f.Name]; twice {
			t.Errorf("%s: got two files of this name, want one", f.Name)
		}
		byName[f.Name] = f.Body
	}
	return byName
}

func names(m map[string][]byte) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// pixel replaces a chart: the tests of the page are not about drawing.
func pixel(*snapshot.Panel) drawing {
	const picture = `<svg class="chart" role="img" aria-label="stands for a chart"></svg>`
	return drawing{png: []byte("not looked at"), wide: picture, phone: picture}
}

// tile replaces what is drawn of a panel of a dashboard.
func tile(p *board.Panel, _ sizes) viewDrawing {
	if p.Empty || p.Table != nil || p.Text != nil {
		return viewDrawing{}
	}
	d := pixel(nil)
	return viewDrawing{png: d.png, wide: d.wide, phone: d.phone}
}

// pageOf renders r without drawing and parses its page.
func pageOf(t testing.TB, r *report.Report) *html.Node {
	t.Helper()
	root, _ := drawnBy(t, r, pixel)
	return root
}

// drawnBy returns the page of r with charts drawn by hand.
func drawnBy(t testing.TB, r *report.Report,
	draw func(*snapshot.Panel) drawing) (*html.Node, []byte) {
	t.Helper()
	page, _, err := render(t.Context(), r, hand{panel: draw, view: tile})
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page.Body))
	if err != nil {
		t.Fatal(err)
	}
	return root, page.Body
}

// all returns the elements of one name, "" for every element, in the page's order.
func all(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// classed returns the elements with a class.
func classed(root *html.Node, class string) []*html.Node {
	var found []*html.Node
	for _, n := range all(root, "") {
		if slices.Contains(strings.Fields(attribute(n, "class")), class) {
			found = append(found, n)
		}
	}
	return found
}

// text returns the text in n, with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// drawn draws nothing, and fails when the page's own charts do.
func drawn(p *snapshot.Panel) drawing {
	if p.Spec.Name == "undrawn" {
		return drawing{err: errors.New(p.Spec.Title)}
	}
	return pixel(p)
}
