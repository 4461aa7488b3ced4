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

// How many kinds of trouble, and how many versions of the kubelet, the line above the nodes' table counts.
const (
	saidTroubles = 5
	saidKubelets = 3
)

// notReady is what kubectl calls a node whose condition Ready is not true.
const notReady = "NotReady"

// machine is what the Kubernetes API knows of a node, as the page shows it. The zero value is of a node that the API was not asked about.
type machine struct {
	Badges     []badge
	Facts      []fact
	Taints     []string
	TaintsSaid string // how many
	TaintsID   string // of their list in the page

	trouble int // the more, the worse
}

// badge is what ails a node, or keeps Pods away from it.
type badge struct {
	Class, Word string
	Title       string // kubectl's word for it, where ours is another
}

// fact is one word on what a node is. Region is its beginning, which is left out where there is little room.
type fact struct{ Region, Text string }

// machine says what is known of a node at the slot: a report that is made again says the same age.
func (w wording) machine(n *snapshot.Node, slot time.Time) machine {
	m := machine{trouble: trouble(n)}
	for _, c := range n.Conditions {
		class := "warning"
		if c == notReady {
			class = "critical"
		}
		m.Badges = append(m.Badges, badge{class, printable(c), ""})
	}
	if n.Cordoned {
		m.Badges = append(m.Badges, badge{"cordoned", w.Cordoned, "SchedulingDisabled"})
	}
	local := strings.LastIndexByte(n.Zone, '-') + 1
	for _, f := range []fact{
		{"", n.InstanceType}, {n.Zone[:local], n.Zone[local:]}, {"", w.pool(n.Pool)}, {"", n.Kubelet}, {"", w.nodeAge(n.Created, slot)},
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
		m.TaintsSaid, m.TaintsID = w.Taints.Of(len(m.Taints)), "taints-"+Slug(n.Name)
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

// Line is the badges and the facts in one line: "NotReady · m5.2xlarge · ap-northeast-2a". "" where nothing is known.
func (m machine) Line() string {
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

// nodeAge is how long ago a node was made, in whole days after the second; "" of one that the slot does not know yet.
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

// nodesSaid counts what matters of the nodes by the Kubernetes API, and the kubelets of another version than most:
// "2 cordoned, 1 NotReady; kubelet v1.35.2 on 3 of 42". "" where nothing does.
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
			other = append(other, fmt.Sprintf(w.KubeletOn, v, words.Thousands(kubelets[v]), words.Thousands(versioned)))
		}
	}
	var said []string
	for _, list := range [][]string{w.atMost(counted, saidTroubles), w.atMost(other, saidKubelets)} {
		if len(list) > 0 {
			said = append(said, strings.Join(list, ", "))
		}
	}
	return strings.Join(said, "; ")
}

// mostFirst returns what was counted, the most first; of versions that are equally many the newer one.
func mostFirst(count map[string]int) []string {
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), strings.Compare(b, a))
	})
}

// DocNode is what the Kubernetes API knows of a node; what it does not know is absent.
type DocNode struct {
	Name         string       `json:"name"`
	InternalIP   string       `json:"internal_ip,omitempty"`
	InstanceType string       `json:"instance_type,omitempty"`
	Zone         string       `json:"zone,omitempty"`
	Pool         string       `json:"pool,omitempty"`
	Kubelet      string       `json:"kubelet_version,omitempty"`
	Created      *time.Time   `json:"created,omitempty"`
	Age          float64      `json:"age_seconds,omitempty" jsonschema:"minimum=0"`
	Cordoned     bool         `json:"cordoned"`
	Conditions   []string     `json:"conditions"`
	Taints       []string     `json:"taints"`
	Capacity     DocResources `json:"capacity"`
	Allocatable  DocResources `json:"allocatable"`
}

// DocResources are how much a node has: cores, bytes, bytes and Pods.
type DocResources struct {
	CPU     float64 `json:"cpu,omitempty" jsonschema:"minimum=0"`
	Memory  float64 `json:"memory,omitempty" jsonschema:"minimum=0"`
	Storage float64 `json:"ephemeral_storage,omitempty" jsonschema:"minimum=0"`
	Pods    float64 `json:"pods,omitempty" jsonschema:"minimum=0"`
}

// docMachines returns the nodes that the Kubernetes API knows, those with trouble first, then by name, and how many are left off.
func docMachines(nodes []snapshot.Node, slot time.Time) (listed []DocNode, truncated int) {
	known := make([]*snapshot.Node, 0, len(nodes))
	for i := range nodes {
		if nodes[i].Known {
			known = append(known, &nodes[i])
		}
	}
	slices.SortStableFunc(known, func(a, b *snapshot.Node) int {
		return cmp.Or(cmp.Compare(trouble(b), trouble(a)), strings.Compare(a.Name, b.Name))
	})
	truncated = max(0, len(known)-documentRows)
	for _, n := range known[:len(known)-truncated] {
		d := DocNode{
			Name: n.Name, InternalIP: n.InternalIP, InstanceType: n.InstanceType, Zone: n.Zone, Pool: n.Pool, Kubelet: n.Kubelet,
			Cordoned: n.Cordoned, Conditions: list(n.Conditions), Taints: list(n.Taints),
			Capacity: DocResources(n.Capacity), Allocatable: DocResources(n.Allocatable),
		}
		if !n.Created.IsZero() {
			d.Created, d.Age = new(n.Created.UTC()), max(0, slot.Sub(n.Created).Seconds())
		}
		listed = append(listed, d)
	}
	return listed, truncated
}
