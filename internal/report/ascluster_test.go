package report_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// TestAsCluster checks that the row of a cluster agrees with its own report.
func TestAsCluster(t *testing.T) {
	r := reporttest.Daily(t)
	c := r.AsCluster()
	if _, err := json.Marshal(c); err != nil {
		t.Fatalf("got %v, want a row that JSON can hold", err)
	}
	shares := r.Fleet()
	if len(c.Shares) != len(shares) || len(shares) == 0 {
		t.Fatalf("got %d shares, want the %d of the report", len(c.Shares), len(shares))
	}
	for i, s := range c.Shares {
		if s.Ratio != shares[i].Ratio || s.Panel == "" {
			t.Errorf("got the share %+v, want that of %+v", s, shares[i])
		}
	}
	if c.Fullest == nil || c.Fullest.Ratio <= 0.5 {
		t.Errorf("got the fullest node %+v, want one that is rather full", c.Fullest)
	}
	if n := int(r.Info.Range.Hours()); len(c.Hours) != n || !strings.Contains(c.Hours, "c") {
		t.Errorf("got the hours %q, want %d with a critical one", c.Hours, n)
	}
	if len(c.Causes) < len(r.Groups) || c.Causes[0].Worst != r.Groups[0].Worst().Name ||
		c.Causes[0].Findings != len(r.Groups[0].Findings) {
		t.Errorf("got the causes %+v, want the %d groups of the report first", c.Causes,
			len(r.Groups))
	}
	if c.Failure != nil {
		t.Errorf("got the failure %v, want none of a cluster that answers", c.Failure)
	}
}

// TestAsClusterWithoutAnswers checks the row of a cluster that nothing answered.
func TestAsClusterWithoutAnswers(t *testing.T) {
	var panels []snapshot.Panel
	for _, s := range reporttest.Specs() {
		panels = append(panels, snapshot.Panel{
			Spec: s, Data: snapshot.DataFailed, Failure: snapshot.FailureOf(errors.New("no route")),
		})
	}
	c := report.Build(reporttest.Info(t, nil), panels).AsCluster()
	if c.Failure == nil || c.Verdict != report.VerdictNoData || len(c.Failed) != len(panels) {
		t.Errorf("got %+v, want a failure, no data, and %d failed panels", c, len(panels))
	}
	if strings.Trim(c.Hours, "-") != "" || len(c.Causes) == 0 ||
		c.Causes[0].Kind != "failure" || c.Causes[0].Findings != len(panels) {
		t.Errorf("got the hours %q and causes %+v, want unknown hours and one failure", c.Hours,
			c.Causes)
	}
}
