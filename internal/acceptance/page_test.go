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

// checkPage parses index.html as a browser does. It checks the text, that foreign names are only
// text, and that the page loads nothing.
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
			t.Errorf("the page has an element %s, want none", n.Data)
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
		t.Errorf("the content security policy is %q, want default-src 'none'", csp)
	}
	for _, s := range scripts { // the page's own script and its data
		sum := sha256.Sum256([]byte(s.FirstChild.Data))
		own := strings.Contains(csp, "script-src 'sha256-"+
			base64.StdEncoding.EncodeToString(sum[:])+"';")
		if attribute(s, "type") != "application/json" && !own || attribute(s, "src") != "" {
			t.Errorf("got a script %.80q, want only data and the one in the policy",
				s.FirstChild.Data)
		}
	}
	// A no-break space joins a figure and its unit.
	plain := strings.ReplaceAll(text.String(), "\u00a0", " ")
	for _, want := range []string{
		doc.Headline,
		"n1 memory 94 % (60.2 of 64 GiB) since 23:40",
		hostileNamespace + "/" + hostilePod + "/" + hostileContainer,
		"shop/" + hostileClaim,
		"Prometheus 3.15.0",
	} {
		if !strings.Contains(plain, want) {
			t.Errorf("the page says %.2000s\nwant %q in it", plain, want)
		}
	}
}

// runbooks is where the built-in rules link to.
const runbooks = "https://github.com/promsnap/promsnap/blob/main/docs/runbooks/"

// checkAttribute refuses handlers and addresses outside the page, except links to runbooks, files
// next to the page and data.
func checkAttribute(t *testing.T, element string, a html.Attribute) {
	if strings.HasPrefix(a.Key, "on") {
		t.Errorf("%s has a handler %s=%q, want none", element, a.Key, a.Val)
	}
	if element == "a" && a.Key == "href" && strings.HasPrefix(a.Val, runbooks) {
		return
	}
	switch a.Key {
	case "src", "href", "srcset", "poster", "data", "action", "background":
		if strings.Contains(a.Val, ":") && !strings.HasPrefix(a.Val, "data:image/") ||
			strings.HasPrefix(a.Val, "//") {
			t.Errorf("%s has %s=%q, want no address outside the page", element, a.Key, a.Val)
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
