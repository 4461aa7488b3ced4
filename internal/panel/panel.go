// Package panel defines a panel: its queries, unit, legend, kind, rules and overrides, the grid of
// its range, and the variables in its PromQL. It does no I/O.
package panel

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// Kind is how a panel's data is shown. The zero value chooses by the data: lines over time, or bars
// if there is only one sample.
type Kind string

// The kinds. Limits colour all of them except the area, which does not show series individually.
const (
	Lines Kind = "lines" // over time: the worst series individually, the others as a band
	// over time, stacked, with the others as one series: for figures that add up
	Area Kind = "area"
	// the newest value of each series, ranked; a ratio is shown against its capacity
	Bars Kind = "bars"
	// series × time as cells: for states, and for events whose time matters
	Heatmap Kind = "heatmap"
	// the newest value in large figures, with a sparkline: for a single number
	Stat Kind = "stat"
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{Lines, Area, Bars, Heatmap, Stat}
}

// DefaultTop is how many series a panel draws as lines if its Spec sets no number. The palette has
// eight distinguishable colours.
const DefaultTop = 8

// Top returns how many series a panel of this kind draws if its Spec sets no number. Rows need less
// space than colours.
func (k Kind) Top() int {
	switch k {
	case Heatmap:
		return 24
	case Bars:
		return 20
	}
	return DefaultTop
}

// Measure is what a panel's figures measure, so that the fleet's gauges and the node table find
// their panels without knowing names. The zero value is a figure that neither uses.
type Measure string

// The measures. Each is a share of a node's resources.
const (
	NodeMemory         Measure = "node_memory"          // memory in use
	NodeCPU            Measure = "node_cpu"             // CPU time in use
	NodeDisk           Measure = "node_disk"            // space in use, of each disk of a node
	NodeMemoryRequests Measure = "node_memory_requests" // memory that pods have requested
	NodeCPURequests    Measure = "node_cpu_requests"    // CPU that pods have requested
)

// Spec is a panel: a question and its chart.
type Spec struct {
	Name  string // a file name and an anchor: [a-z0-9-]
	Title string
	// heading that groups panels in the report: Nodes, Containers, Storage, Monitoring
	Section string
	// Queries are the queries of one grid and one chart. Each series knows its query. Where a
	// comment below says the query, it means the first one.
	Queries []Query
	Measure Measure
	Subject string // the figure's name in a finding's sentence: "memory", "CPU", "disk"
	Why     string // why this metric and not its neighbours, in a sentence or two
	Hint    string // the exporter or setting that provides absent metrics

	Kind Kind
	// how many series are drawn; 0: the maximum of the kind (Kind.Top)
	Top       int
	Range     time.Duration // 0: the report's
	Step      time.Duration // 0: from the ladder
	Rules     []rules.Rule
	Overrides []Override

	// Capacity is the total that a ratio refers to, as a second query with the same grouping: "60.4
	// of 64 GiB". Nil if there is none.
	Capacity *Capacity

	// References are lines to compare the series with, drawn dashed with their names: a limit, a
	// request, a capacity. They are in the panel's unit.
	References []Reference

	// Detail is queried for series that breach, such as the pods that use most of a node. Nil if
	// there is nothing to query.
	Detail *Detail

	// Remarks are further queries whose answers are shown below the chart: what is not judged, and
	// the names behind an average.
	Remarks []Remark

	// Events means that the samples count events, such as restarts in the last hour. A finding then
	// says how many events there were and when the last one was, instead of how long the count was
	// above zero. Nil: they are not counts.
	Events *Events

	// EmptyIsOK means that an answer without series is good, as long as the metrics of Needs exist,
	// or without Needs the query's first metric. Not every metric can be required:
	// kube-state-metrics has no series of OOM kills before the first one.
	EmptyIsOK bool
	// Needs are the metrics that the panel requires and that are named if its answer is empty.
	// None: all metrics in the query.
	Needs []string
	// WellToo means, for a panel whose answer may be empty, that the answer includes series that
	// are within their limits. A series that is missing has vanished rather than recovered.
	WellToo bool
	// Blind checks whether the panel can see what it is for although its metrics exist. Nil if
	// there is nothing to check.
	Blind *Blind
	// Without is a second query over the panel's range: a series of Query is 1 if, by the identity
	// table, no series of Without belongs to the same node, and 0 otherwise. Nodes that cannot have
	// a series of Without are left out. Empty: only Query counts.
	Without string
	// WithoutAll is the name of the one series for all nodes of a cluster if none of them has a
	// series of Without. {{value}} in it is the number of nodes.
	WithoutAll string
	// Targets is a query of how many targets each series of Query averages. Targets that left the
	// list without a replacement then count as 0. Empty: only Query counts.
	Targets string
	// Narrow is a label that every selector of the query has, such as pod. If the query has too
	// many series for one answer, only those beyond a limit somewhere in the range and the highest
	// ones are queried, by this label. Empty: too many series are an error.
	Narrow string
	// Builtin queries are promsnap's own. Their labels are mapped to those of the source
	// (Options.Mapping).
	Builtin bool
	// Optional panels are left out if their metrics are absent, rather than marked NO DATA.
	Optional bool
	// Forecast says when the series of the first query reach a limit. Nil: they are not forecast.
	Forecast *Forecast
	// Change compares the series of the first query with the same weekdays before. Nil: it does
	// not.
	Change *Change
	// Wall is where something worse than an alert happens, so an alert must come before it. Nil:
	// none is known.
	Wall *Wall
	// States name the values 0, 1, 2 and so on of a panel whose samples are states. Nil: they are
	// numbers.
	States []string
	// Compare also draws the lines as they were this long ago, dashed; 0: it does not.
	Compare time.Duration
}

// Wall is a value at which something happens that an alert should prevent.
type Wall struct {
	Value float64 // in the panel's unit
	Why   WallWhy
}

// WallWhy says what happens at a wall. Package report has its words.
type WallWhy string

// What happens at a wall.
const (
	WallEvicts WallWhy = "evicts" // the kubelet ends pods
	WallKills  WallWhy = "kills"  // the kernel kills a process of the container
	WallFull   WallWhy = "full"   // nothing can be written any more
)

// Rule returns the panel's rule with this name, else the zero rule.
func (s *Spec) Rule(name string) rules.Rule {
	for _, r := range s.Rules {
		if r.Name == name {
			return r
		}
	}
	return rules.Rule{}
}

// Query returns the query with this ref, else the first one. For a panel without queries it is the
// zero Query.
func (s *Spec) Query(ref string) Query {
	for _, q := range s.Queries {
		if q.Ref == ref {
			return q
		}
	}
	if len(s.Queries) == 0 {
		return Query{}
	}
	return s.Queries[0]
}

// Judges reports whether one of the panel's rules judges the series of a query.
func (s *Spec) Judges(ref string) bool {
	return slices.ContainsFunc(s.Rules, func(r rules.Rule) bool {
		return s.Query(r.Ref).Ref == ref
	})
}

// UnitOf returns the unit of the query with this ref, else that of the first query.
func (s *Spec) UnitOf(ref string) units.Unit { return s.Query(ref).Unit }

// Unit returns the unit of the panel's first query, which is also that of its chart's axis.
func (s *Spec) Unit() units.Unit { return s.Query("").Unit }

// Share returns a value of the panel as a fraction: 0.94 for both a ratio of 0.94 and 94 percent. A
// value that is not a ratio stays as it is.
func (s *Spec) Share(v float64) float64 {
	if s.Unit() == units.Percent {
		return v / 100
	}
	return v
}

// IsRatio reports whether the values of the panel's first query are shares of a whole.
func (s *Spec) IsRatio() bool {
	return s.Unit() == units.PercentUnit || s.Unit() == units.Percent
}

// FillsUp reports whether the limit of the panel's forecasts is all that there is: 100 %.
func (s *Spec) FillsUp() bool {
	f := s.Forecast
	return f != nil && !f.Below && s.IsRatio() && s.Share(f.Limit) == 1
}

// Query is one PromQL query of a panel, with the names and unit of its series.
type Query struct {
	// its name in rules and series, such as A; may be empty if it is the only query
	Ref    string
	Expr   string // PromQL; may hold $__rate_interval, $__interval and $__range
	Legend string // "{{node}} {{device}}"; empty: the whole label set
	Unit   units.Unit
}

// Events describes the events that a panel's samples count.
type Events struct {
	Within time.Duration // the time before a sample in which it counts events
	// the words for a number of events: "%s restart", "%s restarts"; empty: the panel's subject
	Said words.Counted
}

// Number formats v events: "3 restarts". It returns "" if the samples do not count events or v is
// not a count.
func (s *Spec) Number(v float64) string {
	switch {
	case s.Events == nil || v-v != 0 || v < 0 || v > 1e15:
		return ""
	case s.Events.Said == words.Counted{}:
		return words.Thousands(int(math.Round(v))) + " " + cmp.Or(s.Subject, s.Title)
	}
	return s.Events.Said.Of(int(math.Round(v)))
}

// State returns the name of a value, "" if it has none.
func (s *Spec) State(v float64) string {
	if !(v >= 0 && v < float64(len(s.States))) || v != math.Trunc(v) {
		return ""
	}
	return s.States[int(v)]
}

// Capacity is the query of a total, in its own unit. The used amount is the panel's share
// (Spec.Share) of it.
type Capacity struct {
	Query string
	Unit  units.Unit
	// Aside are labels of the answer that the panel's series do not have. They appear in the legend
	// and overrides may match them, but they do not distinguish series. A disk's device is one,
	// because its name may change at boot.
	Aside []string
}

// Reference is a query over the panel's range, in the panel's unit. Each series of its answer is a
// line; a panel draws the first MostReferences.
type Reference struct {
	Name  string // as a legend: "limit", "limit {{container}}"
	Query string
}

// MostQueries is the most queries of a panel.
const MostQueries = 8

// MostReferences is the most reference lines that a panel draws.
const MostReferences = 4

// Detail is a query at the end of the range that runs for each of the worst findings. In it,
// {{label}} stands for the value of the finding's label (including the node from the identity
// table) and belongs between double quotes: node="{{node}}".
type Detail struct {
	Query  string
	Legend string
	Unit   units.Unit
}

// Ranks reports whether the answers are the largest of several parts, named by labels in the
// legend. Without a label in the legend the answer is one fact about the finding: "limit 28 GiB".
func (d *Detail) Ranks() bool {
	return strings.Contains(d.Legend, "{{") || IsAuto(d.Legend)
}

// Remark is a query at the end of the range; each series of its answer is a line. When the answers
// of several clusters are merged, the values of lines with the same text are added.
type Remark struct {
	Query string
	Text  string // a legend with {{value}} for the sample: "{{value}} containers have no limit"
}

// Blind is a query at the end of the range that has an answer if a panel cannot see what it is for,
// such as restarts without any known reason. An empty answer of the panel is then not good news.
type Blind struct {
	Query   string
	Missing []string // the metrics that would let it see
}

// Override gives matching series other limits for one rule.
type Override struct {
	// all must match the series' labels, including the node from the identity table
	Match    []Matcher
	Rule     string      // name of the rule that is overridden; empty: the panel's first
	Warning  rules.Limit // not set: no limit of this severity
	Critical rules.Limit
}

// Matcher compares one label of a series with a value.
type Matcher struct {
	Label string
	Op    string // of PromQL: =, !=, =~ or !~
	Value string
}

// String returns the matcher in PromQL syntax.
func (m Matcher) String() string { return m.Label + m.Op + strconv.Quote(m.Value) }

// Compile returns a function that reports whether the override applies to a label set.
func (o Override) Compile() (matches func(series.Labels) bool, err error) {
	types := []labels.MatchType{
		labels.MatchEqual, labels.MatchNotEqual, labels.MatchRegexp, labels.MatchNotRegexp,
	}
	compiled := make([]*labels.Matcher, len(o.Match))
	for i, m := range o.Match {
		at := slices.IndexFunc(types, func(t labels.MatchType) bool { return t.String() == m.Op })
		if at < 0 {
			return nil, fmt.Errorf("the matcher %s: no operator %q", m, m.Op)
		}
		if compiled[i], err = labels.NewMatcher(types[at], m.Label, m.Value); err != nil {
			return nil, fmt.Errorf("the matcher %s: %w", m, err)
		}
	}
	return func(ls series.Labels) bool {
		return !slices.ContainsFunc(compiled, func(m *labels.Matcher) bool {
			return !m.Matches(ls.Get(m.Name))
		})
	}, nil
}

// AutoLegend is the legend that Grafana sets by default: the labels that differ.
const AutoLegend = "__auto"

// IsAuto reports whether a legend is AutoLegend.
func IsAuto(legend string) bool { return strings.TrimSpace(legend) == AutoLegend }
