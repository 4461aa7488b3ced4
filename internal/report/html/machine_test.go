package html

import (
	"bytes"
	"github.com/promsnap/promsnap/internal/snapshot"
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

func TestNodeTableWithMachines(t *testing.T) {
	root := pageOf(t, reporttest.WithMachines(t))
	if got, want := text(classed(root, "said")[0]), "2 cordoned, 1 NotReady, 1 MemoryPressure; "+
		"kubelet v1.35.2 on 3 of 42 nodes"; got != want {
		t.Errorf("above the table: got %q, want %q", got, want)
	}
	section := classed(root, "nodes")[0]
	var got []string
	for _, row := range all(all(section, "table")[0], "tr")[1:] {
		got = append(got, text(all(row, "th")[0]))
	}
	want := []string{
		"ip-10-0-1-12 critical MemoryPressure c7g.xlarge · ap-northeast-2c · pool kafka · " +
			"v1.36.3 · 34 d1 taintdedicated=kafka:NoSchedule",
		"ip-10-0-1-17 warning r6i.4xlarge · ap-northeast-2b · pool spark · v1.36.3 · 36 d",
		"ip-10-0-1-19 warning m5.2xlarge · ap-northeast-2a · pool general · v1.36.3 · 36 d",
		"ip-10-0-1-21 no data NotReady c7g.xlarge · ap-northeast-2c · pool kafka · v1.35.2 · 37 d" +
			"3 taintsdedicated=kafka:NoSchedulenode.kubernetes.io/unreachable:NoSchedulenode.kubernetes.io/unreachable:NoExecute",
		"ip-10-0-1-27 not measured c7g.xlarge · ap-northeast-2c · pool kafka · v1.36.3 · 38 d1 " +
			"taintdedicated=kafka:NoSchedule",
		"ip-10-0-2-27 not measured r6i.4xlarge · ap-northeast-2b · pool spark · v1.36.3 · 44 d",
		"ip-10-0-1-14 OK cordoned r6i.4xlarge · ap-northeast-2b · pool spark · v1.35.2 · 35 d1 " +
			"taintnode.kubernetes.io/unschedulable:NoSchedule",
		"ip-10-0-2-10 OK cordoned c7g.xlarge · ap-northeast-2c · pool kafka · v1.35.2 · 39 d" +
			"2 taintsdedicated=kafka:NoSchedulenode.kubernetes.io/unschedulable:NoSchedule",
	}
	if !slices.Equal(got, want) {
		t.Errorf("nodes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	cell := classed(root, "cells")[0].FirstChild.NextSibling.FirstChild
	if title := attribute(cell, "title"); !strings.HasSuffix(title, "· MemoryPressure · "+
		"c7g.xlarge · ap-northeast-2c · pool kafka · v1.36.3 · 34 d") {
		t.Errorf("first cell: got %q, want its badges and facts", title)
	}
	if title := attribute(classed(section, "cordoned")[0], "title"); title != "SchedulingDisabled" {
		t.Errorf("kubectl's name for cordoned: got %q, want SchedulingDisabled", title)
	}
}

func TestNodeTableWithoutMachines(t *testing.T) {
	root := pageOf(t, reporttest.Daily(t))
	for _, class := range []string{"badge", "machine", "facts", "taints", "said"} {
		if n := len(classed(classed(root, "nodes")[0], class)); n > 0 {
			t.Errorf("got %d × %s, want none: the Kubernetes API was not asked", n, class)
		}
	}
}

// TestUnmeasuredNodes checks that the facts from the Kubernetes API are shown even if no panel has
// a value of a node.
func TestUnmeasuredNodes(t *testing.T) {
	_, nodes := reporttest.Fleet(3)
	root := pageOf(t, report.Build(reporttest.Info(t, reporttest.Machines(nodes)), nil))
	if tables := classed(root, "nodes"); len(tables) != 1 || len(all(tables[0], "tr")) != 4 ||
		len(all(tables[0], "td")) != 0 {
		t.Error("got no table of three nodes without values, want one")
	}
	if root := pageOf(t, report.Build(reporttest.Info(t, nodes), nil)); len(classed(root,
		"nodes")) != 0 {
		t.Error("got a table that has only names, want none")
	}
}

// TestMachinesCostLittle checks that the number of listed nodes and cells is limited. A page of
// 5,000 nodes with its charts has 1.1 MB.
func TestMachinesCostLittle(t *testing.T) {
	a, nodes := reporttest.Fleet(1200)
	panels := reporttest.Take(a, reporttest.Specs()[:2])
	page := func(nodes []snapshot.Node) []byte {
		_, body := drawnBy(t, report.Build(reporttest.Info(t, nodes), panels), pixel)
		return body
	}
	with, without := page(reporttest.Machines(nodes)), page(nodes)
	if grown := len(with) - len(without); grown > 120<<10 || grown < 20<<10 {
		t.Errorf("got a page that grows by %d bytes, want less", grown)
	}
	if !bytes.Equal(with, page(reporttest.Machines(nodes))) {
		t.Error("got another page for the same nodes, want the same")
	}
}
