//go:build acceptance

package acceptance

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/net/html"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// checkPage reads index.html as a browser does: what it says, that the names of strangers are text
// in it, and that it loads nothing.
func checkPage(t *testing.T, page []byte, doc reportjson.Document) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	csp := ""
	var scripts []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "script" {
			text.WriteString(n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "iframe", "object", "embed", "form", "base":
			t.Errorf("the page has an element %s", n.Data)
		case "script":
			scripts = append(scripts, n)
		case "meta":
			if attribute(n, "http-equiv") == "Content-Security-Policy" {
				csp = attribute(n, "content")
			}
		}
		for _, a := range n.Attr {
			checkAttribute(t, n.Data, a)
		}
	}
	if !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("the content security policy %q does not forbid what it does not name", csp)
	}
	for _, s := range scripts { // the page's own, and data for it
		sum := sha256.Sum256([]byte(s.FirstChild.Data))
		own := strings.Contains(csp, "script-src 'sha256-"+
			base64.StdEncoding.EncodeToString(sum[:])+"';")
		if attribute(s, "type") != "application/json" && !own || attribute(s, "src") != "" {
			t.Errorf("the page has a script that its policy does not name: %.80q",
				s.FirstChild.Data)
		}
	}
	// a figure and its unit are not parted at the end of a line
	said := strings.ReplaceAll(text.String(), "\u00a0", " ")
	for _, want := range []string{
		doc.Headline,
		"n1 memory 94 % (60.2 of 64 GiB) since 23:40",
		hostileNamespace + "/" + hostilePod + "/" + hostileContainer,
		"shop/" + hostileClaim,
		"Prometheus 3.15.0",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// checkAttribute refuses what runs or loads: a handler, or an address that is neither within the
// page nor beside it nor in itself.
func checkAttribute(t *testing.T, element string, a html.Attribute) {
	if strings.HasPrefix(a.Key, "on") {
		t.Errorf("%s has a handler %s=%q", element, a.Key, a.Val)
	}
	switch a.Key {
	case "src", "href", "srcset", "poster", "data", "action", "background":
		if strings.Contains(a.Val, ":") && !strings.HasPrefix(a.Val, "data:image/") ||
			strings.HasPrefix(a.Val, "//") {
			t.Errorf("%s leads out of the page: %s=%q", element, a.Key, a.Val)
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
