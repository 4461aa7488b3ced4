package grafana

import (
	"testing"

	"github.com/promsnap/promsnap/internal/units"
)

// Rules judge the queries for Prometheus, in the unit of each.
func TestAskedAndUnit(t *testing.T) {
	b, err := Decode([]byte(`{"panels": [
		{"type": "timeseries", "title": "a", "datasource": {"type": "prometheus", "uid": "p"},
		 "targets": [
			{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "up", "hide": true},
			{"refId": "C", "expr": "x", "datasource": {"type": "loki", "uid": "l"}},
			{"refId": "D", "expr": "used / size"}],
		 "fieldConfig": {"defaults": {"unit": "dtdhms"}, "overrides": [
			{"matcher": {"id": "byFrameRefID", "options": "D"},
			 "properties": [{"id": "decimals", "value": 2}, {"id": "unit", "value": "percentunit"}]},
			{"matcher": {"id": "byName", "options": "A"},
			 "properties": [{"id": "unit", "value": "bytes"}]}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := &b.Panels[0]
	var got []string
	for _, target := range b.Asked(p) {
		got = append(got, target.RefID+" "+p.Unit(target.RefID).String())
	}
	if len(got) != 2 || got[0] != "A dtdurations" || got[1] != "D percentunit" {
		t.Errorf("got %q, want A in dtdurations and D in percentunit", got)
	}
	for id, want := range map[string]units.Unit{
		"": units.None, "short": units.Short, "sishort": units.Short, "percent": units.Percent,
		"bytes": units.Bytes, "Bps": units.BytesPerSecond, "celsius": units.None,
		"suffix:req": units.None, "apples": units.None, "cores": units.None, "ms": units.Milliseconds,
	} {
		if got := unitOf(id); got != want {
			t.Errorf("unit %q: got %s, want %s", id, got, want)
		}
	}
	if got := unitOf("mbytes").Format(2048); got != "2 GiB" {
		t.Errorf("got %q for 2048 mbytes, want 2 GiB", got)
	}
}
