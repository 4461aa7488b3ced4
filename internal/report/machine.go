package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// How many kinds of trouble, and how many versions of the kubelet, the line above the nodes' table
// counts.
const (
	saidTroubles = 5
	saidKubelets = 3
)

// notReady is what kubectl calls a node whose condition Ready is not true.
const notReady = "NotReady"

// Machine is what the Kubernetes API knows of a node. The zero value is of a node that the API was
// not asked about.
type Machine struct {
	Badges     []Badge
	Facts      []Fact
	Taints     []string
	TaintsSaid string // how many

	trouble int // the more, the worse
}

// Badge is what ails a node, or keeps Pods away from it.
type Badge struct {
	Class, Word string
	Title       string // kubectl's word for it, where ours is another
}

// Fact is one word on what a node is. Region is its beginning, which is left out where there is
// little room.
type Fact struct{ Region, Text string }

// machine says what is known of a node at the slot: a report that is made again says the same age.
func (w wording) machine(n *snapshot.Node, slot time.Time) Machine {
	m := Machine{trouble: trouble(n)}
	for _, c := range n.Conditions {
		class := "warning"
		if c == notReady {
			class = "critical"
		}
		m.Badges = append(m.Badges, Badge{class, printable(c), ""})
	}
	if n.Cordoned {
		m.Badges = append(m.Badges, Badge{"cordoned", w.Cordoned, "SchedulingDisabled"})
	}
	local := strings.LastIndexByte(n.Zone, '-') + 1
	for _, f := range []Fact{
		{"", n.InstanceType}, {n.Zone[:local], n.Zone[local:]}, {"", w.pool(n.Pool)},
		{"", n.Kubelet}, {"", w.nodeAge(n.Created, slot)},
	} {
		f.Region, f.Text = printable(f.Region), printable(f.Text)
		if f.Region+f.Text != "" {
			m.Facts = append(m.Facts, f)
		}
	}
	for _, t := range n.Taints {
		m.Taints = append(m.Taints, printable(t))
	}
	if len(m.Taints) > 0 {
		m.TaintsSaid = w.Taints.Of(len(m.Taints))
	}
	return m
}

// trouble orders nodes by what the Kubernetes API says of them: the larger, the worse.
func trouble(n *snapshot.Node) int {
	switch {
	case slices.Contains(n.Conditions, notReady):
		return 3
	case len(n.Conditions) > 0:
		return 2
	case n.Cordoned:
		return 1
	}
	return 0
}

// Line is the badges and the facts in one line: "NotReady · m5.2xlarge · ap-northeast-2a". "" where
// nothing is known.
func (m Machine) Line() string {
	var parts []string
	for _, b := range m.Badges {
		parts = append(parts, b.Word)
	}
	for _, f := range m.Facts {
		parts = append(parts, f.Region+f.Text)
	}
	return strings.Join(parts, " · ")
}

func (w wording) pool(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(w.Pool, name)
}

// nodeAge is how long ago a node was made, in whole days after the second; "" of one that the slot
// does not know yet.
func (w wording) nodeAge(created, slot time.Time) string {
	age := slot.Sub(created)
	switch {
	case created.IsZero() || age < 0:
		return ""
	case age > 48*time.Hour:
		age = age.Truncate(24 * time.Hour)
	case age > 2*time.Hour:
		age = age.Truncate(time.Hour)
	default:
		age = age.Truncate(time.Minute)
	}
	return w.duration(age)
}

// nodesSaid counts what matters of the nodes by the Kubernetes API, and the kubelets of another
// version than most: "2 cordoned, 1 NotReady; kubelet v1.35.2 on 3 of 42". "" where nothing does.
func (r *Report) nodesSaid() string {
	w := r.words
	troubles, kubelets, versioned := map[string]int{}, map[string]int{}, 0
	for i := range r.Info.Nodes {
		n := &r.Info.Nodes[i]
		for _, c := range n.Conditions {
			troubles[printable(c)]++
		}
		if n.Cordoned {
			troubles[w.Cordoned]++
		}
		if n.Kubelet != "" {
			kubelets[printable(n.Kubelet)]++
			versioned++
		}
	}
	var counted, other []string
	for _, t := range mostFirst(troubles) {
		counted = append(counted, fmt.Sprintf(w.Count, words.Thousands(troubles[t]), t))
	}
	for i, v := range mostFirst(kubelets) {
		if i > 0 {
			other = append(other, fmt.Sprintf(w.KubeletOn, v, words.Thousands(kubelets[v]),
				words.Thousands(versioned)))
		}
	}
	var said []string
	for _, list := range [][]string{
		w.AtMost(counted, saidTroubles), w.AtMost(other, saidKubelets),
	} {
		if len(list) > 0 {
			said = append(said, strings.Join(list, ", "))
		}
	}
	return strings.Join(said, "; ")
}

// mostFirst returns what was counted, the most first; of versions that are equally many the newer
// one.
func mostFirst(count map[string]int) []string {
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(b, a))
	})
}

// KnownNodes returns the nodes that the Kubernetes API knows, those with trouble first, then by
// name.
func (r *Report) KnownNodes() []*snapshot.Node {
	nodes := make([]*snapshot.Node, 0, len(r.Info.Nodes))
	for i := range r.Info.Nodes {
		if n := &r.Info.Nodes[i]; n.Known {
			nodes = append(nodes, n)
		}
	}
	slices.SortStableFunc(nodes, func(a, b *snapshot.Node) int {
		return cmp.Or(cmp.Compare(trouble(b), trouble(a)), strings.Compare(a.Name, b.Name))
	})
	return nodes
}
