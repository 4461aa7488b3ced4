package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// A silence that continues another one makes it longer.
func TestAddSilence(t *testing.T) {
	hour := func(n int) time.Time { return slot.Add(time.Duration(n) * time.Hour) }
	a := Silence{ID: "a", Match: `node="x", severity=critical`, From: hour(0), Until: hour(2)}
	describe := func(all []Silence) string {
		var out []string
		for _, s := range all {
			out = append(out, s.ID+" "+s.From.Sub(slot).String()+"–"+s.Until.Sub(slot).String()+" "+
				s.Comment)
		}
		return strings.TrimSpace(strings.Join(out, ", "))
	}
	for name, c := range map[string]struct {
		have    []Silence
		add     Silence
		id      string
		changed bool
		want    string
	}{
		"the first": {nil, a, "a", true, "a 0s–2h0m0s"},
		"again": {
			[]Silence{a}, Silence{ID: "b", Match: `{node="x",severity="critical"}`, From: hour(1),
				Until: hour(2)}, "a", false, "a 0s–2h0m0s",
		},
		"longer": {
			[]Silence{a}, Silence{ID: "b", Match: a.Match, From: hour(1), Until: hour(5)}, "a", true,
			"a 0s–5h0m0s",
		},
		"earlier, with a comment": {
			[]Silence{a}, Silence{ID: "b", Match: a.Match, From: hour(-1), Until: hour(0),
				Comment: "c"}, "a", true, "a -1h0m0s–2h0m0s c",
		},
		"later": {
			[]Silence{a}, Silence{ID: "b", Match: a.Match, From: hour(3), Until: hour(4)}, "b", true,
			"a 0s–2h0m0s , b 3h0m0s–4h0m0s",
		},
		"between two": {
			[]Silence{a, {ID: "c", Match: a.Match, From: hour(3), Until: hour(4)}},
			Silence{ID: "b", Match: a.Match, From: hour(2), Until: hour(3)}, "a", true,
			"a 0s–4h0m0s",
		},
		"other matchers": {
			[]Silence{a}, Silence{ID: "b", Match: `node="y"`, From: hour(0), Until: hour(1)}, "b",
			true, "a 0s–2h0m0s , b 0s–1h0m0s",
		},
	} {
		p := Page{Silences: c.have}
		before := describe(c.have)
		kept, changed, err := p.AddSilence(c.add)
		if got := describe(p.Silences); err != nil || kept.ID != c.id || changed != c.changed ||
			got != c.want {
			t.Errorf("%s: got %s, kept %s, changed %v, error %v; want %s, %s, %v", name, got,
				kept.ID, changed, err, c.want, c.id, c.changed)
		}
		if after := describe(c.have); after != before {
			t.Errorf("%s: got changed silences %s, want %s", name, after, before)
		}
	}
	full := Page{Silences: make([]Silence, MaxSilences)}
	if _, _, err := full.AddSilence(a); err == nil {
		t.Error("got no error for a full page, want one")
	}
}

func TestMatchingAlerts(t *testing.T) {
	m := pageOf(firing("a", rules.Warning, 20), firing("b", rules.Critical, 20),
		ended("c", rules.Critical, 60, 20)).Memory
	for match, want := range map[string]string{
		`alertname="NodeMemoryHigh"`: "b a", `node="a"`: "a", `node="c"`: "", `pool="b"`: "b",
		`node=~"("`: "", `node!="a"`: "",
	} {
		var names []string
		for _, a := range (Silence{Match: match}).Matching(m) {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got %q, want %q", match, got, want)
		}
	}
}
