package rules_test

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

func TestParseMatchers(t *testing.T) {
	for in, want := range map[string]string{
		`namespace=~"shop|pay"`:                     `namespace=~"shop|pay"`,
		`{namespace=~"shop|pay", severity!="none"}`: `namespace=~"shop|pay", severity!="none"`,
		`severity=critical`:                         `severity="critical"`,
		`namespace =~ shop|pay , severity!=none`:    `namespace=~"shop|pay", severity!="none"`,
		`"k8s.node.name"="a", pod!~'x-.*'`:          `"k8s.node.name"="a", pod!~"x-.*"`,
		`a="b=c, d=e"`:                              `a="b=c, d=e"`,
		"a=`\\d`, b=ö":                              `a="\\d", b="ö"`,
		`a="\"b=c\""`:                               `a="\"b=c\""`,
		``:                                          ``,
		`{}`:                                        ``,
	} {
		ms, err := rules.ParseMatchers(in)
		if got := ms.String(); err != nil || got != want {
			t.Errorf("%s: got %s and error %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{
		`namespace`, `up{}`, `"up"`, `__name__="up"`, `a="b`, `a=~"("`, `a=~(`, `a=b c=d`, `a=b}`,
		`a="b"} or {c="d"`, strings.Repeat("a", 1000) + `="b"`,
	} {
		if ms, err := rules.ParseMatchers(in); err == nil {
			t.Errorf("%.40s: got %s, want an error", in, ms)
		}
	}
}

func TestMatch(t *testing.T) {
	a := rules.Alert{
		Panel: "container-oom", Rule: "ContainerOOMKilled", Severity: rules.Warning,
		Labels:   map[string]string{"namespace": "shop", "pod": "checkout-1", "severity": "own"},
		Identity: map[string]string{"namespace": "shop", "workload": "Deployment/checkout"},
	}
	blind := rules.Alert{Rule: rules.BlindName}
	for match, want := range map[string]bool{
		``:                                 true,
		`namespace=~"shop|pay"`:            true,
		`namespace=~"sho"`:                 false,
		`severity=warning`:                 true,
		`severity=critical`:                false,
		`panel="container-oom"`:            true,
		`alertname!="ContainerOOMKilled"`:  false,
		`pod="checkout-1"`:                 true,
		`workload=~".*/checkout"`:          true,
		`namespace=shop, pod="checkout-2"`: false,
		`team!="storage", node=""`:         true,
	} {
		ms, err := rules.ParseMatchers(match)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.MatchedBy(ms, a.Severity); got != want {
			t.Errorf("%s and the alert: got %v, want %v", match, got, want)
		}
		own, object := series.FromMap(a.Labels), series.FromMap(a.Identity)
		if got := ms.MatchFinding(a.ID(), a.Severity, own, object); got != want {
			t.Errorf("%s and the finding: got %v, want %v", match, got, want)
		}
		if !blind.MatchedBy(ms, rules.Critical) {
			t.Errorf("%s and %s: got false, want true", match, rules.BlindName)
		}
	}
}

// A finding without a severity matches every severity.
func TestMatchFindingWithoutSeverity(t *testing.T) {
	for match, want := range map[string]bool{
		`severity=critical`: true, `severity=warning`: true, `severity=~"info|none"`: false,
	} {
		ms, err := rules.ParseMatchers(match)
		if err != nil {
			t.Fatal(err)
		}
		if got := ms.MatchFinding(rules.RuleID{}, rules.None, nil, nil); got != want {
			t.Errorf("%s: got %v, want %v", match, got, want)
		}
	}
}
