package rules_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/rules"
)

// The matchers for some alerts match them and no others, also after they were written and read.
func TestMatchersFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]string{"", "a", "b", "a.b", "a|b", `"`, `\`, "ä\n"})
		name := rapid.SampledFrom([]string{"node", "instance", "namespace", "workload", "a.b"})
		pairs := rapid.MapOfN(name, value, 0, 3)
		known := map[string]bool{}
		var these, others []rules.Alert
		for range rapid.IntRange(1, 12).Draw(t, "alerts") {
			identity := pairs.Draw(t, "identity")
			a := rules.Alert{
				Panel: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "panel"),
				Rule:  rapid.SampledFrom([]string{"R", "S"}).Draw(t, "rule"), Identity: identity,
				Labels: pairs.Draw(t, "labels"),
			}
			if id := fmt.Sprint(a.Panel, a.Rule, a.Identity); known[id] {
				continue
			} else {
				known[id] = true
			}
			if len(these) == 0 || rapid.Bool().Draw(t, "this") {
				these = append(these, a)
			} else {
				others = append(others, a)
			}
		}
		ms := rules.MatchersFor(these, others)
		if ms == nil {
			return
		}
		back, err := rules.ParseMatchers(ms.String())
		if err != nil {
			t.Fatalf("got %v for %s", err, ms)
		}
		for _, a := range these {
			if !back.Match(a.Label) {
				t.Errorf("%s: got no match of %+v, want one", ms, a)
			}
		}
		for _, a := range others {
			if back.Match(a.Label) {
				t.Errorf("%s: got a match of %+v, want none", ms, a)
			}
		}
	})
}

// One alert of a rule always has matchers.
func TestMatchersForOne(t *testing.T) {
	a := rules.Alert{Rule: "R", Panel: "p", Identity: map[string]string{"instance": "10.0.0.1:9100"},
		Labels: map[string]string{"node": "n"}}
	b := a
	b.Identity = map[string]string{"instance": "10.0.0.2:9100"}
	b.Labels = map[string]string{"node": "m"}
	for want, others := range map[string][]rules.Alert{
		`alertname="R", node="n"`: {b},
		`alertname="R", instance="10.0.0.1:9100"`: {b, {
			Rule: "R", Panel: "p", Identity: map[string]string{"instance": "10.0.0.3:9100"},
			Labels: map[string]string{"node": "n"},
		}},
	} {
		if got := rules.MatchersFor([]rules.Alert{a}, others).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got, want := rules.MatchersFor([]rules.Alert{a, b}, nil).String(),
		`alertname="R", node=~"m|n"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
