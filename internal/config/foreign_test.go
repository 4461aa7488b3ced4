package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
)

const quietHead = "version: 1\ncluster: c\nprometheus: {url: http://p}\n"

// Syntax of PromQL, Alertmanager or Prometheus that looks like that of another program is valid,
// without a note.
func TestWhatIsNotForeign(t *testing.T) {
	for _, text := range []string{
		`{name: p, query: 'label_replace(up, "a", "$1-${2}", "instance", "(.*):(.*)$")'}`,
		`{name: p, query: 'up{job=~"node$|^kube$", path=~"/a/[0-9]+$", price="5$"}'}`,
		`{name: p, query: 'up{name=~"\\\\$job", group="[[:alpha:]]"}'}`,
		`{name: p, query: 'rate(x[$__rate_interval]) + x * ${__interval_ms} / $__range_s'}`,
		`{name: p, query: 'sum by ("k8s.node.name") ({"k8s.pod.memory", "k8s.node.name"=~"n.+"})', legend: "{{k8s.node.name}}"}`,
		`{name: p, query: up, legend: "__auto"}`,
		`{name: p, query: up, legend: "cost in $ of {{ pod }}"}`,
		`{name: p, query: up, legend: '{{"k8s.pod.name"}}', overrides: [{match: '"k8s.pod.name"="a"', above: {warning: 1}}], rules: [{alertname: A, above: {warning: 1}, for: 15m}]}`,
		`{name: p, query: up, rules: [{alertname: A, above: {warning: 1}, for: 15m}], detail: {query: 'x{"k8s.node.name"="{{k8s.node.name}}"}'}}`,
	} {
		c, err := config.Load("promsnap.yaml",
			[]byte(quietHead+"reports: [{name: r, panels: ["+text+"]}]\n"), options())
		if err != nil {
			t.Errorf("%s: got error %v, want none", text, err)
		} else if len(c.Notes) > 0 {
			t.Errorf("%s: got notes %v, want none", text, c.Notes)
		}
	}
	c := load(t, quietHead+`
receivers: [{name: a, slack: {channel: C012}, group_by: [k8s.namespace.name, a-b, 이름], mute_time_intervals: [off_hours, "Büro zu"]}]
time_intervals:
- {name: off_hours, time_intervals: [{weekdays: [sunday]}]}
- {name: Büro zu, time_intervals: [{weekdays: [saturday]}]}
`)
	if r := c.Receivers[0]; !slices.Equal(r.GroupBy, []string{"k8s.namespace.name", "a-b", "이름"}) ||
		len(r.Mute) != 2 {
		t.Errorf("got %+v, want three labels and two mute times", r)
	}
}

// A query that another server may accept is a note, not a mistake.
func TestTheServerDecides(t *testing.T) {
	for query, want := range map[string]string{
		`limitk(3, up)`: "limitk only if it runs with " +
			"--enable-feature=promql-experimental-functions",
		`info(up)`:              "info only if",
		`rate(up[5m + 1m])`:     "promql-duration-expr",
		`rate(up[5m] smoothed)`: "promql-extended-range-selectors",
		`up + fill(0) up`:       "promql-binop-fill-modifiers",
		`holt_winters(up[1h], 0.5, 0.5)`: "Prometheus 3 calls holt_winters " +
			"double_exponential_smoothing",
		`sum(rate(x[5m])) default 0`:   `unexpected identifier "default"; the server decides`,
		`rollup_rate(x[5m])`:           "the server decides",
		`rate(x) keep_metric_names`:    "the server decides",
		`rate(x)`:                      "expected type range vector",
		`sum(x) by (a) limit 5`:        "the server decides",
		`x{a="b" or c="d"}`:            "the server decides",
		`WITH (f = {a="b"}) sum(x{f})`: "the server decides",
		`x > 1Ki`:                      "the server decides",
		`rate(x[5i])`:                  "the server decides",
		`topk_max(3, x, "other")`:      "the server decides",
		`x if y`:                       "the server decides",
		`frobnicate(x, y)`:             `unknown function with name "frobnicate"`,
		`x frobnicated`:                "the server decides",
		`sum by (node) (avg_over_time(x[$__rate_interval] future))`: "the server decides",
	} {
		text := quietHead + "reports: [{name: r, panels: [{name: p, query: '" + query + "'}]}]\n"
		c, err := config.Load("promsnap.yaml", []byte(text), options())
		if err != nil {
			t.Errorf("%s: got error %v, want a note", query, err)
			continue
		}
		if len(c.Notes) != 1 || !strings.Contains(c.Notes.Error(), want) ||
			!strings.Contains(c.Notes.Error(), ": note: PromQL: ") {
			t.Errorf("%s: got %v, want a note with %s", query, c.Notes, want)
		}
	}
}

// An address that ends like one in a browser may be a path prefix, so it is only a note.
func TestAddressOfAPage(t *testing.T) {
	c := load(t, "version: 1\nprometheus: {url: http://p/query}\n")
	if got := c.Notes.Error(); !strings.Contains(got, "ends in /query") ||
		!strings.Contains(got, "remove that unless") {
		t.Errorf("got notes %s, want one about /query", got)
	}
	for _, url := range []string{
		"http://p", "http://p/prometheus", "http://graph/", "http://p/api/prom",
		"http://p/select/0/prometheus", "http://p/api",
	} {
		if c := load(t, "version: 1\nprometheus: {url: "+url+"}\n"); len(c.Notes) > 0 {
			t.Errorf("%s: got notes %v, want none", url, c.Notes)
		}
	}
}

// Bucket names of every S3 are valid.
func TestBucketNames(t *testing.T) {
	for _, name := range []string{
		"reports", "my.reports-1", "My_Bucket", "123",
		"arn:aws:s3:eu-west-1:123456789012:accesspoint/reports",
	} {
		c := load(t, quietHead+"receivers: [{name: a, s3: {bucket: '"+name+"'}}]\n")
		if got := c.Receivers[0].To.(config.Archive).Name; got != name {
			t.Errorf("got %s, want %s", got, name)
		}
	}
}
