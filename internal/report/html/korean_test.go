package html

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// outside matches text that is not translated: names, texts of servers, and terms that Korean
// engineers write in Latin letters.
var outside = regexp.MustCompile(`ip-[\d-]+|/dev/\w+|(spark|shop)/[\w/…-]+|checkout-[\w/…-]+|prod-seoul|promsnap v[\d.]+|https?://\S+|kubelet_\w+\*?|` +
	`NotReady|MemoryPressure|SchedulingDisabled|(dedicated|node\.kubernetes\.io/\w+)[=:][\w:]+|[mrc]\d\w*\.\w+|ap-northeast-(2\w)?|풀 \w+|kubelet v[\d.]+|` +
	`PromQL warning: .*|prometheus answered .*|Prometheus|PromQL|node_exporter|report\.json|CPU|KST|\d[ \x{a0}]([KMGT]i?)?B(/s)?|p\d+`)

var latin = regexp.MustCompile(`[A-Za-z]{2,}`)

// TestKoreanPageHasNoEnglish checks all text of the page and its charts, also for screen readers.
func TestKoreanPageHasNoEnglish(t *testing.T) {
	root, err := html.Parse(bytes.NewReader(files(t, reporttest.Korean(t))["index.html"]))
	if err != nil {
		t.Fatal(err)
	}
	if got := attribute(all(root, "html")[0], "lang"); got != "ko" {
		t.Errorf("language of the page: got %q, want ko", got)
	}
	read := 0
	look := func(s string) {
		read += len(s)
		if left := latin.FindAllString(outside.ReplaceAllString(s, ""), -1); left != nil {
			t.Errorf("got %q in %q, want only Korean", left, s)
		}
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode &&
			!slices.Contains([]string{"style", "script", "code"}, n.Parent.Data) {
			look(strings.TrimSpace(n.Data))
		}
		for _, a := range n.Attr {
			if slices.Contains([]string{"title", "aria-label", "alt", "placeholder", "data-head"},
				a.Key) || strings.HasPrefix(a.Key, "data-said") {
				look(a.Val)
			}
		}
	}
	if read < 10_000 {
		t.Errorf("got %d bytes of text, want more", read)
	}
}
