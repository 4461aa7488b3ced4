//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// faultyRules do not work. Fails has two series on both sides of a join. The samples of Late are on
// another server that answers after slowAnswer, so the group leaves out evaluations.
const faultyRules = `
groups:
  - name: failing
    rules:
      - alert: Fails
        expr: >-
          (label_replace(vector(1), "n", "a", "", "") or label_replace(vector(1), "n", "b", "", ""))
          * on () (label_replace(vector(1), "n", "a", "", "") or vector(1))
      - {record: "failing:works", expr: vector(1)}
  - name: slow
    interval: 1s
    rules:
      - {alert: Late, expr: 'up{job="slow"} == 0', labels: {severity: page}}
`

// slowAnswer is longer than the interval of the group slow.
const slowAnswer = 1500 * time.Millisecond

// startSlow starts a server for remote_read that has no samples, and says so late.
func startSlow(t *testing.T) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(slowAnswer):
		case <-r.Context().Done():
		}
		http.NotFound(w, r)
	}))
}

// oldSamples returns a target that was scraped two days before a time, as OpenMetrics text: the
// server knows two days.
func oldSamples(now time.Time) string {
	var b strings.Builder
	for at := now.Add(-48*time.Hour - 5*time.Minute); at.Before(now.Add(-47 * time.Hour)); {
		fmt.Fprintf(&b, "up{job=\"old\"} 1 %d\n", at.Unix())
		at = at.Add(time.Minute)
	}
	return b.String() + "# EOF\n"
}

// quietAlerts do not count as alerts that fired: their severity is info.
var quietAlerts = []string{"Always"}

// testFired compares what a report says about the server's own rules with ALERTS and
// /api/v1/rules.
func (l *live) testFired(t *testing.T) {
	config := configFile(t, fmt.Sprintf("version: 1\nprometheus: {url: %s, query_offset: 0s, "+
		"scrape_interval: 1s}\nreports: [{name: fired, range: 1m, panels: [{use: alerts}]}]\n", l.url))
	o := promsnap(t, "run", "fired", "-c", config, "--output-dir", "out", "--time",
		l.at.UTC().Format(time.RFC3339)).want(t, 0)
	doc := o.document(t, "fired", l.at)
	if doc.Fired == nil || doc.Fired.Rules == nil {
		t.Fatalf("got %+v, want what fired with the health of rules", doc.Fired)
	}
	want, names := l.firedByServer(t, doc.Fired)
	if diff := cmp.Diff(want, doc.Fired.Alerts); diff != "" || len(want) < 5 {
		t.Errorf("alerts (-server +got):\n%s", diff)
	}
	l.checkRules(t, doc.Fired, names)

	line := fmt.Sprintf("What fired: %d alerts fired, ", len(want))
	faults := "; 4 never fired in 2 d; 1 rule fails, 1 group takes longer than its interval, " +
		"1 group left out evaluations"
	for _, part := range []string{line, faults, "; noisiest " + want[0].Alertname + " "} {
		if !strings.Contains(o.stdout, part) {
			t.Errorf("the terminal says %q, want %q", o.stdout, part)
		}
	}
	page := string(o.file(t, "fired", l.at, "index.html"))
	for _, part := range []string{"Fails", "found duplicate series", "Late", "slow", "Never"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not say %q", part)
		}
	}
}

// firedByServer returns the alerts that a report should have, from the raw samples of ALERTS, in
// the order of the report, and all alertnames that fired since the server runs.
func (l *live) firedByServer(t *testing.T, of *reportjson.DocFired) ([]reportjson.DocFiredAlert,
	map[string]bool) {
	t.Helper()
	body, err := l.get("/api/v1/query", url.Values{"query": {`ALERTS{alertstate="firing"}[1h]`}})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	step := time.Duration(of.Step) * time.Second
	end := l.at.Truncate(step)
	n := int(of.Range/of.Step) + 1
	names, by := map[string]bool{}, map[string]*reportjson.DocFiredAlert{}
	counts := map[string][]int{}
	for _, r := range answer.Data.Result {
		name := r.Metric["alertname"]
		names[name] = true
		if slices.Contains(quietAlerts, name) {
			continue
		}
		steps := make([]bool, n)
		for _, v := range r.Values {
			seconds, _ := v[0].(float64)
			at := time.UnixMilli(int64(seconds * 1000))
			// the first step that is not before the sample
			back := int(end.Sub(at) / step)
			if !at.After(end) && back < n {
				steps[n-1-back] = true
			}
		}
		if counts[name] == nil {
			counts[name] = make([]int, n)
			by[name] = &reportjson.DocFiredAlert{Alertname: name, Severity: r.Metric["severity"]}
		}
		for i, fires := range steps {
			if fires {
				counts[name][i]++
			}
		}
	}
	var out []reportjson.DocFiredAlert
	for name, a := range by {
		before := 0
		for _, now := range counts[name] {
			if now > 0 {
				a.Lasted += of.Step
			}
			a.Times += max(0, now-before)
			before = now
		}
		if a.Now, a.Lasted = before, min(a.Lasted, of.Range); a.Times > 0 {
			out = append(out, *a)
		}
	}
	place := func(a reportjson.DocFiredAlert) int {
		return slices.IndexFunc(of.Alerts, func(b reportjson.DocFiredAlert) bool {
			return a.Alertname == b.Alertname
		})
	}
	slices.SortFunc(out, func(a, b reportjson.DocFiredAlert) int { return place(a) - place(b) })
	return out, names
}

// checkRules compares the health of the rules, and the alerts that never fired, with
// /api/v1/rules.
func (l *live) checkRules(t *testing.T, got *reportjson.DocFired, fired map[string]bool) {
	t.Helper()
	body, err := l.get("/api/v1/rules", nil)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Groups []struct {
				Name, File               string
				Interval, EvaluationTime float64
				Rules                    []struct{ Name, Type, Health, LastError string }
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	want := reportjson.DocRules{Groups: len(answer.Data.Groups)}
	never := map[string]bool{}
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if r.Type != "alerting" {
				want.Recording++
				continue
			}
			want.Alerting++
			if !fired[r.Name] && !slices.Contains(quietAlerts, r.Name) {
				never[r.Name] = true
			}
			if r.Health == "err" {
				want.Failing++
				want.Faults = append(want.Faults, reportjson.DocRuleFault{
					Kind: "failing", File: g.File, Group: g.Name, Rule: r.Name, Error: r.LastError,
				})
			}
		}
		if g.EvaluationTime > g.Interval {
			want.Slow++
			want.Faults = append(want.Faults, reportjson.DocRuleFault{
				Kind: "slow", File: g.File, Group: g.Name, Interval: g.Interval,
			}, reportjson.DocRuleFault{Kind: "missed", Group: g.File + ";" + g.Name})
			want.Missed++
		}
	}
	rules := *got.Rules
	rules.Faults = slices.Clone(rules.Faults)
	for i := range rules.Faults {
		f := &rules.Faults[i]
		if f.Kind == "slow" && f.Took < slowAnswer.Seconds() || f.Kind == "missed" && f.Times < 10 {
			t.Errorf("got the fault %+v, want at least %v and 10 times", *f, slowAnswer)
		}
		f.Took, f.Times = 0, 0
	}
	if diff := cmp.Diff(want, rules); diff != "" || want.Failing != 1 || want.Missed != 1 {
		t.Errorf("rules (-server +got):\n%s", diff)
	}
	if names := slices.Sorted(maps.Keys(never)); !slices.Equal(got.Never, names) ||
		got.NeverIn != (48*time.Hour).Seconds() {
		t.Errorf("got %q never fired in %v s, want %q in two days", got.Never, got.NeverIn, names)
	}
}

// TestFiredOfAnAlertmanager compares what a report of a server without rules says with what its
// Alertmanager holds.
func TestFiredOfAnAlertmanager(t *testing.T) {
	t.Parallel()
	am := startAlertmanager(t, "", true)
	now := time.Now().UTC().Truncate(time.Second)
	deliver(t, openAlertmanager(t, am.url, basicAuth(t, password)), firing(now, "ip-1", "ip-2"))
	silence(t, am, "node", "ip-1")
	held := am.alerts(t)
	if len(held) != 2 || held["ip-1"].Status.State != "suppressed" {
		t.Fatalf("Alertmanager has %+v, want ip-1, suppressed, and ip-2", held)
	}
	empty := startPrometheus(t, installed(t, "prometheus"), nil, blockFlags(t, t.TempDir())...)
	config := configFile(t, fmt.Sprintf("version: 1\nprometheus:\n  url: %s\n  alertmanager:\n"+
		"    url: %s/am\n    http_config: {basic_auth: {username: %s, password: %s}}\n"+
		"reports: [{name: fired, range: 1h, panels: [{use: alerts}]}]\n", empty.url, am.url,
		username, password))
	o := promsnap(t, "run", "fired", "-c", config, "--output-dir", "out", "--time",
		now.Format(time.RFC3339))
	since := held["ip-2"].StartsAt.UTC()
	want := &reportjson.DocFired{
		Source: "alertmanager", Sentence: "2 alerts fire now (1 silenced or inhibited)",
		Alerts: []reportjson.DocFiredAlert{{
			Alertname: "NodeMemoryHigh", Severity: "critical", Now: 2, Suppressed: 1, Since: &since,
		}}, Never: []string{},
	}
	if diff := cmp.Diff(want, o.document(t, "fired", now).Fired); diff != "" {
		t.Errorf("what fired (-Alertmanager +got):\n%s", diff)
	}
	page := string(o.file(t, "fired", now, "index.html"))
	for _, part := range []string{
		"What fired", "NodeMemoryHigh", want.Sentence, "An Alertmanager only knows what fires now",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page does not say %q", part)
		}
	}
	if line := "What fired: " + want.Sentence; !strings.Contains(o.stdout, line) {
		t.Errorf("the terminal says %q, want %q", o.stdout, line)
	}
}
