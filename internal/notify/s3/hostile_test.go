package s3

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// Keys stay below the prefix of the receiver, and each text has its own. The lists are valid JSON,
// and their pages have the same elements as for a harmless text.
func TestKeysAndListsOfHostileWords(t *testing.T) {
	safe := regexp.MustCompile(`^cap/[a-z0-9-]{1,80}/[a-z0-9-]{1,80}/[0-9A-Za-z/.-]+$`)
	shape := func(page []byte) string {
		root, err := html.Parse(bytes.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for n := range root.Descendants() {
			switch n.Type {
			case html.CommentNode:
				out.WriteString("comment ")
			case html.ElementNode:
				out.WriteString("<" + n.Data)
				for _, a := range n.Attr {
					out.WriteString(" " + a.Key)
				}
				out.WriteString("> ")
			}
		}
		return out.String()
	}
	kept := func(word string) (pages map[string]string, root string) {
		s := cloudtest.New(t)
		deliver(t, receiver(t, s, Options{Prefix: "cap"}),
			delivery(morning, bad, func(r *report.Report) {
				r.Info.Cluster, r.Info.Name, r.Info.Title, r.Headline = word, word, word, word
			}))
		pages = map[string]string{}
		for _, key := range s.Keys() {
			if !safe.MatchString(key) || strings.Contains(key, "..") || len(key) > 400 {
				t.Errorf("%.40q: got the key %q, want a safe one of at most 400 bytes", word, key)
			}
			parts := strings.SplitN(key, "/", 4)
			body := s.Object(key).Body
			switch name := parts[3]; {
			case strings.HasSuffix(name, "index.json"):
				var l list
				if err := json.Unmarshal(body, &l); err != nil || !utf8.Valid(body) {
					t.Errorf("%.40q: %s: got %.200q (%v), want JSON in UTF-8", word, key, body, err)
				}
			case strings.HasSuffix(name, "index.html") && !bytes.HasPrefix(body, []byte("page of")):
				pages[name] = shape(body)
			}
			root = strings.Join(parts[:3], "/")
		}
		return pages, root
	}
	tame, _ := kept("tame")
	if len(tame) != 2 {
		t.Fatalf("got the lists %v, want two", tame)
	}
	seen := map[string]string{}
	for _, w := range hostile.Words() {
		got, root := kept(w.Text)
		if fmt.Sprint(got) != fmt.Sprint(tame) && strings.TrimSpace(w.Text) != "" {
			t.Errorf("%s: got the lists %v, want as for a harmless text %v", w.Name, got, tame)
		}
		if other := seen[root]; other != "" {
			t.Errorf("%s: got key %s, want another than that of %s", w.Name, root, other)
		}
		seen[root] = w.Name
	}
}
