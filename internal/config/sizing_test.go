package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
)

func TestSizing(t *testing.T) {
	week := config.Sizing{Window: 7 * 24 * time.Hour, Headroom: 0.25}
	for _, tt := range []struct {
		name, report string
		want         *config.Sizing
		problem      string
	}{
		{"by default", "", &week, ""},
		{"not for changes", "receivers: [s], send: changes, schedule: '@hourly'", nil, ""},
		{
			"for changes", "receivers: [s], send: changes, schedule: '@hourly', sizing: {}", &week,
			"",
		},
		{"for a summary", "receivers: [s], send: summary, schedule: '@daily'", &week, ""},
		{"not without containers", "panels: [{use: node-cpu}]", nil, ""},
		{"with containers", "panels: [{use: container-cpu}]", &week, ""},
		{"off", "sizing: {enabled: false, window: 14d}", nil, ""},
		{"all", "sizing: {window: 28d, headroom: 0.4, cost: {cpu_hour: 0.031, " +
			"memory_gib_hour: 0.004}}", &config.Sizing{
			Window: 28 * 24 * time.Hour, Headroom: 0.4, CPUHour: 0.031, MemoryGiBHour: 0.004,
		}, ""},
		{"a long window", "sizing: {window: 90d}", nil, "window"},
		{"a negative headroom", "sizing: {headroom: -5%}", nil,
			"headroom: -5% is out of bounds; write 0 to 1000%"},
		{"a word as a price", "sizing: {cost: {cpu_hour: free}}", nil, "cpu_hour"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options()
			o.Builtin = panels.In
			text := "version: 1\ncluster: c\nprometheus: {url: http://localhost:9090}\n" +
				"state: {dir: s}\n" +
				"receivers: [{name: s, slack: {channel: C0123456789, token: xoxb-1}}]\n" +
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
			if diff := cmp.Diff(tt.want, c.Reports[0].Sizing); diff != "" {
				t.Error(diff)
			}
		})
	}
}
