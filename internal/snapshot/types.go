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

// ReferenceLine is a line to compare the series with.
type ReferenceLine struct {
	Name   string
	Labels series.Labels
	Values []float64 // on the panel's Grid
}

// Stats are the figures of one series over the window, NaN if it has no finite sample. ±Inf samples
// only count in Last.
type Stats struct {
	Last, Avg, Min, Max float64
	MaxAt               time.Time
	Samples             int
}

// Row is one series of the answer, without its samples.
type Row struct {
	Name   string // the expanded legend without control characters, at most 200 runes
	Node   string // the node of the series, "" if unknown
	Ref    string // the series' query (panel.Query.Ref)
	Labels series.Labels
	// NodeAdded means that the node label comes from the identity table rather than the answer. It
	// is missing when kube-state-metrics is.
	NodeAdded bool
	Stats     Stats
	Change    Change  // up to its newest sample
	Capacity  float64 // NaN if the panel has none
	Rank      float64 // the figure of its query's first rule; without a rule, Stats.Max
	Status    rules.Status
	Severity  rules.Severity
}

// Line is a series that is drawn.
type Line struct {
	Row
	Values []float64 // on the panel's Grid
	// the samples of Spec.Compare before, on the panel's Grid; nil if that is 0, or unknown
	Before []float64
	Climbs Climbs // the input of its trend
}

// Band summarizes the series that are not drawn individually. All slices are on the panel's Grid,
// NaN where no series has a sample. Min, Max, Sum and Count are exact. P05 and P95 come from a
// bounded sample of series, chosen by a hash of their labels.
type Band struct {
	Series                  int
	Min, Max, Sum, P05, P95 []float64
	Count                   []int
	Sampled                 int // series behind P05 and P95
}

// Data is how much of a panel's answer is there.
type Data uint8

// A failed or partial answer never resolves an alert.
const (
	DataFailed   Data = iota // the query failed
	DataPartial              // warnings, a truncated answer, or a newest sample that is too old
	DataComplete             // the full answer
	// an empty answer where there should be series; Missing lists the metrics that do not exist
	DataAbsent
)

// Finding is a rule's judgement with the context that a reader needs.
type Finding struct {
	rules.Finding
	Name     string  // the series' Row.Name
	Node     string  // its Row.Node
	Ref      string  // its Row.Ref
	Capacity float64 // NaN if the panel has none
	Details  []Part  // the answer of Spec.Detail, highest first; nil if not queried
}

// Part is one of several parts of a figure, in the unit of Spec.Detail.
type Part struct {
	Name  string
	Value float64
}

// Panel is the result of a panel's queries. It is plain data and contains no sentences of promsnap.
type Panel struct {
	Spec panel.Spec
	// the PromQL of each query as run, with variables expanded and matchers added
	Exprs []string
	Grid  series.Grid
	Total int // series in the answer
	// number of series in Total that were left out because they are within their limits
	// (Spec.Narrow); they have no row
	LeftOut int
	// every series not left out, by query, worst rank first, ties by labels
	Rows       []Row
	Lines      []Line          // the first Spec.Top of each query's Rows, with their samples
	Rest       *Band           // nil if every series is a line
	References []ReferenceLine // the results of Spec.References
	// findings that are not OK or have an ended streak (Earlier), worst first
	Findings []Finding
	// the worst series whose alerts began before Grid, over a longer time (LookBack)
	Past    []Past
	History *History // what the query showed over four weeks; nil: unknown
	OK      int      // number of series that every rule found OK
	// the text below the chart: the answers of Spec.Remarks, and what is left out
	Remarks []Note
	Missing []string // metric names that the query reads and Prometheus does not have
	// for a panel with several queries: those without series, if others have some
	Absent []Absence
	Data   Data
	// set if the answer is incomplete, with what the server says about it
	Partial Note
	// Data is partial only because the newest sample is old: the server answered in full
	Old     bool
	Notes   []Note   // notes for the reader: warnings, a moved grid, series without a limit
	Failure *Failure // why there is no answer (DataFailed), else nil
	Lacks   []Lack   // for a merged panel: the parts that did not answer in full
	// what Merge needs in addition; nil if the panel was not taken as a part
	Kept *Kept
}

// Line returns the line of the series with these labels in a query, nil if it is not drawn.
func (p *Panel) Line(ref string, ls series.Labels) *Line {
	ref = p.Spec.Query(ref).Ref
	for i := range p.Lines {
		if p.Lines[i].Ref == ref && p.Lines[i].Labels.Compare(ls) == 0 {
			return &p.Lines[i]
		}
	}
	return nil
}

// OfNodes reports whether the series are nodes, that is, named after their node. If there are
// several queries, a node has several series, and the result is false.
func (p *Panel) OfNodes() bool {
	return !p.several() && len(p.Rows) > 0 && p.Rows[0].Node != "" &&
		p.Rows[0].Node == p.Rows[0].Name
}

// Node is a node of the cluster according to Prometheus and, if it was queried, the Kubernetes API.
type Node struct {
	Name       string // from kube_node_info
	InternalIP string
	Exporter   bool // node_exporter reports it
	Kind       NodeKind
	Cluster    string // the cluster label of its series

	Known        bool // by the Kubernetes API, the source of the following fields
	InstanceType string
	Zone         string
	Pool         string // its node group
	Kubelet      string // the kubelet's version
	Created      time.Time
	Cordoned     bool
	Taints       []string // "dedicated=kafka:NoSchedule"
	Conditions   []string // the bad ones, sorted: "NotReady", "MemoryPressure"
	Capacity     Resources
	Allocatable  Resources
}

// Resources are the resources of a node, 0 if unknown.
type Resources struct {
	CPU     float64 // cores
	Memory  float64 // bytes
	Storage float64 // bytes, ephemeral
	Pods    float64
}

// Detail returns the node's type and zone, such as "m5.2xlarge, 2a", or "" if both are unknown.
func (n Node) Detail() string {
	// ap-northeast-2a becomes 2a: all nodes of a cluster share the region
	zone := n.Zone[strings.LastIndexByte(n.Zone, '-')+1:]
	switch {
	case n.InstanceType == "":
		return zone
	case zone == "":
		return n.InstanceType
	}
	return n.InstanceType + ", " + zone
}
