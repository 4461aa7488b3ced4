package app

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/html"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Expand replaces the variables in a query as a panel with this range does. It returns an error if
// the answer would not be series, and if a variable has no value.
func (s *Source) Expand(expr string, rng time.Duration) (string, error) {
	p := s.cfg.Prometheus
	step, err := panel.Step(rng, 0, p.ScrapeInterval)
	if err != nil {
		return "", err
	}
	expr = panel.Expand(expr, panel.Vars{
		Step: step, ScrapeInterval: p.ScrapeInterval, Range: rng,
	})
	return expr, checkQuestion(expr)
}

// variableInQuery matches what is left of a variable.
var variableInQuery = regexp.MustCompile(`\$(\w+|\{\w+\})`)

// checkQuestion returns an error if the answer to an expanded query has no series. Where promsnap
// cannot parse a query, the server decides.
func checkQuestion(expr string) error {
	if strings.TrimSpace(expr) == "" {
		return errors.New("the query is empty; write PromQL, such as up")
	}
	e, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		if name := variableInQuery.FindString(expr); name != "" {
			return fmt.Errorf("the query has the variable %s, which has no value here; write the "+
				"value, or use $__rate_interval, $__interval or $__range", outside.Clip(name, 40))
		}
		return nil
	}
	switch e.Type() {
	case parser.ValueTypeMatrix:
		return fmt.Errorf("the query selects ranges of samples, and not one value at a time; put "+
			"a function around it, such as %s", around(e))
	case parser.ValueTypeString:
		return errors.New("the query is a text, which has no value; write a query that returns " +
			"series, such as up")
	}
	return nil
}

// around returns the query with a function around it that fits the metric.
func around(e parser.Expr) string {
	text := outside.Clip(e.String(), 200)
	names, _ := panel.MetricNames(e.String())
	for _, name := range names {
		if !strings.HasSuffix(name, "_total") && !strings.HasSuffix(name, "_count") &&
			!strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_bucket") {
			return "max_over_time(" + text + ")"
		}
	}
	return "rate(" + text + ")"
}

// Ask queries one panel, as a run queries the panels of a configuration, over Spec.Range to End. A
// failure is in the Panel. names are those of the series if the query has no legend.
func (s *Source) Ask(ctx context.Context, spec panel.Spec, names SeriesNames) snapshot.Panel {
	o := s.questionOptions()
	o.Range = spec.Range
	taken := snapshot.Take(ctx, s.client, []panel.Spec{spec}, o)
	snapshot.TakeHistory(ctx, s.client, taken, o, nil)
	names.nameSeries(&taken[0])
	return taken[0]
}

func (s *Source) questionOptions() snapshot.Options {
	p := s.cfg.Prometheus
	return snapshot.Options{
		Slot: s.o.Slot, QueryOffset: p.QueryOffset, ScrapeInterval: p.ScrapeInterval,
		MaxSeries: p.MaxSeries, Concurrency: p.Concurrency, Zone: s.Zone(),
	}
}

// Zone returns the zone of the times that a person reads: that of the first report.
func (s *Source) Zone() *time.Location {
	if len(s.cfg.Reports) == 0 || s.cfg.Reports[0].Zone == nil {
		return time.UTC
	}
	return s.cfg.Reports[0].Zone
}

// AskNow returns the samples of an expanded query at End. If there is none, missing are the metrics
// of the query that Prometheus does not have.
func (s *Source) AskNow(ctx context.Context, expr string) (samples []promapi.Sample,
	meta promapi.Meta, missing []string, err error) {
	end := s.End()
	samples, meta, err = s.client.Instant(ctx, promapi.Instant{
		Expr: expr, Time: end, Limit: s.cfg.Prometheus.MaxSeries,
	})
	if err != nil || len(samples) > 0 {
		return samples, meta, nil, err
	}
	names, err := panel.MetricNames(expr)
	if err != nil || len(names) == 0 {
		return nil, meta, nil, nil // the server knows more PromQL than promsnap
	}
	present, err := s.client.Present(ctx, names, end.Add(-questionLookback), end)
	if err != nil {
		return nil, meta, nil, fmt.Errorf("looking for the metrics of the query: %w", err)
	}
	for _, n := range names {
		if !present[n] {
			missing = append(missing, n)
		}
	}
	return nil, meta, missing, nil
}

// questionLookback is how long a metric is known after its newest sample.
const questionLookback = time.Hour

// Similar returns the names of metrics that Prometheus has and that are like those that it does not
// have, the nearest first and at most three for each. known is how many metrics it has.
func (s *Source) Similar(ctx context.Context, names []string,
	rng time.Duration) (near []string, known int, err error) {
	end := s.End()
	all, _, err := s.client.LabelValues(ctx, model.MetricNameLabel, promapi.Selection{
		Start: end.Add(-rng), End: end,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("listing the metrics: %w", err)
	}
	for _, name := range names {
		for _, n := range metrics.Nearest(name, all, 3) {
			if !slices.Contains(near, n) {
				near = append(near, n)
			}
		}
	}
	return near, len(all), nil
}

// Report returns a report with the panel of a question. command makes it again.
func (s *Source) Report(p snapshot.Panel, command string) *report.Report {
	return report.Build(s.questionInfo(&p, command), []snapshot.Panel{p})
}

// Page returns the report with the panel of a question as a page that needs no other file.
func (s *Source) Page(ctx context.Context, p snapshot.Panel, command string) ([]byte, error) {
	in := s.questionInfo(&p, command)
	// An error is ignored here: it is only the name of the server.
	server, _ := s.client.Server(ctx)
	in.Server = server.Name()
	page, _, err := html.Render(ctx, report.Build(in, []snapshot.Panel{p}))
	return page.Body, err
}

func (s *Source) questionInfo(p *snapshot.Panel, command string) report.Info {
	in := report.Info{
		Cluster: s.cfg.Cluster, Name: p.Spec.Name, Title: p.Spec.Title, Slot: s.o.Slot,
		Range: p.Spec.Range, Zone: s.Zone(), Version: s.o.Version, ServerURL: s.at,
		ExternalURL: s.cfg.Prometheus.ExternalURL, Scrape: s.cfg.Prometheus.ScrapeInterval,
		Font: s.font, Command: command, Question: true,
	}
	if len(s.cfg.Reports) > 0 {
		in.Language = s.cfg.Reports[0].Language
	}
	return in
}

// Picture draws the panel of a question as in a report: as SVG, else as PNG.
func (s *Source) Picture(p snapshot.Panel, svg bool) ([]byte, error) {
	in := s.questionInfo(&p, "")
	o := chart.Options{Zone: in.Zone, Language: in.Language, Font: in.Font, Scale: 2}
	if svg {
		return chart.SVG(&p, o)
	}
	return chart.PNG(&p, o)
}

// Terminal draws the panel of a question as text for a terminal.
func (s *Source) Terminal(p snapshot.Panel, o chart.TerminalOptions) string {
	in := s.questionInfo(&p, "")
	o.Zone, o.Language = in.Zone, in.Language
	return chart.Terminal(&p, o)
}
