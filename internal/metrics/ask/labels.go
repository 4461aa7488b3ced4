package ask

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// The limits of the description of one metric.
const (
	maxSampled  = 20_000 // series whose labels are read
	maxTargets  = 5_000
	maxValues   = 20_000 // different values of a label that are counted
	maxExamples = 5      // values of a label that are shown
	maxLabels   = 100
	maxValue    = 80 // characters of a value
)

// Label is a label of a metric.
type Label struct {
	Name string `json:"name"`
	// Values is the number of its different values, up to 20,000; Series that of the series that
	// have the label.
	Values   int      `json:"values"`
	Series   int      `json:"series"`
	Examples []string `json:"examples"` // at most 5, sorted
	// From says who sets it: target, exporter or external; "" if unknown.
	From metrics.Origin `json:"from,omitempty"`
	Is   string         `json:"is,omitempty"` // what it says and why it is there
}

// values collects the values of one label.
type values struct {
	seen     map[string]bool
	series   int
	compared int // series whose target is known
	target   int // of these, the series that have the value from their target
}

// exact describes the metric with this name, with its labels.
func (q *asker) exact(ctx context.Context, name string) error {
	a := q.answer
	help := q.metadata(ctx, name)
	for _, s := range suffixes { // a histogram has its metadata without the suffix
		if family, ok := strings.CutSuffix(name, s); ok && len(help) == 0 {
			help = q.metadata(ctx, family)
		}
	}
	a.Exact, a.Matched = true, 1
	a.Metrics = append(a.Metrics, q.describe(name, help))
	m := &a.Metrics[0]
	targets := q.targets(ctx, name)
	found := map[string]*values{}
	read := 0
	begin := func() {
		clear(found)
		read = 0
		m.Jobs, m.JobsMore = []string{}, 0
	}
	_, err := q.Vector(ctx, promapi.Instant{
		Expr: fmt.Sprintf("{__name__=%q}", name), Time: q.at, Limit: maxSampled,
	}, begin, func(s promapi.Sample) {
		read++
		m.add(s)
		count(found, s.Labels, targets.of(s.Labels))
	})
	var limit *promapi.LimitError
	switch {
	case errors.As(err, &limit):
		m.Sampled, m.Jobs, m.JobsMore = read, []string{}, 0
		q.measure(ctx, []string{name})
	case err != nil:
		q.fail("reading the series", err)
	}
	m.Series = max(m.Series, read)
	m.Labels = q.labels(found)
	return ctx.Err()
}

// add adds a series to the figures of a metric.
func (m *Metric) add(s promapi.Sample) {
	v := series.Number(s.Value)
	if !(m.Min <= v) {
		m.Min = v
	}
	if !(m.Max >= v) {
		m.Max = v
	}
	m.addJob(s.Labels.Get("job"))
}

// count counts the values of the labels of a series. It may be of one of several targets, such as a
// kubelet behind two Services; without any, its target is unknown.
func count(found map[string]*values, ls series.Labels, of []series.Labels) {
	for _, l := range ls {
		if l.Name == "__name__" {
			continue
		}
		v := found[l.Name]
		if v == nil {
			if len(found) == maxLabels {
				continue
			}
			v = &values{seen: map[string]bool{}}
			found[l.Name] = v
		}
		v.series++
		if len(v.seen) < maxValues {
			v.seen[l.Value] = true
		}
		if len(of) > 0 {
			v.compared++
		}
		if slices.ContainsFunc(of, func(target series.Labels) bool {
			return target.Get(l.Name) == l.Value
		}) {
			v.target++
		}
	}
}

// labels returns what was found about the labels: first those that the exporter sets, then those of
// the target.
func (q *asker) labels(found map[string]*values) []Label {
	all := []Label{}
	for name, v := range found {
		l := Label{
			Name: outside.Said(name, maxName), Values: len(v.seen), Series: v.series,
			Examples: v.examples(),
		}
		l.From, l.Is = q.origin(name, v)
		all = append(all, l)
	}
	rank := func(l Label) int {
		return slices.Index([]metrics.Origin{
			metrics.FromExporter, "", metrics.FromTarget, metrics.FromExternal,
		}, l.From)
	}
	slices.SortFunc(all, func(x, y Label) int {
		if d := rank(x) - rank(y); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	return all
}

// examples returns the first values in their order.
func (v *values) examples() []string {
	var first []string
	for value := range v.seen {
		i, _ := slices.BinarySearch(first, value)
		if i < maxExamples {
			first = slices.Insert(first, i, value)
			first = first[:min(len(first), maxExamples)]
		}
	}
	for i := range first {
		first[i] = outside.Middle(outside.Line(first[i]), maxValue)
	}
	return first
}

// origin returns who sets a label, and what it is. The labels of up are exactly those of the
// target, so they decide; what promsnap knows about the label is the second best.
func (q *asker) origin(name string, v *values) (metrics.Origin, string) {
	known := q.guide.Label(name)
	if plain, ok := strings.CutPrefix(name, "exported_"); ok {
		is := "the exporter's " + plain + ", renamed: the target has one too (honor_labels is off)"
		return metrics.FromExporter, outside.Said(is, maxText)
	}
	switch {
	case known != nil && (known.From == metrics.FromExternal || v.compared == 0):
		return known.From, known.Is
	case v.compared == 0:
		return "", ""
	case v.target < v.compared:
		if known != nil && known.From == metrics.FromExporter {
			return metrics.FromExporter, known.Is
		}
		return metrics.FromExporter, ""
	case known == nil:
		return metrics.FromTarget, "a label of the target, by relabelling"
	case known.From == metrics.FromExporter:
		// kube-prometheus-stack gives a target the pod and namespace of the exporter itself
		return metrics.FromTarget, known.Is + " of the exporter itself"
	}
	return known.From, known.Is
}

// targets are the labels of targets by job and instance. A kubelet has several with other paths.
type targets map[[2]string][]series.Labels

// of returns the labels of the targets that a series may be from.
func (t targets) of(ls series.Labels) []series.Labels {
	all := t[[2]string{ls.Get("job"), ls.Get("instance")}]
	var same []series.Labels
	for _, target := range all {
		if target.Get("metrics_path") == ls.Get("metrics_path") {
			same = append(same, target)
		}
	}
	if len(same) == 0 {
		return all
	}
	return same
}

// targets asks for the labels of the targets that have the metric.
func (q *asker) targets(ctx context.Context, name string) targets {
	jobs, _, err := q.Instant(ctx, promapi.Instant{
		Expr: fmt.Sprintf("group by (job) ({__name__=%q})", name), Time: q.at, Limit: maxTargets,
	})
	var quoted []string
	for _, j := range jobs {
		if job := j.Labels.Get("job"); job != "" && len(quoted) < MaxDetailed {
			quoted = append(quoted, regexp.QuoteMeta(job))
		}
	}
	found := targets{}
	if err == nil && len(quoted) > 0 {
		_, err = q.Vector(ctx, promapi.Instant{
			Expr: fmt.Sprintf("up{job=~%q}", strings.Join(quoted, "|")), Time: q.at,
			Limit: maxTargets,
		}, func() { clear(found) }, func(s promapi.Sample) {
			key := [2]string{s.Labels.Get("job"), s.Labels.Get("instance")}
			found[key] = append(found[key], s.Labels.Clone())
		})
	}
	var limit *promapi.LimitError
	if err != nil && !errors.As(err, &limit) {
		q.fail("reading the labels of the targets", err)
	}
	return found
}
