package chart

import (
	"errors"
	"html"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

var (
	written = regexp.MustCompile(`>([^<]+)<|aria-label="([^"]*)"`)
	latin   = regexp.MustCompile(`[A-Za-z]{2,}`)
	// symbols are what Korean engineers write in Latin letters.
	symbols = regexp.MustCompile(
		`Prometheus|kubelet_\w+|CPU|KST|LMT|p\d\d?|\d ?([KMGTPE]i?)?B(/s)?|\d ?[KMGTPEµmn]?s`)
)

// nameless removes every word from outside from a panel.
func nameless(p *snapshot.Panel) *snapshot.Panel {
	p.Spec.Name, p.Spec.Title, p.Spec.Hint = "", "제목", ""
	for i := range p.Rows {
		p.Rows[i].Name = strconv.Itoa(i)
	}
	for i := range p.Lines {
		p.Lines[i].Name = strconv.Itoa(i)
	}
	for i := range p.Findings {
		p.Findings[i].Name = strconv.Itoa(i)
	}
	for i := range p.References {
		p.References[i].Name = strconv.Itoa(i)
	}
	if p.Failure != nil {
		p.Failure = snapshot.FailureOf(errors.New("…"))
	}
	return p
}

// TestKoreanChartsHaveNoEnglish reads every kind of chart with every kind of word, and the pictures
// without data.
func TestKoreanChartsHaveNoEnglish(t *testing.T) {
	panels := map[string]*snapshot.Panel{
		"korean": korean(), "below": scrapeHealth(), "quiet": quiet(), "fleet": fleetCPU(60, 61),
	}
	odd := oddPanels()
	for _, name := range []string{
		"zero panel", "failed", "absent", "empty and good", "no samples", "all NaN", "some Inf",
		"one sample", "no time",
	} {
		panels[name] = odd[name]
	}
	read := 0
	for name, p := range panels {
		if p == nil {
			t.Fatalf("the test's panels have no %q, want it", name)
		}
		p = nameless(p)
		for _, kind := range panel.Kinds() {
			p.Spec.Kind = kind
			for _, phone := range []bool{false, true} {
				doc, err := SVG(p, Options{Phone: phone, Zone: seoul(), Language: words.Korean})
				if err != nil {
					t.Fatalf("%s: %v, want no error", name, err)
				}
				for _, m := range written.FindAllStringSubmatch(string(doc), -1) {
					read++
					if left := latin.FindAllString(
						symbols.ReplaceAllString(html.UnescapeString(m[1]+m[2]), ""),
						-1); left != nil {
						t.Errorf("%s, kind %v, phone %v: %q in %q, want Korean", name, kind, phone,
							left,
							m[1]+m[2])
					}
				}
			}
		}
	}
	if read < 700 {
		t.Errorf("%d texts were read, want 700 or more", read)
	}
}

// TestBreachOfNothing checks that more than zero is shown without the limit and less than zero with
// it.
func TestBreachOfNothing(t *testing.T) {
	for _, c := range []struct {
		direction    rules.Direction
		value, limit float64
		want         string
	}{
		{rules.Above, 2, 0, "2"},
		{rules.Above, 2, 1, "2 > 1"},
		{rules.Below, -2, 0, "−2 < 0"},
	} {
		p := &snapshot.Panel{
			Spec: panel.Spec{
				Queries: []panel.Query{{Unit: units.Short}}, Rules: []rules.Rule{
					{Name: "r", Direction: c.direction, For: time.Minute},
				},
			},
		}
		f := &snapshot.Finding{Finding: rules.Finding{Rule: "r", Value: c.value, Limit: c.limit}}
		if got := (Options{}).speech().breach(p, f); got != c.want {
			t.Errorf("%v beyond %v: %q, want %q", c.value, c.limit, got, c.want)
		}
	}
}

func TestFindingSaysHowLong(t *testing.T) {
	for _, c := range []struct {
		name string
		open bool
		in   words.Language
		want string
	}{
		{"a breach that began in the window", false, words.English, " 92.9 % > 90 % since 07:30"},
		{
			"one that was there when the window began", true, words.English,
			" 92.9 % > 90 % for at least 1 h 30 min",
		},
		{"in Korean", true, words.Korean, " 92.9% > 90%, 1시간 30분 이상 지속"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := nodeMemory(721, 2*time.Minute)
			f := p.Findings[0]
			f.Streak.Open = c.open
			p.Findings = p.Findings[:1]
			if _, got := (Options{Zone: seoul(), Language: c.in}).speech().finding(p,
				&f); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Findings are named together only if their limits are equal. If one of them may have begun before
// the window, they do not say since when.
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*snapshot.Finding) // of the second finding
		want   string
	}{
		{"the same limit", func(*snapshot.Finding) {}, "critical: 2 nodes > 90 % since 07:30"},
		{
			"the newer one began before the window",
			func(f *snapshot.Finding) { f.Streak.Open = true },
			"critical: 2 nodes > 90 % for at least 1 h 30 min",
		},
		{"another limit", func(f *snapshot.Finding) { f.Limit = 0.95 }, ""},
		{"another query", func(f *snapshot.Finding) { f.Ref = "B" }, ""},
	} {
		p := nodeMemory(721, 2*time.Minute)
		breach(p, 1, rules.Critical, 0.9, slotTime.Add(-80*time.Minute))
		if len(p.Findings) != 2 {
			t.Fatalf("got %d findings, want 2", len(p.Findings))
		}
		c.change(&p.Findings[1])
		s := Options{Zone: seoul(), Phone: true}.speech()
		if name, rest, _ := s.alike(p, &p.Findings[0]); name+rest != c.want {
			t.Errorf("%s: got %q, want %q", c.name, name+rest, c.want)
		}
	}
}

func TestDistinct(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{
			[]string{"ip-10-0-1-12 /dev/nvme0n1p1", "ip-10-0-2-12 /dev/nvme0n1p1"}, []string{
				"ip-10-0-1-12", "ip-10-0-2-12",
			},
		},
		{
			[]string{"ip-10-0-1-12 /dev/a", "ip-10-0-2-12 /dev/b"}, []string{
				"ip-10-0-1-12 /dev/a", "ip-10-0-2-12 /dev/b",
			},
		},
		{
			[]string{"shop/checkout-a/app", "shop/checkout-b/app"}, []string{
				"checkout-a", "checkout-b",
			},
		},
		{[]string{"서울 노드", "서울 나드"}, []string{"노드", "나드"}},
		{[]string{"n /dev/a", "n /dev/a"}, []string{"n /dev/a", "n /dev/a"}},
		{[]string{"a/x", "x"}, []string{"a/x", "x"}},
		{[]string{"a /x"}, []string{"a /x"}},
		{nil, nil},
	} {
		if got := distinct(c.names); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
}
