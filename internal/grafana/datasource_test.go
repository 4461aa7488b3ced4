package grafana

import "testing"

func TestDatasources(t *testing.T) {
	s := sources{
		"DS_PROM": "prometheus", "DS_LOKI": "loki", "ds": "prometheus",
		"amp": "grafana-amazonprometheus-datasource",
	}
	for _, tt := range []struct {
		name, json, want string
	}{
		{"null", `null`, ""},
		{"the default", `"default"`, ""},
		{"a name", `"Prometheus"`, ""},
		{"a name that says otherwise", `"Loki (prod)"`, "Loki (prod)"},
		{"a UID", `{"uid": "PBFA97CFB590B2093"}`, ""},
		{"a type", `{"type": "prometheus", "uid": "x"}`, ""},
		{"another type", `{"type": "elasticsearch", "uid": "x"}`, "elasticsearch"},
		{"VictoriaMetrics", `{"type": "victoriametrics-metrics-datasource", "uid": "x"}`, ""},
		{
			"its logs", `{"type": "victoriametrics-logs-datasource", "uid": "x"}`,
			"victoriametrics-logs-datasource",
		},
		{"an input", `"${DS_PROM}"`, ""},
		{"an input of another type", `"${DS_LOKI}"`, "loki"},
		{"an input as UID", `{"uid": "${DS_LOKI}"}`, "loki"},
		{"a variable", `"$ds"`, ""},
		{"an old reference", `"[[DS_LOKI]]"`, "loki"},
		{"Amazon's", `{"uid": "$amp"}`, ""},
		{"Grafana itself", `{"type": "datasource", "uid": "grafana"}`, "-- Grafana --"},
		{"random values", `"-- Grafana --"`, "-- Grafana --"},
		{"arithmetic", `{"type": "__expr__", "uid": "__expr__"}`, "Grafana's expressions"},
		{
			"arithmetic by number", `{"name": "Expression", "type": "__expr__", "uid": "-100"}`,
			"Grafana's expressions",
		},
		{"a UID that is a number", `{"type": "prometheus", "uid": 5}`, ""},
	} {
		v, err := parse([]byte(`{"d": ` + tt.json + `}`))
		if err != nil {
			t.Fatal(err)
		}
		o := object{m: v.(map[string]any)}
		if got := s.other(o.datasource("d")); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDatasourceOfTargets(t *testing.T) {
	b := board(t, `{"panels": [
		{"type": "stat", "datasource": {"uid": "-- Mixed --"}, "targets": [
			{"expr": "a", "datasource": {"type": "loki"}}, {"expr": "b", "datasource": {"type": "prometheus"}}]},
		{"type": "stat", "datasource": "-- Mixed --", "targets": [{"expr": "a"}]},
		{"type": "stat", "datasource": {"type": "prometheus"}, "targets": [{"expr": "a"}]},
		{"type": "stat", "datasource": null, "targets": [{"expr": "a", "datasource": "X"}]}]}`)
	for i, want := range [][]string{{"loki", "prometheus"}, {""}, {"prometheus"}, {""}} {
		for j, target := range b.Panels[i].Targets {
			if target.Datasource.Type != want[j] || target.Datasource.Name == mixed {
				t.Errorf("panel %d target %d: got type %q, want %q", i, j, target.Datasource.Type,
					want[j])
			}
		}
	}
}
