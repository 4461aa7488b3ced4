// Package ask finds out which metrics a Prometheus server has, and what the labels of one of them
// are. It uses few queries: three for all metrics of an answer together, or three for one metric
// with its labels.
package ask

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// Source is the Prometheus server. A *promapi.Client is one.
type Source interface {
	LabelValues(ctx context.Context, label string, s promapi.Selection) ([]string, promapi.Meta,
		error)
	Metadata(ctx context.Context, metric string) ([]promapi.Metadata, promapi.Meta, error)
	Instant(ctx context.Context, q promapi.Instant) ([]promapi.Sample, promapi.Meta, error)
	Vector(ctx context.Context, q promapi.Instant, begin func(), each func(promapi.Sample)) (
		promapi.Meta, error)
}

// The limits of an answer.
const (
	MaxDetailed = 50  // metrics that are asked for series and values
	maxMore     = 200 // further names
	maxNear     = 5   // names that are nearly the one asked for
	maxJobs     = 5   // jobs of a metric that are listed
	maxName     = 300 // characters of a name from the server
	maxText     = 300 // characters of a help text or an error
)

// lately is how far back a metric counts as one that the server has. Servers keep their index in
// blocks of hours, so the names of the last hours come too.
const lately = 5 * time.Minute

// Answer is what a server has for a search, or for the name of a metric.
type Answer struct {
	Words []string  `json:"words"`
	Time  time.Time `json:"time"`
	// OnServer is the number of metrics that the server has, Matched that of those that fit.
	OnServer int      `json:"on_server"`
	Matched  int      `json:"matched"`
	Metrics  []Metric `json:"metrics"` // in detail, the best first
	More     []string `json:"more"`    // further metrics that fit, at most 200
	// Absent are metrics that fit and that the server does not have.
	Absent []Missing `json:"absent"`
	// Nearest are names that are like the one asked for, if nothing fits.
	Nearest []string `json:"nearest"`
	Notes   []string `json:"notes"` // what could not be found out, and why
	// Incomplete is set if a query failed.
	Incomplete bool `json:"incomplete"`
	// Exact is set if the answer is about one metric, with its labels.
	Exact bool `json:"exact"`
}

// Metric is a metric of the server.
type Metric struct {
	Name    string          `json:"name"`
	Verdict metrics.Verdict `json:"verdict,omitempty"`
	// Source is the program that provides it, as far as promsnap knows.
	Source string   `json:"source,omitempty"`
	Type   string   `json:"type,omitempty"`
	Unit   string   `json:"unit,omitempty"` // the id of a unit, mixed, or timestamp
	Help   string   `json:"help,omitempty"` // what the exporter says
	Jobs   []string `json:"jobs"`           // at most 5
	// JobsMore is the number of further jobs.
	JobsMore int `json:"jobs_more,omitempty"`
	Series   int `json:"series"`
	// Min and Max are the lowest and the highest newest value; null if it has none.
	Min    series.Number `json:"min"`
	Max    series.Number `json:"max"`
	Is     string        `json:"is,omitempty"`
	Not    string        `json:"mistaken,omitempty"`
	When   string        `json:"when,omitempty"`
	Query  string        `json:"query"` // an example
	Near   []string      `json:"near,omitempty"`
	Labels []Label       `json:"labels,omitempty"`
	// Sampled is the number of series whose labels were read, if not all were.
	Sampled int `json:"sampled,omitempty"`
}

// Missing is a metric that the server does not have.
type Missing struct {
	Name     string `json:"name"`
	Exporter string `json:"exporter,omitempty"` // what provides it; "" if unknown
	// Running is set if the server has other metrics of the exporter.
	Running bool   `json:"exporter_present"`
	Get     string `json:"get,omitempty"` // how to get its metrics
	When    string `json:"when,omitempty"`
	Absent  string `json:"absent,omitempty"` // why it may be missing although its exporter runs
}

// Options say what is asked.
type Options struct {
	Words []string // of a search, or the name of a metric
	Time  time.Time
	Limit int // the most metrics in detail, up to MaxDetailed
}

// Find answers a search, or describes the metric whose name is the only word. It fails if the
// server cannot list its metrics; everything else that fails is a note.
func Find(ctx context.Context, s Source, g *metrics.Guide, o Options) (*Answer, error) {
	names, _, err := s.LabelValues(ctx, "__name__", promapi.Selection{
		Start: o.Time.Add(-lately), End: o.Time,
	})
	if err != nil {
		return nil, err
	}
	a := &Answer{
		Words: append([]string{}, o.Words...), Time: o.Time, OnServer: len(names),
		Metrics: []Metric{},
		More:    []string{}, Absent: []Missing{}, Nearest: []string{}, Notes: []string{},
	}
	q := asker{Source: s, guide: g, names: names, at: o.Time, answer: a}
	switch {
	case len(o.Words) == 1 && slices.Contains(names, o.Words[0]):
		return a, q.exact(ctx, o.Words[0])
	case len(o.Words) == 1 && g.Metric(o.Words[0]) != nil: // a name that the server does not have
		q.nearest()
		return a, nil
	}
	help := q.metadata(ctx, "")
	texts := make(map[string]string, len(names))
	for _, n := range names {
		m, _ := help.of(n)
		texts[n] = m.Help
	}
	q.search(ctx, texts, help, min(o.Limit, MaxDetailed))
	return a, ctx.Err()
}

// An asker collects one answer.
type asker struct {
	Source
	guide  *metrics.Guide
	names  []string // of all metrics of the server
	at     time.Time
	answer *Answer
}

// note notes what failed.
func (q *asker) note(what string, err error) {
	var e *promapi.Error
	text := err.Error()
	if errors.As(err, &e) {
		text = e.Message
	}
	q.answer.Notes = append(q.answer.Notes, what+": "+outside.Said(text, maxText))
}

// fail notes which query failed.
func (q *asker) fail(what string, err error) {
	q.note(what, err)
	q.answer.Incomplete = true
}

// search fills the answer with the metrics that fit.
func (q *asker) search(ctx context.Context, texts map[string]string, help meta, limit int) {
	a := q.answer
	var there []string
	hits := q.guide.Search(a.Words, texts)
	for _, h := range hits {
		if h.Absent {
			if len(a.Words) > 0 && len(a.Absent) < maxNear {
				a.Absent = append(a.Absent, q.missing(h.Name))
			}
			continue
		}
		there = append(there, h.Name)
	}
	a.Matched = len(there)
	detailed := there[:min(limit, len(there))]
	for _, name := range detailed {
		a.Metrics = append(a.Metrics, q.describe(name, help))
	}
	q.measure(ctx, detailed)
	for _, name := range there[len(detailed):min(len(there), len(detailed)+maxMore)] {
		a.More = append(a.More, outside.Said(name, maxName))
	}
	if len(there) == 0 && len(a.Words) > 0 {
		q.nearest()
	}
}

// nearest says which metrics are like the one that the server does not have.
func (q *asker) nearest() {
	a := q.answer
	if len(a.Words) != 1 {
		return
	}
	name := a.Words[0]
	near := metrics.Nearest(name, q.names, maxNear)
	if k := q.guide.Metric(name); k != nil {
		a.Absent = []Missing{q.missing(name)}
		near = slices.DeleteFunc(slices.Clone(k.Near), func(n string) bool {
			return !slices.Contains(q.names, n)
		})
	}
	for _, n := range near {
		a.Nearest = append(a.Nearest, outside.Said(n, maxName))
	}
	if len(a.Absent) == 0 && q.guide.Exporter(name) != nil {
		a.Absent = append(a.Absent, q.missing(name))
	}
}

// missing describes a metric that the server does not have.
func (q *asker) missing(name string) Missing {
	m := Missing{Name: outside.Said(name, maxName)}
	if e := q.guide.Exporter(name); e != nil {
		m.Exporter, m.Get = e.Name, e.Get
		m.Running = slices.ContainsFunc(q.names, func(n string) bool {
			return strings.HasPrefix(n, e.Prefix)
		})
	}
	if k := q.guide.Metric(name); k != nil {
		m.When, m.Absent = k.When, k.Absent
	}
	return m
}

// describe returns a metric with all that is known without its series.
func (q *asker) describe(name string, help meta) Metric {
	m := Metric{
		Name: outside.Said(name, maxName), Jobs: []string{},
		Min: series.Number(math.NaN()), Max: series.Number(math.NaN()),
	}
	said, family := help.of(name)
	m.Type, m.Help = said.Type, said.Help
	if m.Type == "unknown" {
		m.Type = ""
	}
	if k := q.guide.Metric(name); k != nil {
		if m.Type == "" && k.Type != "unknown" {
			m.Type = k.Type
		}
		m.Verdict, m.Source, m.Unit = k.Verdict, k.Source, k.Unit
		m.Is, m.Not, m.When, m.Query, m.Near = k.Is, k.Mistaken, k.When, k.Query, k.Near
		return m
	}
	if e := q.guide.Exporter(name); e != nil {
		m.Source = e.Name
	}
	m.Unit = unitOf(name, said)
	if m.Name == name {
		m.Query = example(name, m.Type, family)
	}
	return m
}

// measure asks for the series and the values of the metrics in the answer, whose names are names.
func (q *asker) measure(ctx context.Context, names []string) {
	if len(names) == 0 {
		return
	}
	place := map[string]int{}
	quoted := make([]string, len(names))
	for i, name := range names {
		place[name], quoted[i] = i, regexp.QuoteMeta(name)
	}
	selector := fmt.Sprintf("{__name__=~%q}", strings.Join(quoted, "|"))
	ask := func(expr, what string, each func(m *Metric, s promapi.Sample)) {
		samples, _, err := q.Instant(ctx, promapi.Instant{Expr: expr, Time: q.at})
		if err != nil {
			q.fail(what, err)
			return
		}
		for _, s := range samples {
			if i, ok := place[s.Labels.Get("__name__")]; ok {
				each(&q.answer.Metrics[i], s)
			}
		}
	}
	ask("count by (__name__, job) ("+selector+")", "counting series",
		func(m *Metric, s promapi.Sample) {
			m.Series += int(s.Value)
			m.addJob(s.Labels.Get("job"))
		})
	ask("min by (__name__) ("+selector+")", "reading the lowest values",
		func(m *Metric, s promapi.Sample) { m.Min = series.Number(s.Value) })
	ask("max by (__name__) ("+selector+")", "reading the highest values",
		func(m *Metric, s promapi.Sample) { m.Max = series.Number(s.Value) })
}

// addJob adds a job. Series of a recording rule have none.
func (m *Metric) addJob(job string) {
	switch job = outside.Said(job, maxName); {
	case job == "", slices.Contains(m.Jobs, job):
	case len(m.Jobs) == maxJobs:
		m.JobsMore++
	default:
		m.Jobs = append(m.Jobs, job)
		slices.Sort(m.Jobs)
	}
}
