package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/ruleset"
)

// objects is a configuration whose rules are the PrometheusRules of the cluster.
const objects = "version: 1\nkubernetes: {service: monitoring/prometheus}\nreports: [{name: rules, " +
	"range: 1h, alerting_rules: {kubernetes: {namespace: shop}}}]\n"

// TestRulesOfTheCluster runs the rules of PrometheusRules. One that cannot be read is left out, and
// the report says so; so it does if they cannot be listed.
func TestRulesOfTheCluster(t *testing.T) {
	cfg, err := config.Load("promsnap.yaml", []byte(objects), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := newCluster(t)
	rule := func(group string) string {
		return `{"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": ` +
			`{"name": "a", "namespace": "shop"}, "spec": {"groups": [` + group + `]}}`
	}
	k.rules = map[string]string{
		"good": rule(`{"name": "g", "rules": [{"alert": "Always", "expr": "vector(1)"}]}`),
		"bad":  rule(`{"name": "g", "rules": [{"alert": "Never", "expr": "sum("}]}`),
	}
	done, of := 0, 0
	o := kubeOptions(t, k)
	o.Rules = func(_ string, n, all int) { done, of = n, all }
	run := func() (*ruleset.Result, []string) {
		a, err := New(t.Context(), cfg, o)
		if err != nil {
			t.Fatal(err)
		}
		r := a.Run(t.Context()).Results[0].Report
		var notes []string
		for _, w := range r.Warnings {
			notes = append(notes, w.Text)
		}
		return r.Info.Rules, notes
	}
	res, notes := run()
	if len(res.Rules) != 1 || res.Rules[0].Outcome() != ruleset.Fires || done != 1 || of != 1 {
		t.Errorf("got %+v, %d of %d done; want the rule Always, firing", res.Rules, done, of)
	}
	if said := strings.Join(notes, "\n"); !strings.Contains(said, "PrometheusRule shop/bad is left out") {
		t.Errorf("got the notes %q, want that shop/bad is left out", said)
	}
	k.denied = errors.New("forbidden")
	res, _ = run()
	if len(res.Rules) != 0 || res.Unlisted == nil || res.Unlisted.Message != "forbidden" {
		t.Errorf("got %d rules, %v; want none, and why", len(res.Rules), res.Unlisted)
	}
}

// TestEvaluationInterval evaluates groups without an interval as often as the server does.
func TestEvaluationInterval(t *testing.T) {
	for yaml, want := range map[string]time.Duration{
		"": time.Minute, "global: {evaluation_interval: 5m}": 5 * time.Minute,
	} {
		cfg, err := config.Load("promsnap.yaml", []byte(objects), config.Options{})
		if err != nil {
			t.Fatal(err)
		}
		k := newCluster(t)
		k.config = yaml
		k.rules = map[string]string{"a": `{"apiVersion": "monitoring.coreos.com/v1", "kind": ` +
			`"PrometheusRule", "metadata": {"name": "a", "namespace": "shop"}, "spec": {"groups": ` +
			`[{"name": "g", "rules": [{"alert": "Always", "expr": "vector(1)"}]}, {"name": "own", ` +
			`"interval": "2m", "rules": [{"alert": "Own", "expr": "vector(1)"}]}]}}`}
		a, err := New(t.Context(), cfg, kubeOptions(t, k))
		if err != nil {
			t.Fatal(err)
		}
		got := a.Run(t.Context()).Results[0].Report.Info.Rules.Rules
		if len(got) != 2 || got[0].Interval != want || got[1].Interval != 2*time.Minute {
			t.Errorf("with %q: got %+v, want the intervals %s and 2m", yaml, got, want)
		}
	}
}

// TestUnknownRulesEndNothing keeps the alerts of rules that may exist but could not be listed.
func TestUnknownRulesEndNothing(t *testing.T) {
	cfg, err := config.Load("promsnap.yaml", []byte(objects), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	k := newCluster(t)
	k.denied = errors.New("forbidden")
	o := kubeOptions(t, k)
	a, err := New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	s := a.source.snapshot(t.Context(), cfg.Reports[0], promapi.Server{}, nodeList{})
	to := recipients{cfg: cfg, o: Options{Timeout: time.Minute}}
	if now := to.evaluate(t.Context(), s).now; now.Configured != nil {
		t.Errorf("got the configured rules %+v, want unknown", now.Configured)
	}
}
