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

// How many kinds of trouble and how many kubelet versions the line above the nodes' table lists.
const (
	saidTroubles = 5
	saidKubelets = 3
)

// notReady is kubectl's name for a node whose condition Ready is not true.
const notReady = "NotReady"

// Machine is what the Kubernetes API reports about a node. The zero value means that the API was
// not asked.
type Machine struct {
	Badges     []Badge
	Facts      []Fact
	Taints     []string
	TaintCount string // "2 taints"

	trouble int // the larger, the worse
}

// Badge is a problem of a node, or a reason that keeps pods away from it.
type Badge struct {
	Class, Word string
	Title       string // kubectl's name for it, if it differs from ours
}

// Fact is one property of a node. Region is the start of Text, which is left out where space is
// short.
type Fact struct{ Region, Text string }

// machine returns what is known about a node at the slot, so that a report made again shows the
// same age.
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
		m.TaintCount = w.Taints.Of(len(m.Taints))
	}
	return m
}

// trouble orders nodes by what the Kubernetes API reports: the larger, the worse.
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

// Line returns the badges and the facts as one line: "NotReady · m5.2xlarge · ap-northeast-2a", or
// "" if nothing is known.
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

// nodeAge returns the age of a node at the slot, in whole days from the second day on. It returns
// "" for a node created after the slot.
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

// nodesSummary counts the notable states of the nodes in the Kubernetes API, and the kubelets whose
// version differs from most: "2 cordoned, 1 NotReady; kubelet v1.35.2 on 3 of 42 nodes". It returns
// "" if there are none.
func (r *Report) nodesSummary() string {
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

// mostFirst returns the keys, the highest count first. Of versions with equal counts, the newer one
// comes first.
func mostFirst(count map[string]int) []string {
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(b, a))
	})
}

// KnownNodes returns the nodes in the Kubernetes API, those with trouble first, then by name.
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
