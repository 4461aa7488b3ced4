package panel

import (
	"slices"
	"testing"

	"github.com/promsnap/promsnap/internal/units"
)

func TestGuessUnit(t *testing.T) {
	for _, c := range []struct {
		expr string
		want units.Unit // None: no guess
		from string
	}{
		{"node_memory_MemAvailable_bytes", units.Bytes, "node_memory_MemAvailable_bytes"},
		{
			"1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", units.PercentUnit,
			"node_memory_MemAvailable_bytes",
		},
		{
			"100 * (1 - node_memory_MemFree_bytes / node_memory_MemTotal_bytes)", units.Percent,
			"node_memory_MemFree_bytes",
		},
		{
			"sum by (instance) (rate(node_network_receive_bytes_total[5m]))", units.BytesPerSecond,
			"node_network_receive_bytes_total",
		},
		{
			"increase(node_network_receive_bytes_total[1h])", units.Bytes,
			"node_network_receive_bytes_total",
		},
		{
			`sum(rate(container_cpu_usage_seconds_total{image!=""}[5m]))`, units.Cores,
			"container_cpu_usage_seconds_total",
		},
		{
			"rate(node_disk_io_time_seconds_total[5m])", units.PercentUnit,
			"node_disk_io_time_seconds_total",
		},
		{
			"sum(rate(a_requests_total[5m])) by (code)", units.RequestsPerSecond,
			"a_requests_total",
		},
		{
			`sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))`,
			units.PercentUnit, "http_requests_total",
		},
		{
			"histogram_quantile(0.9, sum by (le) (rate(http_duration_seconds_bucket[5m])))",
			units.Seconds, "http_duration_seconds_bucket",
		},
		{
			"rate(http_duration_seconds_sum[5m]) / rate(http_duration_seconds_count[5m])",
			units.Seconds, "http_duration_seconds_sum",
		},
		{"time() - node_boot_time_seconds", units.Seconds, "node_boot_time_seconds"},
		{"node_boot_time_seconds", units.None, ""},
		{"job:http_requests:rate5m", units.None, ""},
		{
			"instance:node_cpu_seconds_total:rate5m", units.Cores,
			"instance:node_cpu_seconds_total:rate5m",
		},
		{"apiserver_fill_ratio", units.PercentUnit, "apiserver_fill_ratio"},
		{"count(up)", units.Short, ""},
		{"topk(5, node_filesystem_avail_bytes) > 1e9", units.Bytes, "node_filesystem_avail_bytes"},
		{"node_filesystem_avail_bytes / 1024", units.None, ""},
		{"node_filesystem_avail_bytes >bool 7", units.None, ""},
		{"max_over_time(process_resident_memory_bytes[1h])", units.Bytes,
			"process_resident_memory_bytes"},
		{"quantile_over_time(0.9, process_resident_memory_bytes[1h])", units.Bytes,
			"process_resident_memory_bytes"},
		{"up", units.None, ""}, {"node_load1", units.None, ""}, {"1 + 1", units.None, ""},
		{`{job="a"}`, units.None, ""}, {"not promql ((", units.None, ""},
		{"vector(1)", units.None, ""},
		{`label_replace(a_bytes, "a", "$1", "b", "(.*)")`, units.Bytes, "a_bytes"},
	} {
		got, from, ok := GuessUnit(c.expr)
		if got != c.want || ok != (c.want != units.None) || ok && from != c.from {
			t.Errorf("%s: got %s from %q, %t; want %s from %q", c.expr, got, from, ok, c.want,
				c.from)
		}
	}
}

// FuzzGuessUnit checks that a guess is one of the query's metrics.
func FuzzGuessUnit(f *testing.F) {
	for _, expr := range []string{
		"rate(a_bytes_total[5m]) * 100", "histogram_quantile(0.9, b_seconds_bucket)",
		"time() - t_seconds",
		"100 * 100", `count_values("a", a_total) / ignoring(b) c_ratio`, "-(a_bytes[5m:1m])",
		"histogram_fraction(0, 1, x)", "quantile_over_time(scalar(a), b[5m])", "a:b:rate5m",
	} {
		f.Add(expr)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		unit, from, ok := GuessUnit(expr)
		if !ok && unit != units.None {
			t.Errorf("%q: got %s without a guess, want none", expr, unit)
		}
		if names, _ := MetricNames(expr); from != "" && ok && !slices.Contains(names, from) {
			t.Errorf("%q: got a guess from %q, want one of %q", expr, from, names)
		}
	})
}
