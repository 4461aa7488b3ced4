package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// slot is a Sunday, nine in the morning in Seoul.
var slot = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// TestMachineSaysOnlyWhatIsKnown checks that each fact can be missing.
func TestMachineSaysOnlyWhatIsKnown(t *testing.T) {
	for want, n := range map[string]snapshot.Node{
		"":                     {},
		"m5.large":             {InstanceType: "m5.large"},
		"us-central1-a":        {Zone: "us-central1-a"},
		"zone":                 {Zone: "zone"},
		"pool spark · v1.36.3": {Pool: "spark", Kubelet: "v1.36.3"},
		"NotReady · cordoned · 3 h": {
			Conditions: []string{"NotReady"}, Cordoned: true,
			Created: slot.Add(-3*time.Hour - time.Minute),
		},
		"m5.large · v1 gpj.exe <b>": {
			InstanceType: "m5.\u202elarge\x00", Kubelet: "v1\ngpj.exe\u2028<b>",
		},
		"KernelDeadlock · NotKernelReady": {
			Conditions: []string{"KernelDeadlock", "NotKernelReady"},
		},
	} {
		n.Known = true
		m := wordingIn(words.English).machine(&n, slot)
		if got := m.Line(); got != want {
			t.Errorf("%+v: %q, want %q", n, got, want)
		}
	}
}

func TestNodeAge(t *testing.T) {
	for _, c := range []struct {
		age             time.Duration
		english, korean string
	}{
		{0, "0 s", "0초"},
		{17*time.Minute + 40*time.Second, "17 min", "17분"},
		{119 * time.Minute, "1 h 59 min", "1시간 59분"},
		{5*time.Hour + 59*time.Minute, "5 h", "5시간"},
		{47*time.Hour + 59*time.Minute, "47 h", "47시간"},
		{34*24*time.Hour + 23*time.Hour, "34 d", "34일"},
		{800 * 24 * time.Hour, "800 d", "800일"},
		{-time.Second, "", ""}, // a slot before the node was created
	} {
		for l, want := range map[words.Language]string{
			words.English: c.english, words.Korean: c.korean,
		} {
			if got := wordingIn(l).nodeAge(slot.Add(-c.age), slot); got != want {
				t.Errorf("%s in %s: %q, want %q", c.age, l, got, want)
			}
		}
	}
	if got := wordingIn(words.English).nodeAge(time.Time{}, slot); got != "" {
		t.Errorf("age of a node whose start is unknown: got %q, want none", got)
	}
}

func TestNodesSummary(t *testing.T) {
	versions := func(of ...string) (nodes []snapshot.Node) {
		for _, v := range of {
			nodes = append(nodes, snapshot.Node{Known: true, Kubelet: v})
		}
		return nodes
	}
	var ill []snapshot.Node
	for i := range 9 {
		ill = append(ill, snapshot.Node{Known: true, Conditions: []string{fmt.Sprint("Ill", i)}})
	}
	for want, nodes := range map[string][]snapshot.Node{
		"": nil,
		"1 NotReady": {
			{Known: true, Conditions: []string{"NotReady"}}, {Known: true}, {},
		},
		"2 NotReady, 1 cordoned": {
			{Known: true, Conditions: []string{"NotReady"}, Cordoned: true}, {
				Known: true, Conditions: []string{"NotReady"},
			},
		},
		"kubelet v1.35.2 on 1 of 3 nodes": versions("v1.36.3", "v1.35.2",
			"v1.36.3", ""),
		// the newer version is the expected one
		"kubelet v1.35.2 on 1 of 2 nodes": versions("v1.35.2", "v1.36.3"),
		"kubelet v5 on 1 of 7 nodes, kubelet v4 on 1 of 7 nodes, and 3 more": versions("v1", "v2",
			"v3", "v4",
			"v5", "v6", "v6"),
		"1 Ill8, 1 Ill7, 1 Ill6, 1 Ill5, and 5 more": ill,
	} {
		r := Build(Info{Slot: slot, Nodes: nodes}, nil)
		if got := r.nodesSummary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
