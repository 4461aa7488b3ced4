package report_test

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// The report of a part has the findings that match, and what could not be seen.
func TestMatching(t *testing.T) {
	whole := reporttest.Daily(t)
	for _, c := range []struct {
		match                             string
		critical, warning, noData, groups int
		headline                          string
	}{
		{`panel=~".*"`, 3, 2, 2, len(whole.Groups), whole.Headline},
		{`severity=critical`, 3, 0, 2, len(whole.Groups) - 2, whole.Headline},
		{`alertname="NodeMemoryHigh"`, 1, 0, 2, 2, whole.Headline},
		{`namespace="none"`, 0, 0, 1, 0, "All values are within their limits, but 1 panel failed"},
	} {
		ms, err := rules.ParseMatchers(c.match)
		if err != nil {
			t.Fatal(err)
		}
		part := whole.Matching(ms)
		if part.Critical != c.critical || part.Warning != c.warning || part.NoData != c.noData ||
			len(part.Groups) != c.groups || !strings.Contains(part.Headline, c.headline) {
			t.Errorf("%s: got %d critical, %d warning, %d no data, %d groups, headline %q; want %+v",
				c.match, part.Critical, part.Warning, part.NoData, len(part.Groups), part.Headline, c)
		}
		if part.Only != ms.String() {
			t.Errorf("%s: got only %s, want the matchers", c.match, part.Only)
		}
		for _, g := range part.Groups {
			if g.Cause.Kind == rules.CauseRule && g.Of != 0 {
				t.Errorf("%s: got %q, which counts what others see", c.match, g.Sentence)
			}
		}
		if len(part.Failures) != len(whole.Failures) || len(part.Blind) != len(whole.Blind) {
			t.Errorf("%s: got %d failures and %d blind lines, want %d and %d", c.match,
				len(part.Failures), len(part.Blind), len(whole.Failures), len(whole.Blind))
		}
	}
	if whole.Critical != 3 || len(whole.Findings) != len(reporttest.Daily(t).Findings) {
		t.Errorf("got a changed whole report with %d critical, want 3", whole.Critical)
	}
}

// A finding is also matched by the labels of its object, which its series does not have.
func TestMatchingByObject(t *testing.T) {
	in, panels := reporttest.Aged(t)
	for i, r := range in.Known.Now.Rules {
		for j := range r.Findings {
			f := &in.Known.Now.Rules[i].Findings[j]
			if f.Name == "ip-10-0-1-12" {
				f.Identity = series.FromPairs("workload", "Deployment/checkout")
			}
		}
	}
	ms, err := rules.ParseMatchers(`workload=~".*/checkout"`)
	if err != nil {
		t.Fatal(err)
	}
	got := report.Build(in, panels).Matching(ms).Findings
	if len(got) == 0 || got[0].Name != "ip-10-0-1-12" {
		t.Fatalf("got %d findings, want those of ip-10-0-1-12", len(got))
	}
	for _, f := range got {
		if f.Name != "ip-10-0-1-12" {
			t.Errorf("got %s, want only ip-10-0-1-12", f.Sentence)
		}
	}
}
