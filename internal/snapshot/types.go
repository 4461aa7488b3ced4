// Package snapshot runs the panels' queries and folds each stream of series into what is kept:
// statistics, the top series, the findings. Memory is bounded by what is drawn, not by what is
// queried.
package snapshot

import (
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// ReferenceLine is a line to read the series against.
type ReferenceLine struct {
	Name   string
	Labels series.Labels
	Values []float64 // on the panel's Grid
}

// Stats are the figures of one series over the window; NaN where it has no finite sample. ±Inf
// samples count in none of them but Last.
type Stats struct {
	Last, Avg, Min, Max float64
	MaxAt               time.Time
	Samples             int
}

// Row is one series of the answer, without its samples.
type Row struct {
	Name   string // the legend, filled in; control characters taken out, at most 200 runes
	Node   string // the node that the series belongs to, "" where that is not known
	Ref    string // the query that the series is of (panel.Query.Ref)
	Labels series.Labels
	// NodeAdded says that the label node is the identity table's, and not the answer's: it goes
	// where kube-state-metrics does.
	NodeAdded bool
	Stats     Stats
	Change    Change  // up to its newest sample
	Capacity  float64 // NaN where the panel has none
	Rank      float64 // the figure of the first rule of its query; without a rule, Stats.Max
	Status    rules.Status
	Severity  rules.Severity
}

// Line is a series that is drawn.
type Line struct {
	Row
	Values []float64 // on the panel's Grid
	Climbs Climbs    // where it is heading
}

// Band is the series that are not drawn one by one. All slices are on the panel's Grid, NaN where
// no series had a sample. Min, Max, Sum and Count are exact; P05 and P95 come from a bounded sample
// of series chosen by a hash of their labels.
type Band struct {
	Series                  int
	Min, Max, Sum, P05, P95 []float64
	Count                   []int
	Sampled                 int // series behind P05 and P95
}

// Data says how much of a panel's answer is there.
type Data uint8

// A failed or partial answer moves no alert to resolved.
const (
	DataFailed   Data = iota // the query failed
	DataPartial              // warnings, a truncated answer, or a newest sample that is too old
	DataComplete             // everything that was asked for
	// an answer without series where there should be some; Missing names the metrics that do not
	// exist
	DataAbsent
)

// Finding is a rule's judgement with what a reader needs to understand it.
type Finding struct {
	rules.Finding
	Name     string  // the series' Row.Name
	Node     string  // its Row.Node
	Ref      string  // its Row.Ref
	Capacity float64 // NaN where the panel has none
	Details  []Part  // the answer of Spec.Detail, the most first; nil where it was not asked
}

// Part is one of several things that make up a figure, in the unit of Spec.Detail.
type Part struct {
	Name  string
	Value float64
}

// Panel is what a panel's queries came to. It is plain data, and no sentence of ours is in it.
type Panel struct {
	Spec panel.Spec
	// the PromQL of each query as it was run: variables expanded, matchers put in
	Exprs []string
	Grid  series.Grid
	Total int // series in the answer
	// series of Total that were left out because they are well (Spec.Narrow); they are in no row
	LeftOut int
	// every series that is not left out, by query, the worst rank first, ties by labels
	Rows       []Row
	Lines      []Line          // the first Spec.Top of each query's Rows, with their samples
	Rest       *Band           // nil where every series is a line
	References []ReferenceLine // what Spec.References came to
	// what is not OK, and what was over and has ended (Earlier); the worst first
	Findings []Finding
	OK       int // series that every rule found OK
	// what stands below the chart: the answers of Spec.Remarks, and what is left out
	Remarks []Note
	Missing []string // metric names that the query reads and Prometheus does not have
	// of a panel with several queries: those without series, while others have some
	Absent []Absence
	Data   Data
	// that the answer is only a part, and what the server says of it; the zero value where it is
	// all
	Partial Note
	// Data is partial only because the newest sample of all is old: the server answered in full
	Old     bool
	Notes   []Note   // what the reader should know: warnings, a moved grid, series without a limit
	Failure *Failure // why there is no answer (DataFailed); nil: there is one
	Lacks   []Lack   // of a merged panel: the parts of which not all is known
	// what Merge needs beside all this; nil where the panel was not taken as a part
	Kept *Kept
}

// Line returns the line of the series with these labels of a query, nil where it is not drawn.
func (p *Panel) Line(ref string, ls series.Labels) *Line {
	ref = p.Spec.Query(ref).Ref
	for i := range p.Lines {
		if p.Lines[i].Ref == ref && p.Lines[i].Labels.Compare(ls) == 0 {
			return &p.Lines[i]
		}
	}
	return nil
}

// OfNodes tells whether the series are nodes: whether each is named after the node that it belongs
// to. Several queries have several series of a node.
func (p *Panel) OfNodes() bool {
	return !p.several() && len(p.Rows) > 0 && p.Rows[0].Node != "" &&
		p.Rows[0].Node == p.Rows[0].Name
}

// Node is a node of the cluster as Prometheus knows it, and, where the Kubernetes API was asked
// too, as that does.
type Node struct {
	Name       string // from kube_node_info
	InternalIP string
	Exporter   bool // node_exporter reports it
	Kind       NodeKind
	Cluster    string // the label cluster of its series

	Known        bool // by the Kubernetes API, which all of the following is from
	InstanceType string
	Zone         string
	Pool         string // the group of nodes that it was made in
	Kubelet      string // the kubelet's version
	Created      time.Time
	Cordoned     bool
	Taints       []string // "dedicated=kafka:NoSchedule"
	Conditions   []string // those that are bad: "NotReady", "MemoryPressure"; in order
	Capacity     Resources
	Allocatable  Resources
}

// Resources are how much a node has; 0 where that is not known.
type Resources struct {
	CPU     float64 // cores
	Memory  float64 // bytes
	Storage float64 // bytes, ephemeral
	Pods    float64
}

// Detail is what tells a node from others at a glance: "m5.2xlarge, 2a". "" where nothing is known.
func (n Node) Detail() string {
	// ap-northeast-2a: the region is the cluster's
	zone := n.Zone[strings.LastIndexByte(n.Zone, '-')+1:]
	switch {
	case n.InstanceType == "":
		return zone
	case zone == "":
		return n.InstanceType
	}
	return n.InstanceType + ", " + zone
}
