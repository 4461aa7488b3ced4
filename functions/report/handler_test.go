package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

var now = time.Date(2026, 11, 22, 9, 0, 42, 5, time.UTC)

func TestParseEvent(t *testing.T) {
	minute := now.Truncate(time.Minute)
	for in, want := range map[string]order{
		``: {slot: minute}, `null`: {slot: minute}, `{}`: {slot: minute},
		`{"config": "s3://b/k", "reports": ["daily"], "time": "2026-11-22T09:00:00Z"}`: {
			config: "s3://b/k", reports: []string{"daily"}, slot: minute, exact: true,
		},
		`{"time": "2026-11-22T18:00:00+09:00"}`: {slot: minute, exact: true},
		`{"step": "plan", "reports": ["daily"], "time": "2026-11-22T09:00:00Z"}`: {
			reports: []string{"daily"}, slot: minute, exact: true, step: stepPlan,
		},
		`{"step": "map", "reports": ["daily"], "time": "2026-11-22T09:00:00Z", "cluster": "a"}`: {
			reports: []string{"daily"}, slot: minute, exact: true, step: stepMap, cluster: "a",
		},
		// two clocks
		`{"time": "2026-11-22T09:01:10Z"}`: {
			slot: time.Date(2026, 11, 22, 9, 1, 10, 0, time.UTC), exact: true,
		},
		`{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1","time":"2026-11-22T09:00:03Z","region":"eu-west-1","resources":["arn:aws:events:eu-west-1:1:rule/promsnap"],"detail":{}}`: {slot: minute},
	} {
		got, err := parseEvent([]byte(in), now)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	const at = "2026-11-22T09:00:00Z"
	for in, says := range map[string]string{
		`{"step": "walk", "reports": ["daily"]}`:                  "write plan, map or reduce",
		`{"cluster": "a"}`:                                        "write plan, map or reduce",
		`{"step": "plan"}`:                                        "names 0 reports; the step plan needs one",
		`{"step": "plan", "reports": ["a", "b"]}`:                 "names 2 reports",
		`{"step": "map", "reports": ["a"], "time": "` + at + `"}`: "must name a cluster",
		`{"step": "plan", "reports": ["a"], "cluster": "b"}`:      "must name a cluster",
		`{"step": "reduce", "reports": ["a"]}`:                    "needs the time of its plan",
		`{"step": "map", "reports": ["a"], "cluster": "b"}`:       "needs the time of its plan",
		`[]`: "cannot be read", `{"reports": "daily"}`: "cannot be read",
		`{"Zeit": ""}`: `unknown field "Zeit"`, `{} {}`: "more than one JSON value",
		`{"time": "09:00"}`:                                            "is not a time",
		`{"time": "2026-11-22T10:00:00Z"}`:                             "is in the future",
		`{"time": "0001-01-01T00:00:00Z"}`:                             "out of range",
		`{"detail-type": "Scheduled Event", "time": "x"}`:              "is not a time",
		`{"config": "` + strings.Repeat("a", maxEvent) + `"}`:          "more than 64 KiB",
		`{"reports": [` + strings.Repeat(`"a",`, maxReports) + `"a"]}`: "more than 100 reports",
	} {
		if got, err := parseEvent([]byte(in), now); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%.80s: %+v, %v; want %q", in, got, err, says)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"reports": ["a"], "time": "2026-11-22T09:00:00Z"}`,
		`{"detail-type": "x", "time": "2026-11-22T09:00:00Z"}`, `[`, `{"time": 1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := parseEvent(raw, now)
		if err == nil && (o.slot.IsZero() || o.slot.After(now.Add(time.Minute)) ||
			len(o.reports) > maxReports) {
			t.Errorf("%s: got %+v, want a slot by %v and at most %d reports", raw, o,
				now.Add(time.Minute), maxReports)
		}
	})
}

// in returns a handler whose package contains a configuration.
func in(t *testing.T, prometheus string) (*handler, *bytes.Buffer, string) {
	t.Helper()
	root, log := t.TempDir(), &bytes.Buffer{}
	text := "version: 1\ncluster: prod\nprometheus: {url: '" + prometheus +
		"'}\nreports: [{name: daily, range: 1h, receivers: [a], panels: [{use: node-memory}]}]\n" +
		"receivers: [{name: a, dir: {path: out}}]\nstate: {dir: state}\n"
	if err := os.WriteFile(filepath.Join(root, "promsnap.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string { return map[string]string{"LAMBDA_TASK_ROOT": root}[name] }
	clock := func() time.Time { return now }
	return &handler{
		version: "test", getenv: getenv, now: clock, log: slog.New(slog.NewJSONHandler(log, nil)),
		reading: app.ConfigOptions(getenv, clock), loading: time.Minute,
	}, log, root
}

func TestPanicIsAResult(t *testing.T) {
	h, log, _ := in(t, "http://127.0.0.1:1")
	h.now = func() time.Time { panic("the clock stands") }
	got, err := h.report(context.Background(), json.RawMessage(`{}`))
	if err != nil || got.Verdict != verdictFailed ||
		!strings.Contains(got.Error, "internal error (please report it): the clock stands") {
		t.Errorf("got %+v, %v; want a failed result", got, err)
	}
	if !strings.Contains(log.String(), "handler_test.go") ||
		!strings.Contains(log.String(), `"msg":"run ends","reports":null,"verdict":"failed"`) {
		t.Errorf("got the log %s, want the end of the run", log)
	}
}

func TestAFailedQueryIsAResult(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	h, log, root := in(t, s.URL)
	got, err := h.report(context.Background(),
		json.RawMessage(`{"reports": ["daily"], "time": "2026-11-22T09:00:00Z"}`))
	if err != nil || got.Verdict != verdictFailed || len(got.Reports) != 1 ||
		len(got.Reports[0].Failures) != 1 || len(got.Reports[0].Delivered) != 1 {
		t.Errorf("got %+v, %v; want one failure and one delivery", got, err)
	}
	page, err := os.ReadFile(filepath.Join(root, "out", "daily", "20261122T090000Z", "index.html"))
	if err != nil ||
		!bytes.Contains(page, []byte("promsnap run daily -c promsnap.yaml --time "+
			"2026-11-22T09:00:00Z")) {
		t.Errorf("got the report (%v)\n%s\nwant in it the command that runs it again", err, page)
	}
	if !strings.Contains(log.String(), `"verdict":"failed"`) {
		t.Errorf("got the log %s, want the verdict failed", log)
	}
}

// counted returns the metrics of the SAM template that count a line of the log. It reads the
// patterns as CloudWatch does.
func counted(t *testing.T, line map[string]any) []string {
	t.Helper()
	template, err := os.ReadFile("../../deploy/lambda/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	filters := regexp.MustCompile(
		`FilterPattern: (?:!Sub )?'\{ (.*) \}'\s+MetricTransformations:\s+- .*MetricName: !Sub "\$\{AWS::StackName\}-([a-z-]+)"`).FindAllStringSubmatch(string(template), -1)
	if len(filters) != 3 {
		t.Fatalf("got %d filters, want 3", len(filters))
	}
	var out []string
	for _, f := range filters {
		all := true
		for term := range strings.SplitSeq(strings.NewReplacer("${CheckReport}", "check",
			"${DailyReport}", "daily").Replace(f[1]), " && ") {
			m := regexp.MustCompile(`^\$\.(\w+) (!?=) "([^"]*)"$`).FindStringSubmatch(term)
			if m == nil {
				t.Fatalf("got the term %s, want one that this test can read", term)
			}
			all = all && (line[m[1]] == m[3]) == (m[2] == "=")
		}
		if all {
			out = append(out, f[2])
		}
	}
	return out
}

// list returns the array of a line at a key; none if it is null.
func list(v any) []any {
	out, _ := v.([]any)
	return out
}

// The alarms count what the function logs: a report by its name, even if another report of the run
// failed, and each run that failed.
func TestAlarms(t *testing.T) {
	named := func(name string) reportResult { return reportResult{Brief: app.Brief{Name: name}} }
	done, failed := named("daily"), named("check")
	failed.Failures = []string{"nodes: down"}
	for name, tc := range map[string]struct {
		order   order
		out     result
		err     error
		want    []string
		reports string
	}{
		"both well": {
			order{}, result{Verdict: verdictOK, Reports: []reportResult{done, named("check")}}, nil,
			[]string{"daily-ok", "check-ok"}, "daily check",
		},
		"one failed": {
			order{}, result{Verdict: verdictFailed, Reports: []reportResult{done, failed}}, nil,
			[]string{"daily-ok", "failed"}, "daily check",
		},
		"left to another": {
			order{}, result{
				Verdict: verdictOK, Reports: []reportResult{
					{Brief: app.Brief{Name: "daily", ClaimedBy: "run"}},
				},
			}, errors.New("x"), []string{"failed"}, "daily",
		},
		"not delivered": {
			order{}, result{
				Verdict: verdictFailed, Reports: []reportResult{
					{Brief: app.Brief{Name: "daily", Error: "x"}},
				},
			}, errors.New("x"), []string{"failed"}, "daily",
		},
		"refused": {
			order{reports: []string{"daily"}}, result{Verdict: verdictRefused}, nil,
			[]string{"failed"}, "daily",
		},
		"nothing was asked": {
			order{}, result{Verdict: verdictRefused}, nil, []string{"failed"}, "",
		},
	} {
		var log bytes.Buffer
		logEnd(slog.New(slog.NewJSONHandler(&log, nil)), tc.order, tc.out, tc.err)
		var got, reports []string
		for text := range strings.Lines(log.String()) {
			var line map[string]any
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			got = append(got, counted(t, line)...)
			if line["msg"] == "run ends" {
				for _, r := range list(line["reports"]) {
					reports = append(reports, r.(string))
				}
			}
		}
		if !slices.Equal(got, tc.want) || strings.Join(reports, " ") != tc.reports {
			t.Errorf("%s: the alarms count %v of %v, want %v of %s", name, got, reports, tc.want,
				tc.reports)
		}
	}
}

// The configuration in docs/lambda.md is valid.
func TestDocumentedConfiguration(t *testing.T) {
	doc, err := os.ReadFile("../../docs/lambda.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)   ```yaml\n(.*?)   ```").FindSubmatch(doc)
	if block == nil {
		t.Fatal("docs/lambda.md: got no YAML block, want a configuration")
	}
	cfg, err := config.Load("promsnap.yaml", block[1], app.ConfigOptions(func(string) string {
		return ""
	}, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Prometheus.SigV4 == nil || len(cfg.Reports) != 2 || cfg.State.S3 == nil {
		t.Errorf("got %+v, want SigV4, two reports and the state in S3", cfg)
	}
}

func TestRetryableErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		err                  error
		passing, undelivered bool
	}{
		"passing":   {&cloud.Error{Trouble: cloud.Passing, Err: errors.New("x")}, true, true},
		"lasting":   {&cloud.Error{Trouble: cloud.Lasting, Err: errors.New("x")}, false, true},
		"refused":   {&notify.RefusedError{Err: errors.New("x")}, false, false},
		"later":     {&notify.RetryError{Err: errors.New("x")}, false, true},
		"too late":  {&notify.LateError{Err: errors.New("x")}, false, true},
		"not known": {errors.New("the answer was lost"), false, true},
		"none":      {nil, false, false},
	} {
		if passing(tc.err) != tc.passing || undelivered(tc.err) != tc.undelivered {
			t.Errorf("%s: got passing %v, undelivered %v; want %v, %v", name, passing(tc.err),
				undelivered(tc.err), tc.passing, tc.undelivered)
		}
	}
}

// The function reads a file in the same way as the command, wherever it is. The acceptance tests
// compare what both deliver.
func TestTheConfigurationIsTheCommands(t *testing.T) {
	const dir = "../../internal/config/testdata/good"
	text, err := os.ReadFile(filepath.Join(dir, "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	stores(t, string(text))
	getenv := func(name string) string {
		return map[string]string{
			"LAMBDA_TASK_ROOT": dir, "PROMSNAP_CONFIG": "full.yaml", "PROMETHEUS_PASSWORD": "x",
		}[name]
	}
	clock := func() time.Time { return now }
	h := &handler{
		getenv: getenv, now: clock, reading: app.ConfigOptions(getenv, clock), loading: time.Minute,
	}
	// as a test of cmd/promsnap ensures
	commands, err := config.LoadFile(t.Context(), filepath.Join(dir, "full.yaml"),
		app.ConfigOptions(getenv, clock))
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		// secrets are read when they are used
		cmp.Comparer(func(a, b secret.String) bool { return a.IsZero() == b.IsZero() }),
		cmp.Comparer(func(a, b config.HTTP) bool {
			return reflect.DeepEqual(a.Client(), b.Client())
		}),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b *labels.Matcher) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b func(time.Time) bool) bool { return (a == nil) == (b == nil) }),
	}
	for _, from := range []string{
		"", "full.yaml", "s3://reports/promsnap/promsnap.yaml", "ssm:/promsnap/config",
	} {
		its, err := h.load(t.Context(), from)
		if err != nil {
			t.Fatalf("%q: %v", from, err)
		}
		if diff := cmp.Diff(commands, its, same); diff != "" {
			t.Errorf("%q: diff (-want as in the command, +got in the function):\n%s", from, diff)
		}
		its.Reports[0].Range++ // a difference must be found
		if cmp.Equal(commands, its, same) {
			t.Error("got no difference, want one")
		}
	}
}
