package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// buildVersion is the version of Prometheus that this engine comes from.
const buildVersion = "3.15.0"

// maxForm bounds the body of a POST.
const maxForm = 4 << 20

// api answers Prometheus' HTTP API v1. Its errors, codes and messages are those of Prometheus
// (https://prometheus.io/docs/prometheus/latest/querying/api/), because clients depend on them.
type api struct{ lab *Lab }

// failure is an error with the type and code of its answer.
type failure struct {
	kind string
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }

func badData(err error) error { return &failure{"bad_data", http.StatusBadRequest, err} }

func badParam(name string, err error) error {
	return badData(fmt.Errorf("invalid parameter %q: %w", name, err))
}

// answer is a handler's result: data and notes about it.
type answer struct {
	data  any
	notes annotations.Annotations
	query string // the query that notes refer to
	done  func() // releases data after it is written; may be nil
}

func newAPI(l *Lab) http.Handler {
	a := &api{l}
	mux := http.NewServeMux()
	handle := func(pattern string, h func(r *http.Request) (answer, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				respondError(w, badData(fmt.Errorf("error parsing form values: %w", err)))
				return
			}
			got, err := h(r)
			if err != nil {
				respondError(w, err)
				return
			}
			respond(w, got)
			if got.done != nil {
				got.done()
			}
		})
	}
	for _, method := range []string{"GET", "POST"} {
		handle(method+" /api/v1/query", a.query)
		handle(method+" /api/v1/query_range", a.queryRange)
		handle(method+" /api/v1/labels", a.labelNames)
		handle(method+" /api/v1/series", a.series)
	}
	handle("GET /api/v1/label/{name}/values", a.labelValues)
	handle("GET /api/v1/metadata", a.metadata)
	handle("GET /api/v1/targets", a.targets)
	handle("GET /api/v1/rules", a.rules)
	handle("GET /api/v1/alerts", a.alerts)
	handle("GET /api/v1/status/buildinfo", a.buildInfo)
	handle("GET /api/v1/status/config", a.config)
	handle("GET /api/v1/status/flags", a.flags)
	mux.HandleFunc("GET /api/v2/alerts", a.managed)
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, text) }
	}
	mux.HandleFunc("GET /-/ready", say("Prometheus Server is Ready."))
	mux.HandleFunc("GET /-/healthy", say("Prometheus Server is Healthy."))
	mux.HandleFunc("GET /{$}", say("promlab: a simulated cluster behind Prometheus' HTTP API, "+
		"under /api/v1/."))
	return mux
}

// query answers /api/v1/query.
func (a *api) query(r *http.Request) (answer, error) {
	at, err := timeParam(r, "time", a.lab.now())
	if err != nil {
		return answer{}, err
	}
	return a.run(r, func(ctx context.Context) (promql.Query, error) {
		return a.lab.engine.NewInstantQuery(ctx, a.lab, nil, r.FormValue("query"), at)
	})
}

// queryRange answers /api/v1/query_range.
func (a *api) queryRange(r *http.Request) (answer, error) {
	start, err := parseTime(r.FormValue("start"))
	if err != nil {
		return answer{}, badParam("start", err)
	}
	end, err := parseTime(r.FormValue("end"))
	if err != nil {
		return answer{}, badParam("end", err)
	}
	if end.Before(start) {
		return answer{}, badParam("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err != nil {
		return answer{}, badParam("step", err)
	}
	if step <= 0 {
		return answer{}, badParam("step", errors.New("zero or negative query resolution step "+
			"widths are not accepted. Try a positive integer"))
	}
	if end.Sub(start)/step > 11000 {
		return answer{}, badData(errors.New("exceeded maximum resolution of 11,000 points per " +
			"timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return a.run(r, func(ctx context.Context) (promql.Query, error) {
		return a.lab.engine.NewRangeQuery(ctx, a.lab, nil, r.FormValue("query"), start, end, step)
	})
}

// run executes a query with the request's timeout and limit.
func (a *api) run(r *http.Request,
	make func(context.Context) (promql.Query, error)) (answer, error) {
	limit, err := limitParam(r)
	if err != nil {
		return answer{}, err
	}
	ctx := r.Context()
	if s := r.FormValue("timeout"); s != "" {
		timeout, err := parseDuration(s)
		if err != nil {
			return answer{}, badParam("timeout", err)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	q, err := make(ctx)
	if err != nil {
		return answer{}, badParam("query", err)
	}
	result := q.Exec(ctx)
	if result.Err != nil {
		q.Close()
		return answer{}, queryFailure(result.Err)
	}
	got := answer{
		data: queryData{result.Value}, notes: result.Warnings, query: r.FormValue("query"),
		done: q.Close,
	}
	truncated := false
	switch v := result.Value.(type) {
	case promql.Matrix:
		if limit > 0 && len(v) > limit {
			got.data, truncated = queryData{v[:limit]}, true
		}
	case promql.Vector:
		if limit > 0 && len(v) > limit {
			got.data, truncated = queryData{v[:limit]}, true
		}
	}
	if truncated {
		got.notes.Add(errTruncated)
	}
	return got, nil
}

var errTruncated = errors.New("results truncated due to limit")

// queryFailure returns an engine's error with its type and code.
func queryFailure(err error) error {
	var (
		canceled promql.ErrQueryCanceled
		timeout  promql.ErrQueryTimeout
		stored   promql.ErrStorage
	)
	switch {
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		return &failure{"canceled", 499, err} // nginx' code for a client that left
	case errors.As(err, &timeout):
		return &failure{"timeout", http.StatusServiceUnavailable, err}
	case errors.As(err, &stored):
		return &failure{"internal", http.StatusInternalServerError, err}
	}
	return &failure{"execution", http.StatusUnprocessableEntity, err}
}

// selection is what labels, label values and series have in common: selectors, a time range and a
// limit.
type selection struct {
	querier   storage.Querier
	selectors [][]*labels.Matcher
	limit     int
}

func (a *api) selection(r *http.Request, needed bool) (selection, error) {
	s := selection{}
	if needed && len(r.Form["match[]"]) == 0 {
		return s, badData(errors.New("no match[] parameter provided"))
	}
	var err error
	if s.limit, err = limitParam(r); err != nil {
		return s, err
	}
	start, err := timeParam(r, "start", timestamp.Time(ever))
	if err != nil {
		return s, err
	}
	end, err := timeParam(r, "end", timestamp.Time(forever))
	if err != nil {
		return s, err
	}
	if s.selectors, err = a.lab.parser.ParseMetricSelectors(r.Form["match[]"]); err != nil {
		return s, badParam("match[]", err)
	}
	for _, matchers := range s.selectors {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return s, badParam("match[]",
				errors.New("match[] must contain at least one non-empty matcher"))
		}
	}
	if len(s.selectors) == 0 {
		s.selectors = [][]*labels.Matcher{nil}
	}
	last := min(timestamp.FromTime(end), timestamp.FromTime(a.lab.now()))
	s.querier, err = a.lab.Querier(timestamp.FromTime(start), last)
	return s, err
}

// strings merges the results of all selectors, sorted and within the limit.
func (s selection) strings(find func(matchers []*labels.Matcher) ([]string, annotations.Annotations,
	error)) (answer, error) {
	found := map[string]struct{}{}
	for _, matchers := range s.selectors {
		some, _, err := find(matchers)
		if err != nil {
			return answer{}, queryFailure(err)
		}
		for _, v := range some {
			found[v] = struct{}{}
		}
	}
	all, notes := sortedKeys(found), annotations.Annotations{}
	if s.limit > 0 && len(all) > s.limit {
		all = all[:s.limit]
		notes.Add(errTruncated)
	}
	return answer{data: all, notes: notes}, nil
}

// labelNames answers /api/v1/labels.
func (a *api) labelNames(r *http.Request) (answer, error) {
	s, err := a.selection(r, false)
	if err != nil {
		return answer{}, err
	}
	return s.strings(func(m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return s.querier.LabelNames(r.Context(), nil, m...)
	})
}

// labelValues answers /api/v1/label/<name>/values.
func (a *api) labelValues(r *http.Request) (answer, error) {
	name := r.PathValue("name")
	if !model.UTF8Validation.IsValidLabelName(name) {
		return answer{}, badData(fmt.Errorf("invalid label name: %q", name))
	}
	s, err := a.selection(r, false)
	if err != nil {
		return answer{}, err
	}
	return s.strings(func(m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return s.querier.LabelValues(r.Context(), name, nil, m...)
	})
}

// series answers /api/v1/series.
func (a *api) series(r *http.Request) (answer, error) {
	s, err := a.selection(r, true)
	if err != nil {
		return answer{}, err
	}
	all := seriesData{}
	for _, matchers := range s.selectors {
		set := s.querier.Select(r.Context(), true, nil, matchers...)
		for set.Next() {
			all = append(all, set.At().Labels())
		}
		if set.Err() != nil {
			return answer{}, queryFailure(set.Err())
		}
	}
	slices.SortFunc(all, labels.Compare)
	all = slices.CompactFunc(all, labels.Equal)
	notes := annotations.Annotations{}
	if s.limit > 0 && len(all) > s.limit {
		all = all[:s.limit]
		notes.Add(errTruncated)
	}
	return answer{data: all, notes: notes}, nil
}

func timeParam(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	s := r.FormValue(name)
	if s == "" {
		return otherwise, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return t, badParam(name, fmt.Errorf("invalid time value for '%s': %w", name, err))
	}
	return t, nil
}

// parseTime reads Unix seconds, with a fraction, or RFC 3339.
func parseTime(s string) (time.Time, error) {
	if v, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(v) < float64(forever/1000) {
		return timestamp.Time(int64(math.Round(v * 1000))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", s)
}

// parseDuration reads seconds, with a fraction, or a duration as Prometheus writes it (5m, 1h30m).
func parseDuration(s string) (time.Duration, error) {
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		if ns := v * float64(time.Second); math.Abs(ns) < math.MaxInt64 {
			return time.Duration(ns), nil
		}
		return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", s)
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
	}
	return time.Duration(d), nil
}

func limitParam(r *http.Request) (int, error) {
	s := r.FormValue("limit")
	if s == "" {
		return 0, nil
	}
	limit, err := strconv.Atoi(s)
	if err == nil && limit < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, badParam("limit", err)
	}
	return limit, nil
}

func respondError(w http.ResponseWriter, err error) {
	f := &failure{"internal", http.StatusInternalServerError, err}
	errors.As(err, &f)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.code)
	j := jsonWriter{w: bufio.NewWriter(w)}
	j.raw(`{"status":"error","errorType":`)
	j.string(f.kind)
	j.raw(`,"error":`)
	j.string(f.Error())
	j.raw(`}`)
	_ = j.w.Flush() // a client that left needs no error
}
