package ask

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/promapi"
)

// meta is the metadata of metrics by their names.
type meta map[string]promapi.Metadata

// metadata reads the metadata of a metric, or of all. A server that has none, or fails, gives none.
func (q *asker) metadata(ctx context.Context, name string) meta {
	all, _, err := q.Metadata(ctx, name)
	if err != nil {
		q.note("reading types and help texts", err)
		return nil
	}
	if len(all) == 0 && name == "" && q.answer.OnServer > 0 {
		q.answer.Notes = append(q.answer.Notes, "the server has no types and help texts, so only "+
			"names are searched")
	}
	byName := make(meta, len(all))
	for _, m := range all {
		byName[m.Metric] = m
	}
	return byName
}

// suffixes are the ends of the names of series whose metadata is that of the name without them.
var suffixes = []string{"_bucket", "_sum", "_count", "_total", "_created", "_info"}

// of returns the metadata of the series of a name, and the name that it belongs to.
func (m meta) of(name string) (promapi.Metadata, string) {
	if said, ok := m[name]; ok {
		return said, name
	}
	for _, s := range suffixes {
		if family, ok := strings.CutSuffix(name, s); ok {
			if said, ok := m[family]; ok {
				return said, family
			}
		}
	}
	return promapi.Metadata{}, name
}

// unitOf returns the unit of a metric by its metadata or the end of its name, as the naming of
// Prometheus has it; "" if nothing says it.
func unitOf(name string, said promapi.Metadata) string {
	base := name
	for _, s := range []string{"_total", "_sum"} {
		base = strings.TrimSuffix(base, s)
	}
	if strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_count") {
		return "short"
	}
	parts := metrics.Parts(base)
	if len(parts) == 0 {
		return ""
	}
	last := parts[len(parts)-1]
	if last == "seconds" && len(parts) > 1 &&
		slices.Contains([]string{"time", "timestamp"}, parts[len(parts)-2]) &&
		base == name && said.Type != "counter" {
		return metrics.Timestamp
	}
	for _, unit := range []string{said.Unit, last} {
		switch unit {
		case "bytes":
			return "bytes"
		case "seconds":
			return "s"
		case "ratio":
			return "percentunit"
		case "percent":
			return "percent"
		case "milliseconds":
			return "ms"
		case "cores":
			return "cores"
		}
	}
	return ""
}

// example returns a query for a metric that promsnap does not know.
func example(name, kind, family string) string {
	selector := name
	if !model.LegacyValidation.IsValidMetricName(name) {
		selector = fmt.Sprintf("{%q}", name)
	}
	switch {
	case kind == "histogram" && strings.HasSuffix(name, "_bucket"):
		return fmt.Sprintf("histogram_quantile(0.99, sum by (le) (rate(%s[5m])))", selector)
	case kind == "histogram", kind == "summary" && name != family:
		if strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count") {
			return fmt.Sprintf("rate(%s_sum[5m]) / rate(%s_count[5m])", family, family)
		}
	case kind == "counter", kind == "" && strings.HasSuffix(name, "_total"):
		return fmt.Sprintf("rate(%s[5m])", selector)
	}
	return selector
}
