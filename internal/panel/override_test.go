package panel

import (
	"testing"

	"github.com/promsnap/promsnap/internal/series"
)

func TestOverridesMatch(t *testing.T) {
	ls := series.FromPairs("node", "n1", "pod", "kafka-1")
	for _, tc := range []struct {
		match []Matcher
		want  bool
	}{
		{nil, true},
		{[]Matcher{{"node", "=", "n1"}}, true},
		{[]Matcher{{"node", "!=", "n1"}}, false},
		{[]Matcher{{"pod", "=~", "kafka-.*"}}, true},
		{[]Matcher{{"pod", "=~", "kafka"}}, false}, // regular expressions are anchored
		{[]Matcher{{"pod", "!~", "kafka-.*"}}, false},
		{[]Matcher{{"zone", "=", ""}}, true},
		{[]Matcher{{"node", "=", "n1"}, {"pod", "=", "api"}}, false},
	} {
		matches, err := Override{Match: tc.match}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := matches(ls); got != tc.want {
			t.Errorf("%v of %v: got %t, want %t", tc.match, ls, got, tc.want)
		}
	}
	for _, m := range []Matcher{{"node", "~", "n1"}, {"node", "=~", "("}} {
		if _, err := (Override{Match: []Matcher{m}}).Compile(); err == nil {
			t.Errorf("%v: got no error, want one", m)
		}
	}
}
