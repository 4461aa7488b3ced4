package grafana

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
)

// MetricsQL is the dialect of VictoriaMetrics.
const MetricsQL = "MetricsQL"

// checkPromQL returns an error if expr is not PromQL. It also returns the dialect if expr looks
// like MetricsQL.
func checkPromQL(expr string) (dialect string, err error) {
	if strings.TrimSpace(expr) == "" {
		return "", errors.New("it is empty")
	}
	_, err = panel.Parser().ParseExpr(expr)
	if err == nil {
		return "", nil
	}
	if looksMetricsQL(expr, err) {
		return MetricsQL, err
	}
	return "", errors.New(outside.Said(err.Error(), 200))
}

func isScalar(expr string) bool {
	e, err := panel.Parser().ParseExpr(expr)
	return err == nil && e.Type() == parser.ValueTypeScalar
}

// inString matches a string of PromQL. The content of a string says nothing about the dialect.
var inString = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|#[^\n]*")

var (
	called = regexp.MustCompile(`\b([a-z][a-z0-9_]*)\s*\(`)

	// Keywords between expressions that only MetricsQL has.
	metricsQLWords = regexp.MustCompile(`\)\s*(?:default|if|ifnot)\b|\]\s*(?:default|if|ifnot)\b|` +
		`}\s*(?:default|if|ifnot)\b|\bkeep_metric_names\b|^\s*(?i:with)\s*\(|` +
		`\blimit\s+\d+|\[\d*\.?\d*i\]|` +
		`\d(?:[KMGT]i?)\b|\w\s+default\s+[\w(]`)
	// What the parser of PromQL refuses and MetricsQL gives a meaning: rate(x), whose window is the
	// step; sum(x[5m]), which takes the last samples; (x)[5m], a subquery; a scalar on either side
	// of or.
	onlyThere = regexp.MustCompile(`expected type (?:range|instant) vector in |` +
		`ranges only allowed for vector selectors|not allowed in binary scalar expression|` +
		`binary expression must contain only scalar and instant vector types`)
)

// looksMetricsQL reports whether an expression that PromQL's parser refuses has something that only
// MetricsQL has.
func looksMetricsQL(expr string, err error) bool {
	bare := inString.ReplaceAllString(expr, `""`)
	for _, m := range called.FindAllStringSubmatch(bare, -1) {
		if metricsQLFunctions[m[1]] {
			return true
		}
	}
	if metricsQLWords.MatchString(bare) {
		return true
	}
	return onlyThere.MatchString(err.Error())
}

// metricsQLFunctions are functions and aggregations that exist in MetricsQL and not in PromQL.
var metricsQLFunctions = wordSet(`
	aggr_over_time alias any ascent_over_time bitmap_and bitmap_or bitmap_xor bottomk_avg
	bottomk_last bottomk_max bottomk_median bottomk_min buckets_limit count_eq_over_time
	count_gt_over_time count_le_over_time count_ne_over_time count_values_over_time
	decreases_over_time default_rollup delta_prometheus descent_over_time distinct
	distinct_over_time drop_common_labels drop_empty_series duration_over_time end geomean
	geomean_over_time histogram histogram_over_time histogram_share hoeffding_bound_lower
	hoeffding_bound_upper increase_prometheus increase_pure increases_over_time integrate
	interpolate iqr_over_time keep_last_value keep_next_value label_copy label_del
	label_graphite_group label_keep label_lowercase label_map label_match label_mismatch
	label_move label_set label_transform label_uppercase label_value labels_equal lag lifetime
	limit_offset median median_over_time mode mode_over_time now outlier_iqr_over_time
	outliers_iqr outliers_mad outliersk prometheus_buckets quantiles quantiles_over_time rand
	rand_exponential rand_normal range_avg range_first range_last range_linear_regression
	range_mad range_max range_median range_min range_normalize range_over_time range_quantile
	range_stddev range_stdvar range_sum range_trim_outliers range_trim_spikes
	range_trim_zscore range_zscore rate_over_sum rate_prometheus remove_resets rollup
	rollup_candlestick rollup_delta rollup_deriv rollup_increase rollup_rate
	rollup_scrape_interval ru running_avg running_max running_min running_sum scrape_interval
	share share_eq_over_time share_gt_over_time share_le_over_time smooth_exponential
	sort_by_label_numeric sort_by_label_numeric_desc stale_samples_over_time start step sum2
	sum2_over_time sum_eq_over_time sum_gt_over_time sum_le_over_time tfirst_over_time
	timestamp_with_name timezone_offset tlast_change_over_time tlast_over_time tmax_over_time
	tmin_over_time topk_avg topk_last topk_max topk_median topk_min ttf union vmrange zscore
	zscore_over_time
`)

func wordSet(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[w] = true
	}
	return all
}

// withFilters adds filters to every selector of expr. Without filters it returns expr unchanged.
func withFilters(expr string, filters []Filter) (string, error) {
	if len(filters) == 0 {
		return expr, nil
	}
	matchers := make([]*labels.Matcher, 0, len(filters))
	for _, f := range filters {
		m, err := f.matcher()
		if err != nil {
			return "", err
		}
		matchers = append(matchers, m)
	}
	tree, err := panel.Parser().ParseExpr(expr)
	if err != nil {
		return "", fmt.Errorf("putting filters into a query that is not PromQL: %w", err)
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			s.LabelMatchers = append(s.LabelMatchers, matchers...)
		}
		return nil
	})
	return tree.String(), nil
}

// matcher returns a filter as a matcher of PromQL.
func (f Filter) matcher() (*labels.Matcher, error) {
	types := map[string]labels.MatchType{
		"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp,
		"!~": labels.MatchNotRegexp,
	}
	t, ok := types[cmp.Or(f.Operator, "=")]
	if !ok || f.Key == "" {
		return nil, fmt.Errorf("the filter %s %s %q has no matcher in PromQL",
			short(f.Key, 60), short(f.Operator, 10), short(f.Value, 60))
	}
	m, err := labels.NewMatcher(t, f.Key, f.Value)
	if err != nil {
		return nil, fmt.Errorf("the filter of %s: %w", short(f.Key, 60), err)
	}
	return m, nil
}
