// Package panel is a question: its queries, unit, legend, kind, rules and overrides, the grid that
// it is asked on, and the variables in its PromQL. It asks nothing itself.
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

// Kind is how a panel's data is shown. The zero value fits the data: lines over time, or bars where
// there is but one sample.
type Kind string

// The kinds. A limit colours them all but the area, in which no series stands for itself.
const (
	Lines Kind = "lines" // over time, the worst series one by one, the others as a band
	// over time, one series upon the other, the others as one: for figures that add up to something
	Area Kind = "area"
	// the newest value of each series, ranked; of a ratio, against the whole
	Bars Kind = "bars"
	// series × time as cells: for states, and for events that matter by when they were
	Heatmap Kind = "heatmap"
	// the newest value in large figures, with a sparkline: for what is one number
	Stat Kind = "stat"
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{Lines, Area, Bars, Heatmap, Stat}
}

// DefaultTop is how many series a panel draws as lines where its Spec names no number. Eight is
// what the palette tells apart.
const DefaultTop = 8

// Top returns how many series a panel of a kind draws where its Spec names no number: rows take
// less room than colours.
func (k Kind) Top() int {
	switch k {
	case Heatmap:
		return 24
	case Bars:
		return 20
	}
	return DefaultTop
}

// Measure says what a panel's figures are of, so that the fleet's gauges and the table of nodes
// find their panels without knowing names. The zero value is a figure that has no place there.
type Measure string

// The measures. Each is a share of what a node has.
const (
	NodeMemory         Measure = "node_memory"          // memory in use
	NodeCPU            Measure = "node_cpu"             // CPU time in use
	NodeDisk           Measure = "node_disk"            // space in use, of each disk of a node
	NodeMemoryRequests Measure = "node_memory_requests" // memory that pods have requested
	NodeCPURequests    Measure = "node_cpu_requests"    // CPU that pods have requested
)

// Spec is a panel: one question with its chart.
type Spec struct {
	Name  string // a file name and an anchor: [a-z0-9-]
	Title string
	// heading that groups panels in the report: Nodes, Containers, Storage, Monitoring
	Section string
	// Queries are what is asked for, on one grid and for one chart. Each series knows its query.
	// What stands below of the panel's query is of the first of them.
	Queries []Query
	Measure Measure
	Subject string // what the figure is, in a finding's sentence: "memory", "CPU", "disk"
	Why     string // why this metric and not its neighbours, in a sentence or two
	Hint    string // what brings the metrics where they are absent: the exporter or setting

	Kind Kind
	// how many series are drawn; 0: as many as the kind has room for (Kind.Top)
	Top       int
	Range     time.Duration // 0: the report's
	Step      time.Duration // 0: from the ladder
	Rules     []rules.Rule
	Overrides []Override

	// Capacity is what a ratio is of, as a second query with the same grouping: "60.4 of 64 GiB".
	// Nil where there is none.
	Capacity *Capacity

	// References are lines to read the series against, drawn dashed with their names: a limit, a
	// request, a capacity. In the panel's unit.
	References []Reference

	// Detail says what lies behind a series that breaches, such as the pods that take most of a
	// node. Nil where there is nothing to ask.
	Detail *Detail

	// Remarks are further questions whose answers stand below the chart: what is not judged, and
	// the names behind an average.
	Remarks []Remark

	// Events says that the samples count what happened, such as restarts in the last hour. A
	// finding then says how often and when last, instead of how long the count was above zero. Nil:
	// they do not.
	Events *Events

	// EmptyIsOK says that an answer without series is the good one, as long as the metrics of Needs
	// exist; without Needs, the first metric that the query names. kube-state-metrics has no series
	// of OOM kills before there is one, so not every metric can be asked for.
	EmptyIsOK bool
	// Needs are the metrics that the panel cannot do without, and that are named where its answer
	// is empty. None: all that the query names.
	Needs []string
	// WellToo says of a panel whose answer may be empty that series which are well are in it too:
	// one that is no longer there has vanished, and did not recover.
	WellToo bool
	// Blind tells whether the panel can see what it is for although its metrics exist. Nil where
	// there is nothing to ask.
	Blind *Blind
	// Without is a second query over the panel's range: a series of Query is 1 where no series of
	// Without is of the same node by the identity table, and 0 where one is. Nodes that cannot have
	// what Without asks for are left out. Empty: Query is all.
	Without string
	// WithoutAll is the name of the one series that stands for all nodes of a cluster where none
	// has what Without asks for; {{value}} in it is how many they are.
	WithoutAll string
	// Targets is a query of how many targets each series of Query is a mean of. Those that left the
	// list of targets, and whose place nobody took, count as 0 in it then. Empty: Query is all.
	Targets string
	// Narrow is a label that every selector of the query has, such as pod. Where the query has more
	// series than an answer may have, it is asked for those that are beyond a limit somewhere in
	// the range and for the highest, by this label. Empty: that is an error.
	Narrow string
	// Builtin queries are promsnap's own: they are asked by the labels that the source has for what
	// they name (Options.Mapping).
	Builtin bool
	// Optional panels are left out where their metrics are absent, rather than called NO DATA.
	Optional bool
}

// Rule returns the panel's rule of a name, the zero rule where it has none.
func (s *Spec) Rule(name string) rules.Rule {
	for _, r := range s.Rules {
		if r.Name == name {
			return r
		}
	}
	return rules.Rule{}
}

// Query returns the query of a ref, the first where the panel has none of that name. It is the zero
// Query of a panel without queries.
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

// UnitOf returns the unit of a query's series, of those of the first where the panel has no query
// of that ref.
func (s *Spec) UnitOf(ref string) units.Unit { return s.Query(ref).Unit }

// Unit returns the unit of the panel's first query, which is that of its chart's axis.
func (s *Spec) Unit() units.Unit { return s.Query("").Unit }

// Share returns a value of the panel as a share of its whole: 0.94 of a ratio as of 94 percent.
// What is no ratio stays as it is.
func (s *Spec) Share(v float64) float64 {
	if s.Unit() == units.Percent {
		return v / 100
	}
	return v
}

// Query is one PromQL query of a panel, and how its series are named and read.
type Query struct {
	// what rules and series know it by, such as A; may be empty where it is the only one
	Ref    string
	Expr   string // PromQL; may hold $__rate_interval, $__interval and $__range
	Legend string // "{{node}} {{device}}"; empty: the whole label set
	Unit   units.Unit
}

// Events are what a panel's samples count.
type Events struct {
	Within time.Duration // a sample counts those of so long before it
	// how a number of them is said: "%s restart", "%s restarts"; empty: by the panel's subject
	Said words.Counted
}

// Number says how many events v are: "3 restarts". It is "" where the samples count none, and where
// v is no number of anything.
func (s *Spec) Number(v float64) string {
	switch {
	case s.Events == nil || v-v != 0 || v < 0 || v > 1e15:
		return ""
	case s.Events.Said == words.Counted{}:
		return words.Thousands(int(math.Round(v))) + " " + cmp.Or(s.Subject, s.Title)
	}
	return s.Events.Said.Of(int(math.Round(v)))
}

// Capacity is the query of a whole, in its own unit; a panel's share (Spec.Share) of it is what is
// used.
type Capacity struct {
	Query string
	Unit  units.Unit
	// Aside are labels of the answer that the panel's series do not have: they stand in the legend
	// and may be matched by an override, and do not tell one series from another. A disk's device
	// is one, because it may have another name when the machine boots.
	Aside []string
}

// Reference is a query over the panel's range, in the panel's unit; each series of its answer is a
// line, the first MostReferences of a
type Reference struct {
	Name  string // as a legend: "limit", "limit {{container}}"
	Query string
}

// MostQueries is how many queries a panel has.
const MostQueries = 8

// MostReferences is how many reference lines a panel draws.
const MostReferences = 4

// Detail is a query at the end of the range that runs for each of the worst findings. In it
// {{label}} stands for the value of the finding's label, also the node that the identity table
// knows, and belongs between double quotes: node="{{node}}".
type Detail struct {
	Query  string
	Legend string
	Unit   units.Unit
}

// Ranks tells whether the answers are the largest of several things, which the legend names by
// their labels. Without a label in it the answer is one fact about the finding: "limit 28 GiB".
func (d *Detail) Ranks() bool {
	return strings.Contains(d.Legend, "{{") || IsAuto(d.Legend)
}

// Remark is a query at the end of the range; each series of its answer makes a line. Its values
// count: those of one text are added where the answers of several clusters are merged.
type Remark struct {
	Query string
	Text  string // as a legend, {{value}} being the sample: "{{value}} containers have no limit"
}

// Blind is a query at the end of the range that answers where a panel cannot see what it is for,
// such as restarts where the reason of none is kept: an empty answer of the panel is no good news
// then.
type Blind struct {
	Query   string
	Missing []string // the metrics that would let it see
}

// Override gives the series that match other limits for one rule.
type Override struct {
	// all of them; over the series' labels and the node that the identity table adds
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

// String is the matcher as PromQL has it.
func (m Matcher) String() string { return m.Label + m.Op + strconv.Quote(m.Value) }

// Compile returns what reports whether the override is for the series of some labels.
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

// AutoLegend is the legend that Grafana writes where nobody chose one: the labels that differ.
const AutoLegend = "__auto"

// IsAuto reports whether a legend is AutoLegend.
func IsAuto(legend string) bool { return strings.TrimSpace(legend) == AutoLegend }
