package reporttest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/series"
)

// between returns a series that exists from one hour of the window to another.
func between(from, to float64) func(float64) float64 {
	return func(h float64) float64 {
		if h < from || h > to {
			return math.NaN()
		}
		return 0.93
	}
}

// ofRules returns a report of the alerting rules of groups alone.
func ofRules(t testing.TB, a Answers, in report.Info, groups ...rulefile.Group) *report.Report {
	t.Helper()
	in.Rules = ruleset.Run(t.Context(), a, groups, nil, ruleset.Options{
		End: Slot, Range: 24 * time.Hour, Section: "Alerting rules",
	})
	return report.Build(in, in.Rules.Panels())
}

// alerting returns an alerting rule.
func alerting(name, expr, severity string, hold time.Duration,
	annotations ...string) rulefile.Rule {
	return rulefile.Rule{
		Alert: name, Expr: expr, For: hold, Labels: series.FromPairs("severity", severity),
		Annotations: series.FromPairs(annotations...),
	}
}

// Rules returns the report of a rule file: rules that fire, one of them on several objects and one
// that only informs, that are pending, fired earlier, did not fire, failed and lack a metric.
func Rules(t testing.TB) *report.Report {
	t.Helper()
	a := Answers{"oom_quiet > 5": {}, "lacks_a_metric > 1": {}}
	for i := range 7 {
		a.Add("disk", series.FromPairs("instance", fmt.Sprintf("10.0.1.%d:9100", 10+i), "device",
			"nvme0n1p1", "mountpoint", "/var/lib/containerd"), between(float64(17-2*i), 24))
	}
	for _, hours := range [][2]float64{{1, 2}, {5, 5.5}, {9, 11}, {13, 13.4}, {20, 22}} {
		a.Add("restarts", series.FromPairs("namespace", "shop", "pod", "checkout-7d9f8b6c5d-x2x7q",
			"at", fmt.Sprint(hours[0])), between(hours[0], hours[1]))
	}
	a.Add("slow", series.FromPairs("job", "api"), between(23.8, 24))
	a.Add("always", series.FromPairs("prometheus", "monitoring/k8s"), Constant(1))
	g := rulefile.Group{File: "rules/node-exporter.yml", Name: "node-exporter", Rules: []rulefile.Rule{
		alerting("NodeFilesystemAlmostOutOfSpace", "disk", "critical", 30*time.Minute, "summary",
			"Filesystem on {{ $labels.device }}, mounted on {{ $labels.mountpoint }}, at {{ "+
				"$labels.instance }} has less than {{ $value | humanizePercentage }} space left.",
			"runbook_url", "https://runbooks.example.com/node/nodefilesystemalmostoutofspace"),
		alerting("KubePodCrashLooping", "restarts", "warning", 5*time.Minute, "description",
			"Pod {{ $labels.namespace }}/{{ $labels.pod }} is in waiting state (reason: "+
				"CrashLoopBackOff)."),
		alerting("응답이느림", "slow", "warning", time.Hour, "summary",
			"API 응답이 느립니다: 99번째 백분위수가 {{ $value | humanizeDuration }}입니다. 담당자는 "+
				"대시보드를 확인하세요."),
		alerting("Watchdog", "always", "none", 0, "summary", "Alerting works."),
		alerting("PrometheusRuleFailures", "refused", "critical", 0),
		alerting("PrometheusLacksAMetric", "lacks_a_metric > 1", "warning", 0),
		alerting("PrometheusTemplate", "always", "info", 0, "summary",
			`{{ query "up" | first | value }}`),
	}}
	for i := range 12 {
		g.Rules = append(g.Rules, alerting(fmt.Sprintf("KubeSomethingIsQuiet%d", i),
			"oom_quiet > 5", "warning", 0))
	}
	return ofRules(t, a, Info(t, nil), g)
}

// ManyRules returns the report of n rules that fire, the last of them critical.
func ManyRules(t testing.TB, n int) *report.Report {
	t.Helper()
	a := Answers{}
	a.Add("up", series.FromPairs("instance", "10.0.1.10:9100"), between(20, 24))
	g := rulefile.Group{File: "rules/many.yml", Name: "many"}
	for i := range n {
		g.Rules = append(g.Rules, alerting(fmt.Sprintf("Rule%04d", i), "up", "warning", 0))
	}
	g.Rules[n-1].Labels = series.FromPairs("severity", "critical")
	return ofRules(t, a, Info(t, nil), g)
}

// HostileRules returns a report of rules with word wherever text from outside can be.
func HostileRules(t testing.TB, word string) *report.Report {
	t.Helper()
	a := Answers{"oom_quiet > 5": {}, "lacks": {}}
	a.Add("fires", series.FromPairs("namespace", word, "pod", word, "l", word), Constant(1))
	a.Add("fires", series.FromPairs("namespace", word, "pod", word, "l", "2"+word), Constant(1))
	a.Add("ended", series.FromPairs("node", word), between(3, 4))
	words := []string{
		"summary", word, "description", word, "runbook_url", "https://example.com/" + word,
	}
	informs := alerting("I"+word, "fires", "info", 0, words...)
	informs.Labels = series.FromPairs("severity", "info", "a", "{{ "+word)
	in := Info(t, nil)
	in.Rules = ruleset.Run(t.Context(), a, []rulefile.Group{{
		File: "rules/" + word, Name: word, Rules: []rulefile.Rule{
			alerting("A"+word, "fires", "critical", 0, words...), informs,
			alerting("E"+word, "ended", word, 0, words...),
			alerting("Q"+word, "oom_quiet > 5", "warning", 0, words...),
			alerting("F"+word, word, "warning", 0, words...),
			alerting("L"+word, "lacks", "warning", 0, words...),
		},
	}}, nil, ruleset.Options{End: Slot, Range: 24 * time.Hour, Section: "Alerting rules"})
	for i := range in.Rules.Rules {
		if r := &in.Rules.Rules[i]; len(r.Missing) > 0 {
			r.Missing = []string{word}
		}
	}
	return report.Build(in, in.Rules.Panels())
}
