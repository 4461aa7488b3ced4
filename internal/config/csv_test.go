package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

func TestCSV(t *testing.T) {
	for _, tt := range []struct {
		name, report string
		flag         bool
		want         *config.CSV
		problem      string
	}{
		{"by default", "", false, nil, ""},
		{"no panels", "csv: {}", false, &config.CSV{}, ""},
		{"two panels", "csv: {panels: [pvc, node-cpu]}", false, &config.CSV{
			Panels: []string{"pvc", "node-cpu"},
		}, ""},
		{"all panels", "csv: {panels: ['*']}", false, &config.CSV{All: true}, ""},
		{"by the flag", "", true, &config.CSV{All: true}, ""},
		{"the flag and the key", "csv: {panels: [pvc]}", true, &config.CSV{All: true}, ""},
		{"a slip", "csv: {panels: [node-cpus]}", false, nil,
			`reports[0].csv.panels[0]: the report has no panel "node-cpus"; did you mean node-cpu?`},
		{"another panel", "panels: [{use: pvc}], csv: {panels: [whatever]}", false, nil,
			`the report has no panel "whatever"; write the name of one of its panels, or "*" for all`},
		{"a word", "csv: true", false, nil, "reports[0].csv: must have keys and values"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options()
			o.Builtin, o.CSV = panels.In, tt.flag
			text := "version: 1\ncluster: c\nprometheus: {url: http://localhost:9090}\n" +
				"reports:\n- {name: r, " + tt.report + "}\n"
			c, err := config.Load("promsnap.yaml", []byte(text), o)
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) {
					t.Fatalf("got error %v, want one with %q", err, tt.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Reports[0].CSV); diff != "" {
				t.Error(diff)
			}
		})
	}
}
