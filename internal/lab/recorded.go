package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"go.yaml.in/yaml/v3"
)

const (
	maxRecording = 64 << 20 // bytes of a file
	maxRecorded  = 1 << 20  // samples of one series
)

// Recording is a file of series in the notation of promtool's unit tests: interval and input_series
// with values. The first sample of every series is at Start.
type Recording struct {
	// from a line "# start: 1773120600" in Unix seconds; by default the Unix epoch
	Start    time.Time
	Interval time.Duration
	End      time.Time // of the newest sample

	series []recordedSeries // by labels
}

type recordedSeries struct {
	lset    labels.Labels
	samples []chunks.Sample // by time
}

// recordingFile holds the keys that a Recording is read from. Other keys are ignored.
type recordingFile struct {
	Interval model.Duration `yaml:"interval"`
	Input    []struct {
		Series yaml.Node `yaml:"series"`
		Values string    `yaml:"values"`
	} `yaml:"input_series"`
}

var (
	startLine = regexp.MustCompile(`(?m)^# start:\s*(\d{1,12})\s*$`)
	repeats   = regexp.MustCompile(`x(\d+)`)
)

// ReadRecording reads a file of series. Its error names the line.
func ReadRecording(from io.Reader) (*Recording, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxRecording+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxRecording {
		return nil, fmt.Errorf("the file is larger than %d MiB", maxRecording>>20)
	}
	var file recordingFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if len(file.Input) == 0 {
		return nil,
			errors.New("input_series is missing: write it as in a unit test of promtool")
	}
	r := &Recording{Start: time.Unix(0, 0).UTC(), Interval: time.Duration(file.Interval)}
	if r.Interval <= 0 {
		return nil, errors.New("interval is missing: write the time between two samples, such " +
			"as interval: 60s")
	}
	if m := startLine.FindSubmatch(text); m != nil {
		seconds, _ := strconv.ParseInt(string(m[1]), 10, 64) // twelve digits are in range
		r.Start = time.Unix(seconds, 0).UTC()
	}
	r.End = r.Start
	p := newParser()
	for _, in := range file.Input {
		s, err := r.read(p, in.Series.Value, in.Values)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", in.Series.Line, err)
		}
		r.series = append(r.series, s)
	}
	slices.SortFunc(r.series, func(a, b recordedSeries) int {
		return labels.Compare(a.lset, b.lset)
	})
	for i := 1; i < len(r.series); i++ {
		if labels.Equal(r.series[i-1].lset, r.series[i].lset) {
			return nil, fmt.Errorf("the series %s is listed twice", r.series[i].lset)
		}
	}
	return r, nil
}

// WriteText writes the samples as lines of Prometheus' text format with their times in
// milliseconds, to be sent to a real server. It omits histograms and staleness markers.
func (r *Recording) WriteText(to io.Writer) error {
	w := bufio.NewWriter(to)
	for _, s := range r.series {
		name := s.lset.Get(model.MetricNameLabel)
		rest := labels.NewBuilder(s.lset).Del(model.MetricNameLabel).Labels().String()
		for _, x := range s.samples {
			if x.FH() == nil && !math.IsNaN(x.F()) {
				fmt.Fprintf(w, "%s%s %s %d\n", name, rest, strconv.FormatFloat(x.F(), 'g', -1, 64),
					x.T())
			}
		}
	}
	return w.Flush()
}

// read parses one series and its values.
func (r *Recording) read(p parser.Parser, name, values string) (recordedSeries, error) {
	for _, m := range repeats.FindAllStringSubmatch(values, -1) {
		if n, err := strconv.Atoi(m[1]); err != nil || n > maxRecorded {
			return recordedSeries{}, fmt.Errorf("%s repeats more than %d times", m[0], maxRecorded)
		}
	}
	lset, all, err := p.ParseSeriesDesc(name + " " + values)
	if err != nil {
		return recordedSeries{}, err
	}
	s := recordedSeries{lset: lset}
	for i, v := range all {
		if v.Omitted {
			continue
		}
		at := r.Start.Add(time.Duration(i) * r.Interval)
		s.samples = append(s.samples, recordedSample{at.UnixMilli(), v.Value, v.Histogram})
		if at.After(r.End) {
			r.End = at
		}
	}
	return s, nil
}

// recordedSample is one sample of a recording.
type recordedSample struct {
	t  int64
	f  float64
	fh *histogram.FloatHistogram
}

// T implements chunks.Sample, like the methods below.
func (s recordedSample) T() int64                      { return s.t }
func (s recordedSample) ST() int64                     { return 0 }
func (s recordedSample) F() float64                    { return s.f }
func (s recordedSample) H() *histogram.Histogram       { return nil }
func (s recordedSample) FH() *histogram.FloatHistogram { return s.fh }
func (s recordedSample) Copy() chunks.Sample           { return s }
func (s recordedSample) Type() chunkenc.ValueType {
	if s.fh != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

// replay implements storage.Querier for the series of a recording up to end.
type replay struct {
	r          *Recording
	mint, maxt int64
}

func (q replay) find(matchers []*labels.Matcher, each func(recordedSeries)) {
	for _, s := range q.r.series {
		if !matchAll(s.lset, matchers) {
			continue
		}
		from, _ := slices.BinarySearchFunc(s.samples, q.mint, bySampleTime)
		to, _ := slices.BinarySearchFunc(s.samples, q.maxt+1, bySampleTime)
		if from < to {
			each(recordedSeries{s.lset, s.samples[from:to]})
		}
	}
}

func bySampleTime(s chunks.Sample, t int64) int {
	switch at := s.T(); {
	case at < t:
		return -1
	case at > t:
		return 1
	}
	return 0
}

// Select implements storage.Querier. The series are sorted.
func (q replay) Select(_ context.Context, _ bool, _ *storage.SelectHints,
	matchers ...*labels.Matcher) storage.SeriesSet {
	set := &recordedSet{at: -1}
	q.find(matchers, func(s recordedSeries) {
		set.all = append(set.all, storage.NewListSeries(s.lset, s.samples))
	})
	return set
}

// LabelValues implements storage.Querier.
func (q replay) LabelValues(_ context.Context, name string, _ *storage.LabelHints,
	matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := map[string]struct{}{}
	q.find(matchers, func(s recordedSeries) {
		if v := s.lset.Get(name); v != "" {
			values[v] = struct{}{}
		}
	})
	return sortedKeys(values), nil, nil
}

// LabelNames implements storage.Querier.
func (q replay) LabelNames(_ context.Context, _ *storage.LabelHints,
	matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := map[string]struct{}{}
	q.find(matchers, func(s recordedSeries) {
		s.lset.Range(func(l labels.Label) { names[l.Name] = struct{}{} })
	})
	return sortedKeys(names), nil, nil
}

// Close implements storage.Querier.
func (replay) Close() error { return nil }

// recordedSet implements storage.SeriesSet.
type recordedSet struct {
	all []storage.Series
	at  int
}

// Next implements storage.SeriesSet, like the methods below.
func (s *recordedSet) Next() bool                      { s.at++; return s.at < len(s.all) }
func (s *recordedSet) At() storage.Series              { return s.all[s.at] }
func (*recordedSet) Err() error                        { return nil }
func (*recordedSet) Warnings() annotations.Annotations { return nil }

// metadata returns the names of the metrics. A recording has no types.
func (r *Recording) metadata() []metric {
	var all []metric
	for _, s := range r.series {
		name := s.lset.Get(model.MetricNameLabel)
		if len(all) > 0 && all[len(all)-1].name == name {
			continue
		}
		all = append(all, metric{name: name, kind: "unknown", synthetic: ownMetric(name)})
	}
	return all
}

// ownMetric reports whether Prometheus itself writes a metric for each target.
func ownMetric(name string) bool { return name == "up" || strings.HasPrefix(name, "scrape_") }

// scrapes returns the targets for /api/v1/targets: the series of up that exist at a time.
func (r *Recording) scrapes(now int64) []scrape {
	up := labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "up")
	var all []scrape
	replay{
		r, now - r.Interval.Milliseconds(), now,
	}.find([]*labels.Matcher{up}, func(s recordedSeries) {
		last := s.samples[len(s.samples)-1]
		if math.IsNaN(last.F()) {
			return // a staleness marker: the target is gone
		}
		x := scrape{
			url: "http://" + s.lset.Get("instance") + "/metrics", last: last.T(), up: last.F() != 0,
			labels: map[string]string{},
		}
		s.lset.Range(func(l labels.Label) {
			if l.Name != model.MetricNameLabel {
				x.labels[l.Name] = l.Value
			}
		})
		all = append(all, x)
	})
	return all
}
