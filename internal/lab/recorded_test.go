package lab

import (
	"context"
	"strings"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const recording = `# somebody's words
# start: 1773120600
interval: 60s
want: anything
input_series:
- series: 'up{job="a",instance="10.0.0.1:80"}'
  values: '1x3 0'
- series: 'up{job="a",instance="10.0.0.2:80"}'
  values: '1 1 stale'
- series: 'm{job="a"}'
  values: '_ 5+5x2'
`

func newRecording(t *testing.T, text string) *Recording {
	t.Helper()
	r, err := ReadRecording(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func replayed(t *testing.T, o Options) v1.API {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client(t, l)
}

func TestRecordingAnswers(t *testing.T) {
	r := newRecording(t, recording)
	start := time.Unix(1773120600, 0).UTC()
	if want := start.Add(4 * time.Minute); !r.Start.Equal(start) || !r.End.Equal(want) ||
		r.Interval != time.Minute {
		t.Errorf("got %v to %v, every %v; want %v to %v, every 1m", r.Start, r.End, r.Interval,
			start, want)
	}
	c, ctx := replayed(t, Options{Recording: r}), context.Background()

	for _, q := range []struct {
		expr string
		at   time.Duration
		want string
	}{
		{"m", 0, ""},
		{"m", time.Minute, `m{job="a"} => 5 @[1773120660]`},
		{"count(up)", time.Minute, `{} => 2 @[1773120660]`},
		{"count(up)", 2 * time.Minute, `{} => 1 @[1773120720]`}, // the marker ends a target at once
		{"m", 7 * time.Minute, `m{job="a"} => 15 @[1773121020]`},
		{"m", 8 * time.Minute, ""}, // beyond the lookback
	} {
		got, _, _, err := c.Query(ctx, q.expr, start.Add(q.at))
		if err != nil || got.String() != q.want {
			t.Errorf("%s after %v: got %v, %v; want %s", q.expr, q.at, got, err, q.want)
		}
	}
	v, _, _, err := c.QueryRange(ctx, "m", v1.Range{Start: start, End: r.End, Step: time.Minute})
	if err != nil || len(v.(model.Matrix)) != 1 || len(v.(model.Matrix)[0].Values) != 4 {
		t.Errorf("got %v, %v; want one series of four samples", v, err)
	}
	names, _, _, err := c.LabelValues(ctx, "__name__", nil, start, r.End)
	if err != nil || len(names) != 2 || names[0] != "m" {
		t.Errorf("got the metrics %v, %v; want m and up", names, err)
	}
	meta, err := c.Metadata(ctx, "", "")
	if err != nil || len(meta) != 1 || meta["m"][0].Type != v1.MetricTypeUnknown {
		t.Errorf("got %v, %v; want metadata of m alone", meta, err)
	}
	targets, err := c.Targets(ctx)
	if err != nil || len(targets.Active) != 1 || targets.Active[0].Health != v1.HealthBad {
		t.Errorf("got %+v, %v; want one target, which is down", targets.Active, err)
	}
}

func TestRecordingEndsAtNow(t *testing.T) {
	r := newRecording(t, recording)
	c := replayed(t, Options{Recording: r, Now: r.Start.Add(time.Minute)})
	v, _, _, err := c.Query(context.Background(), "m", r.End)
	if want := `m{job="a"} => 5 @[1773120840]`; err != nil || v.String() != want {
		t.Errorf("got %v, %v; want %s", v, err, want)
	}
}

func TestRecordingRefuses(t *testing.T) {
	series := func(name, values string) string {
		return "interval: 1m\ninput_series:\n- series: '" + name + "'\n  values: '" + values + "'\n"
	}
	for _, c := range []struct{ text, says string }{
		{"", "input_series is missing"},
		{"interval: [", "line 1"},
		{"input_series: [{series: m, values: '1'}]", "interval: 60s"},
		{series("m{", "1"), "line 3"},
		{series("m", "1xx"), "line 3"},
		{series("m", "1x999999999"), "repeats more than"},
		{series("m", "1") + "- series: m\n  values: '2'\n", `{__name__="m"} is listed twice`},
	} {
		if _, err := ReadRecording(strings.NewReader(c.text)); err == nil ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: got %v, want an error with %q", c.text, err, c.says)
		}
	}
}

func TestRecordingWritesText(t *testing.T) {
	var out strings.Builder
	if err := newRecording(t, recording).WriteText(&out); err != nil {
		t.Fatal(err)
	}
	const want = `m{job="a"} 5 1773120660000
m{job="a"} 10 1773120720000
m{job="a"} 15 1773120780000
`
	if got := out.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 3+5+2 {
		t.Errorf("got\n%s\nwant ten lines that begin with\n%s", got, want)
	}
}
