package rulefile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/panel"
)

// recorded are the recording rules of the tests.
func recordedRules(t *testing.T) Recordings {
	t.Helper()
	groups, err := Parse("f", []byte(`
groups:
- name: a
  rules:
  - {record: "job:rate", expr: "sum by (job) (rate(requests[5m]))"}
  - {record: "job:double", expr: "2 * job:rate"}
  - {record: labelled, expr: "up", labels: {team: "in$fra", gone: ""}}
  - {record: two, expr: "a", labels: {kind: x}}
  - {record: two, expr: "b", labels: {kind: y}}
  - {record: number, expr: "scalar(up) + 1"}
  - {record: circle, expr: "sum(round)"}
  - {record: round, expr: "rate(circle[5m])"}
  - {record: self, expr: "self + 1"}
- name: b
  interval: 30s
  rules:
  - {record: "fast", expr: "c > 1"}
  - {alert: A, expr: "fast"}
- name: c
  interval: 15m
  rules:
  - {record: "slow", expr: "d > 1"}
`))
	if err != nil {
		t.Fatal(err)
	}
	return NewRecordings(groups)
}

func TestRecordingsExpand(t *testing.T) {
	all := recordedRules(t)
	for expr, want := range map[string]string{
		"up > 1":                             "up > 1",
		"up  >  1 # as it is":                "up  >  1 # as it is",
		"job:rate > 5":                       "(sum by (job) (rate(requests[5m]))) > 5",
		"job:double":                         "(2 * (sum by (job) (rate(requests[5m]))))",
		"abs(job:rate)":                      "abs((sum by (job) (rate(requests[5m]))))",
		"max_over_time(job:rate[1h])":        "max_over_time((sum by (job) (rate(requests[5m])))[1h:1m])",
		"max_over_time(fast[1h])":            "max_over_time((c > 1)[1h:30s])",
		"max_over_time(fast[1h:5m])":         "max_over_time((c > 1)[1h:5m])",
		"rate(fast[1h] offset 5m)":           "rate((c > 1)[1h:30s] offset 5m)",
		"fast offset 5m":                     "(last_over_time((c > 1)[30s:30s] offset 5m))",
		"slow offset 3m":                     "(last_over_time((d > 1)[5m:15m] offset 3m))",
		"fast @ 100":                         "(last_over_time((c > 1)[30s:30s] @ 100.000))",
		"fast{}":                             "(c > 1)",
		`{__name__="fast"}`:                  "(c > 1)",
		`{__name__=~"fast"}`:                 `{__name__=~"fast"}`,
		"labelled":                           `(label_replace(label_replace(up, "gone", "", "", ""), "team", "in$$fra", "", ""))`,
		`labelled{team="in$fra"}`:            `(label_replace(label_replace(up, "gone", "", "", ""), "team", "in$$fra", "", ""))`,
		`labelled{team="other"}`:             `(vector(1) < 0)`,
		`two{kind="x"}`:                      `(label_replace(a, "kind", "x", "", ""))`,
		`two`:                                `((label_replace(a, "kind", "x", "", "")) or (label_replace(b, "kind", "y", "", "")))`,
		`job:rate{job="x"}`:                  `((sum by (job) (rate(requests[5m]))) and on (job) label_replace(vector(1), "job", "x", "", ""))`,
		`job:rate{job!="x"}`:                 `((sum by (job) (rate(requests[5m]))) unless on (job) label_replace(vector(1), "job", "x", "", ""))`,
		`job:rate{job=""}`:                   `((sum by (job) (rate(requests[5m]))) and on (job) vector(1))`,
		`number`:                             `(vector(scalar(up) + 1))`,
		`absent(job:rate{job="x"})`:          `label_replace(absent(((sum by (job) (rate(requests[5m]))) and on (job) label_replace(vector(1), "job", "x", "", ""))), "job", "x", "", "")`,
		"up and on (job) job:rate offset 1m": "up and on (job) (last_over_time((sum by (job) (rate(requests[5m])))[1m:1m] offset 1m))",
		"topk(scalar(job:rate), up)":         "topk(scalar((sum by (job) (rate(requests[5m])))), up)",
		"-fast":                              "-(c > 1)",
	} {
		got, err := all.Expand(expr, func(string) bool { return false })
		if err != nil || got != want {
			t.Errorf("%s:\n got %s (error %v)\nwant %s", expr, got, err, want)
		}
		if _, err := panel.Parser().ParseExpr(got); err != nil {
			t.Errorf("%s: got %s, which does not parse: %v", expr, got, err)
		}
	}
	// regular expressions mark the series
	got, err := all.Expand(`fast{a=~"x|y"}`, func(string) bool { return false })
	want := `(label_replace(label_replace(c > 1, "promsnap_match", "1", "a", "x|y") and on ` +
		`(promsnap_match) label_replace(vector(1), "promsnap_match", "1", "", ""), ` +
		`"promsnap_match", "", "", ""))`
	if err != nil || got != want {
		t.Errorf("a regular expression:\n got %s (error %v)\nwant %s", got, err, want)
	}
}

func TestRecordingsExpandWhatIsMissing(t *testing.T) {
	all := recordedRules(t)
	for name, want := range map[string]string{
		"job:double": "job:double + fast",
		"job:rate":   "(2 * job:rate) + fast",
		"fast":       "(2 * (sum by (job) (rate(requests[5m])))) + fast",
	} {
		got, err := all.Expand("job:double + fast", func(m string) bool {
			return m == name || m == "fast"
		})
		if err != nil || got != want {
			t.Errorf("with %s: got %s (error %v), want %s", name, got, err, want)
		}
	}
}

func TestRecordingsNeeded(t *testing.T) {
	got, err := recordedRules(t).Needed("job:double > 1 and fast or up or round")
	want := []string{"job:double", "fast", "round", "job:rate", "circle"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if got, err := recordedRules(t).Needed("up{"); err == nil {
		t.Errorf("not PromQL: got %v, want an error", got)
	}
}

func TestRecordingsRefuse(t *testing.T) {
	all := recordedRules(t)
	for expr, want := range map[string]string{
		"circle + 1":    "in a circle: circle needs round needs circle",
		"self":          "in a circle: self needs self",
		"rate(up":       "reading the expression",
		"fast anchored": "cannot be anchored",
		"deep":          "larger than 64 KiB",
	} {
		// every rule has the one before twice
		var rules []Rule
		for i := range 40 {
			before := "up"
			if i > 0 {
				before = strings.Repeat("x", i)
			}
			rules = append(rules, Rule{Record: strings.Repeat("x", i+1), Expr: before + " + " + before})
		}
		rules = append(rules, Rule{Record: "deep", Expr: strings.Repeat("x", 40)})
		for name, r := range NewRecordings([]Group{{Interval: time.Minute, Rules: rules}}) {
			all[name] = r
		}
		got, err := all.Expand(expr, func(string) bool { return false })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %.100s (error %v), want an error with %q", expr, got, err, want)
		}
	}
}
