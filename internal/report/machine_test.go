package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// machines are nodes as the Kubernetes API tells of them: of three pools and zones, three behind with their kubelet, some in trouble.
func machines(nodes []snapshot.Node) []snapshot.Node {
	out := slices.Clone(nodes)
	for i := range out {
		n := &out[i]
		n.Known, n.Kubelet, n.Created = true, "v1.36.3", slot.Add(-time.Duration(34*24+i*7)*time.Hour-17*time.Minute)
		n.InstanceType, n.Pool = []string{"m5.2xlarge", "r6i.4xlarge", "c7g.xlarge"}[i%3], []string{"general", "spark", "kafka"}[i%3]
		n.Zone = "ap-northeast-2" + string("abc"[i%3])
		n.Capacity = snapshot.Resources{CPU: 8, Memory: 32 << 30, Storage: 80 << 30, Pods: 58}
		n.Allocatable = snapshot.Resources{CPU: 7.91, Memory: 31 << 30, Pods: 58}
		if i%3 == 2 {
			n.Taints = []string{"dedicated=kafka:NoSchedule"}
		}
		switch i {
		case 2:
			n.Conditions = []string{"MemoryPressure"}
		case 4, 20:
			n.Cordoned, n.Taints = true, append(n.Taints, "node.kubernetes.io/unschedulable:NoSchedule")
			n.Kubelet = "v1.35.2"
		case 11:
			n.Conditions, n.Kubelet = []string{"NotReady"}, "v1.35.2"
			n.Taints = append(n.Taints, "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute")
		}
	}
	return out
}

// withMachines is the daily report of a promsnap that may ask the Kubernetes API.
func withMachines(t testing.TB) *Report {
	t.Helper()
	a, nodes := fleetOf(42)
	return Build(info(t, machines(nodes)), take(a, specs()))
}

func TestNodeTableWithMachines(t *testing.T) {
	root := pageOf(t, withMachines(t))
	if got, want := text(classed(root, "said")[0]), "2 cordoned, 1 NotReady, 1 MemoryPressure; kubelet v1.35.2 on 3 of 42"; got != want {
		t.Errorf("above the table %q, want %q", got, want)
	}
	section := classed(root, "nodes")[0]
	var got []string
	for _, row := range all(all(section, "table")[0], "tr")[1:] {
		got = append(got, text(all(row, "th")[0]))
	}
	want := []string{
		"ip-10-0-1-12 critical MemoryPressure c7g.xlarge · ap-northeast-2c · pool kafka · v1.36.3 · 34 d1 taintdedicated=kafka:NoSchedule",
		"ip-10-0-1-17 warning r6i.4xlarge · ap-northeast-2b · pool spark · v1.36.3 · 36 d",
		"ip-10-0-1-19 warning m5.2xlarge · ap-northeast-2a · pool general · v1.36.3 · 36 d",
		"ip-10-0-1-21 no data NotReady c7g.xlarge · ap-northeast-2c · pool kafka · v1.35.2 · 37 d" +
			"3 taintsdedicated=kafka:NoSchedulenode.kubernetes.io/unreachable:NoSchedulenode.kubernetes.io/unreachable:NoExecute",
		"ip-10-0-1-27 not measured c7g.xlarge · ap-northeast-2c · pool kafka · v1.36.3 · 38 d1 taintdedicated=kafka:NoSchedule",
		"ip-10-0-2-27 not measured r6i.4xlarge · ap-northeast-2b · pool spark · v1.36.3 · 44 d",
		"ip-10-0-1-14 OK cordoned r6i.4xlarge · ap-northeast-2b · pool spark · v1.35.2 · 35 d1 taintnode.kubernetes.io/unschedulable:NoSchedule",
		"ip-10-0-2-10 OK cordoned c7g.xlarge · ap-northeast-2c · pool kafka · v1.35.2 · 39 d" +
			"2 taintsdedicated=kafka:NoSchedulenode.kubernetes.io/unschedulable:NoSchedule",
	}
	if !slices.Equal(got, want) {
		t.Errorf("nodes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	cell := classed(root, "cells")[0].FirstChild.NextSibling.FirstChild
	if title := attribute(cell, "title"); !strings.HasSuffix(title, "· MemoryPressure · c7g.xlarge · ap-northeast-2c · pool kafka · v1.36.3 · 34 d") {
		t.Errorf("the first cell says %q", title)
	}
	if title := attribute(classed(section, "cordoned")[0], "title"); title != "SchedulingDisabled" {
		t.Errorf("kubectl's word for cordoned is %q", title)
	}
}

func TestNodeTableWithoutMachines(t *testing.T) {
	root := pageOf(t, daily(t))
	for _, class := range []string{"badge", "machine", "facts", "taints", "said"} {
		if n := len(classed(classed(root, "nodes")[0], class)); n > 0 {
			t.Errorf("%d × %s, and nobody asked the Kubernetes API", n, class)
		}
	}
	if d := daily(t).Document(); d.Nodes.Known != nil {
		t.Errorf("report.json knows %v", d.Nodes.Known)
	}
}

// TestMachineSaysOnlyWhatIsKnown: each fact can be missing.
func TestMachineSaysOnlyWhatIsKnown(t *testing.T) {
	for want, n := range map[string]snapshot.Node{
		"":                                {},
		"m5.large":                        {InstanceType: "m5.large"},
		"us-central1-a":                   {Zone: "us-central1-a"},
		"zone":                            {Zone: "zone"},
		"pool spark · v1.36.3":            {Pool: "spark", Kubelet: "v1.36.3"},
		"NotReady · cordoned · 3 h":       {Conditions: []string{"NotReady"}, Cordoned: true, Created: slot.Add(-3*time.Hour - time.Minute)},
		"m5.large · v1 gpj.exe <b>":       {InstanceType: "m5.\u202elarge\x00", Kubelet: "v1\ngpj.exe\u2028 <b>"},
		"KernelDeadlock · NotKernelReady": {Conditions: []string{"KernelDeadlock", "NotKernelReady"}},
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
		{-time.Second, "", ""}, // a slot before it was made
	} {
		for l, want := range map[words.Language]string{words.English: c.english, words.Korean: c.korean} {
			if got := wordingIn(l).nodeAge(slot.Add(-c.age), slot); got != want {
				t.Errorf("%s in %s: %q, want %q", c.age, l, got, want)
			}
		}
	}
	if got := wordingIn(words.English).nodeAge(time.Time{}, slot); got != "" {
		t.Errorf("an age of a node that nobody knows the birth of: %q", got)
	}
}

func TestNodesSaid(t *testing.T) {
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
		"":                          nil,
		"1 NotReady":                {{Known: true, Conditions: []string{"NotReady"}}, {Known: true}, {}},
		"2 NotReady, 1 cordoned":    {{Known: true, Conditions: []string{"NotReady"}, Cordoned: true}, {Known: true, Conditions: []string{"NotReady"}}},
		"kubelet v1.35.2 on 1 of 3": versions("v1.36.3", "v1.35.2", "v1.36.3", ""),
		"kubelet v1.35.2 on 1 of 2": versions("v1.35.2", "v1.36.3"), // the newer one is as it should be
		"kubelet v5 on 1 of 7, kubelet v4 on 1 of 7, and 3 more": versions("v1", "v2", "v3", "v4", "v5", "v6", "v6"),
		"1 Ill8, 1 Ill7, 1 Ill6, 1 Ill5, and 5 more":             ill,
	} {
		r := Build(info(t, nodes), nil)
		if got := r.nodesSaid(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNodesThatNobodyMeasures: what the Kubernetes API knows is shown also where no panel has a figure of a node.
func TestNodesThatNobodyMeasures(t *testing.T) {
	_, nodes := fleetOf(3)
	root := pageOf(t, Build(info(t, machines(nodes)), nil))
	if tables := classed(root, "nodes"); len(tables) != 1 || len(all(tables[0], "tr")) != 4 || len(all(tables[0], "td")) != 0 {
		t.Error("no table of three nodes without figures")
	}
	if root := pageOf(t, Build(info(t, nodes), nil)); len(classed(root, "nodes")) != 0 {
		t.Error("a table of nothing but names")
	}
}

func TestMachinesInTheDocument(t *testing.T) {
	_, nodes := fleetOf(3)
	nodes = append(machines(nodes), snapshot.Node{Name: "unknown"}, snapshot.Node{Name: "young", Known: true, Created: slot.Add(time.Hour)})
	body, err := json.MarshalIndent(Build(info(t, nodes), nil).Document().Nodes, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/nodes.json", append(body, '\n'))

	many := slices.Repeat([]snapshot.Node{{Name: "a", Known: true}}, 1500)
	many[1400] = snapshot.Node{Name: "z", Known: true, Cordoned: true}
	d := Build(info(t, many), nil).Document().Nodes
	if len(d.Known) != documentRows || d.KnownTruncated != 500 || d.Known[0].Name != "z" {
		t.Errorf("%d nodes, %d left off, %s first", len(d.Known), d.KnownTruncated, d.Known[0].Name)
	}
}

// TestMachinesCostLittle: 100 nodes are listed and 1,000 have a cell, however many there are. A page of 5,000 nodes with its charts has 1.1 MB.
func TestMachinesCostLittle(t *testing.T) {
	a, nodes := fleetOf(1200)
	panels := take(a, specs()[:2])
	page := func(nodes []snapshot.Node) []byte {
		list, err := Build(info(t, nodes), panels).render(t.Context(), pixel)
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Body
	}
	with, without := page(machines(nodes)), page(nodes)
	if grown := len(with) - len(without); grown > 120<<10 || grown < 20<<10 {
		t.Errorf("the page grows by %d bytes", grown)
	}
	if !bytes.Equal(with, page(machines(nodes))) {
		t.Error("the same nodes give another page")
	}
}
