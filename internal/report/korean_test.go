package report

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// korean is the report of daily in Korean, with a failure and a warning. The panels' own words are left out: other tests are about them.
func korean(t testing.TB) *Report {
	t.Helper()
	a, nodes := fleetOf(42)
	all := specs()
	for i := range all {
		s := &all[i]
		s.Title, s.Section, s.Subject, s.Why, s.Hint = "제목", "구역", "메모리", "", ""
		if s.Events != nil {
			s.Events = &panel.Events{Within: s.Events.Within, Said: words.Counted{One: "종료 %s회", Many: "종료 %s회"}}
		}
	}
	in := info(t, machines(nodes))
	in.Title, in.Language = "일일 용량", words.Korean
	panels := snapshot.Take(t.Context(), a, all, snapshot.Options{Slot: slot, Range: 24 * time.Hour, QueryOffset: time.Minute, Language: words.Korean})
	return Build(in, append(panels, snapshot.Panel{Spec: panel.Spec{Name: "broken", Title: "제목", Section: "구역"}, Err: errors.New("…")}))
}

// outside are words that are nobody's to translate: names of things, what servers say, and what Korean engineers write in Latin letters.
var outside = regexp.MustCompile(`ip-[\d-]+|/dev/\w+|(spark|shop)/[\w/…-]+|checkout-[\w/…-]+|prod-seoul|promsnap v[\d.]+|https?://\S+|kubelet_\w+\*?|` +
	`NotReady|MemoryPressure|SchedulingDisabled|(dedicated|node\.kubernetes\.io/\w+)[=:][\w:]+|[mrc]\d\w*\.\w+|ap-northeast-(2\w)?|풀 \w+|kubelet v[\d.]+|` +
	`PromQL warning: .*|prometheus answered .*|Prometheus|PromQL|node_exporter|report\.json|CPU|KST|\d[ \x{a0}]([KMGT]i?)?B(/s)?|p\d+`)

var latin = regexp.MustCompile(`[A-Za-z]{2,}`)

// TestKoreanPageHasNoEnglish reads all that a reader sees or hears, in the page and in its charts.
func TestKoreanPageHasNoEnglish(t *testing.T) {
	root, err := html.Parse(bytes.NewReader(files(t, korean(t))["index.html"]))
	if err != nil {
		t.Fatal(err)
	}
	if got := attribute(all(root, "html")[0], "lang"); got != "ko" {
		t.Errorf("the page says that its language is %q", got)
	}
	read := 0
	look := func(s string) {
		read += len(s)
		if left := latin.FindAllString(outside.ReplaceAllString(s, ""), -1); left != nil {
			t.Errorf("%q in %q", left, s)
		}
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode && !slices.Contains([]string{"style", "script", "code"}, n.Parent.Data) {
			look(strings.TrimSpace(n.Data))
		}
		for _, a := range n.Attr {
			if slices.Contains([]string{"title", "aria-label", "alt", "placeholder", "data-head"}, a.Key) || strings.HasPrefix(a.Key, "data-said") {
				look(a.Val)
			}
		}
	}
	if read < 10_000 {
		t.Errorf("only %d bytes were read", read)
	}
}

func TestKoreanSummary(t *testing.T) {
	got := korean(t).Summary()
	want := []string{
		"위험 ip-10-0-1-12 메모리 95.7% (61.2 / 64 GiB), 04:38부터",
		"경고 ip-10-0-1-17 메모리 93.8% (15 / 16코어), 24시간 이상 지속",
		"데이터 없음 ip-10-0-1-21 메모리: 04:24부터 데이터 없음",
		"해소 ip-10-0-1-23 메모리: 19:02~20:28 95% 초과, 최고 96%",
		"실패 broken: …",
		"위험 3, 경고 2, 데이터 없음 2, 실패 2; 노드 40/42",
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("no line %q", line)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}

func TestKoreanHeadlines(t *testing.T) {
	above := rules.Rule{Name: "a", Critical: rules.At(0.9), For: 15 * time.Minute}
	below := rules.Rule{Name: "a", Direction: rules.Below, Critical: rules.At(0.9), For: 15 * time.Minute}
	for _, c := range []struct {
		want string
		rule rules.Rule
		v    float64
		open bool
	}{
		{"ip-1 memory 94% (60.2 / 64 GiB), 02:10부터 90% 초과", above, 0.94, false},
		{"ip-1 memory 94% (60.2 / 64 GiB), 6시간 50분 이상 90% 초과 지속", above, 0.94, true},
		{"ip-1 memory 80% (51.2 / 64 GiB), 02:10부터 90% 미만", below, 0.8, false},
		{"ip-1 memory 80% (51.2 / 64 GiB), 6시간 50분 이상 90% 미만 지속", below, 0.8, true},
	} {
		streak := &rules.Streak{From: slot.Add(-6*time.Hour - 50*time.Minute), To: slot, Open: c.open, Peak: c.v, Limit: 0.9}
		r := told(t, words.Korean, c.rule, rules.Finding{Status: rules.Breach, Severity: rules.Critical, Value: c.v, Limit: 0.9, Streak: streak})
		if r.Headline != c.want {
			t.Errorf("got  %s\nwant %s", r.Headline, c.want)
		}
	}
	if r := Build(Info{Language: words.Korean}, nil); r.Headline != "수행된 점검이 없습니다." {
		t.Errorf("without panels: %s", r.Headline)
	}
}
