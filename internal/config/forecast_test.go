package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
)

func TestForecast(t *testing.T) {
	const own = "{name: disk, query: used, unit: percentunit, rules: [" +
		"{alertname: Fills, full_in: {warning: 7d, critical: 2d}}, " +
		"{alertname: High, above: {warning: 80%%, critical: 90%%}, for: 30m}], forecast: %s}"
	day := 24 * time.Hour
	for _, tc := range []struct {
		panel string
		want  *panel.Forecast
	}{
		{"{use: node-disk}", &panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: 28 * day}},
		{"{use: node-disk, forecast: {enabled: false}}", nil},
		{
			"{use: node-disk, forecast: {horizon: 5d}}",
			&panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: 5 * day},
		},
		{
			"{use: node-disk, forecast: {limit: critical}}",
			&panel.Forecast{Limit: 0.88, For: 15 * time.Minute, Horizon: 28 * day},
		},
		{ // the limit of the built-in panel is that of its rule
			"{use: node-inodes, rules: [{alertname: High, above: {critical: 95%}, for: 15m}]}",
			&panel.Forecast{Limit: 0.95, For: 15 * time.Minute, Horizon: 28 * day},
		},
		{"{use: node-memory}", nil},
		{"{use: node-disk, unit: percent, query: used}", nil},
		{
			fmt.Sprintf(own, "{}"),
			&panel.Forecast{Limit: 0.9, For: 30 * time.Minute, Horizon: 28 * day},
		},
		{
			fmt.Sprintf(own, "{limit: warning}"),
			&panel.Forecast{Limit: 0.8, For: 30 * time.Minute, Horizon: 28 * day},
		},
		{
			fmt.Sprintf(own, "{limit: 85%}"),
			&panel.Forecast{Limit: 0.85, For: 30 * time.Minute, Horizon: 28 * day},
		},
		{
			"{name: free, query: free, unit: bytes, forecast: {}, rules: [" +
				"{alertname: Low, below: {warning: 10GiB}, for: 5m}]}",
			&panel.Forecast{
				Limit: 10 << 30, Below: true, For: 5 * time.Minute, Horizon: 28 * day,
			},
		},
		{ // a query of what is free
			"{use: pvc, query: free / size, rules: [" +
				"{alertname: Low, below: {critical: 10%}, for: 5m}]}",
			&panel.Forecast{Limit: 0.1, Below: true, For: 5 * time.Minute, Horizon: 28 * day},
		},
		{"{use: pvc, query: free / size, rules: []}", nil},
		{"{use: node-disk, query: 1 - node_memory_MemFree_bytes / total}", nil},
		{ // with the rules of the built-in panel
			"{use: node-disk, query: used / size}",
			&panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: 28 * day},
		},
		{
			"{name: free, query: free, unit: bytes, forecast: {limit: 1GiB, direction: below}}",
			&panel.Forecast{
				Limit: 1 << 30, Below: true, For: 15 * time.Minute, Horizon: 28 * day,
			},
		},
		{ // a rule of another query says nothing about this one
			"{name: two, queries: [{query: used}, {query: busy}], unit: percentunit, forecast: " +
				"{limit: 85%, direction: above}, rules: [" +
				"{alertname: Low, ref: B, below: {critical: 30%}, for: 2h}]}",
			&panel.Forecast{Limit: 0.85, For: 15 * time.Minute, Horizon: 28 * day},
		},
	} {
		c := loadPanels(t, "reports: [{name: daily, range: 6h, panels: ["+tc.panel+"]}]")
		p := c.Reports[0].Panels[0]
		if diff := cmp.Diff(tc.want, p.Forecast); diff != "" {
			t.Errorf("%s: got another forecast (-want +got):\n%s", tc.panel, diff)
		}
		if len(p.Rules) < 2 || !p.HasFullIn() {
			continue
		}
		want := rules.Rule{
			Name: "Fills", FullIn: true, Direction: rules.Below, NoData: rules.ResolveOnNoData,
			Warning: rules.At(7 * 86400), Critical: rules.At(2 * 86400), For: day,
			KeepFiringFor: 6 * time.Hour,
		}
		if diff := cmp.Diff(want, p.Rules[1]); diff != "" {
			t.Errorf("%s: got another rule after the one of samples (-want +got):\n%s", tc.panel,
				diff)
		}
	}
}

func TestForecastProblems(t *testing.T) {
	const noSide = "not known whether the series grow or fall to the limit"
	const noShare = "not a share that a series can reach"
	for keys, want := range map[string]string{
		"use: node-disk, kind: heatmap, compare: 7d":                  "a heatmap chart has no lines",
		"use: node-disk, forecast: {limit: 0%}":                       noShare,
		"use: node-disk, forecast: {limit: 8500%}":                    noShare,
		"name: a, query: free, unit: bytes, forecast: {limit: 10GiB}": noSide,
		"name: a, query: free, unit: bytes, forecast: {}":             "no limit",
		"name: a, query: free, unit: bytes, forecast: {limit: 10GiB}, rules: [" +
			"{alertname: F, full_in: {warning: 7d}}]": noSide,
		"name: a, queries: [{query: used}, {query: busy}], forecast: {}, rules: [" +
			"{alertname: L, ref: B, below: {critical: 3}}]": "no limit",
		"use: node-disk, rules: [{alertname: F, full_in: {warning: 7d}, for: 0s}]": "write 1h to 1w",
	} {
		_, err := config.Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: http://p}\n"+
			"reports: [{name: daily, range: 6h, panels: [{"+keys+"}]}]"),
			config.Options{Builtin: panels.In})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got the error %v, want one with %q", keys, err, want)
		}
	}
}

func loadPanels(t *testing.T, reports string) *config.Config {
	t.Helper()
	c, err := config.Load("promsnap.yaml", []byte("version: 1\nprometheus: {url: http://p}\n"+
		reports), config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTrends(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                  true,
		"trends: false,":                    false,
		"send: summary, receivers: [team],": true,
		"send: changes, receivers: [team],": false,
	} {
		c := loadPanels(t, "reports: [{name: daily, "+text+" panels: [{use: node-disk}]}]\n"+
			"cluster: c\nreceivers: [{name: team, slack: {channel: C0123456789}}]\n"+
			"state: {dir: /state}\n")
		if got := c.Reports[0].Trends; got != want {
			t.Errorf("%s: got trends %v, want %v", text, got, want)
		}
	}
}

// The wall of a built-in panel is one of its own query, in its own unit.
func TestWall(t *testing.T) {
	for keys, want := range map[string]bool{
		"": true, ", title: Disks": true, ", unit: percentunit": true, ", unit: percent": false,
		", query: used": false, ", query: used, unit: percent": false,
	} {
		cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, "version: 1\nprometheus: "+
			"{url: http://localhost:9090}\nreports:\n  - {name: check, panels: [{use: node-disk%s}]}\n",
			keys), config.Options{Builtin: panels.In})
		if err != nil {
			t.Errorf("%q: got error %v, want none", keys, err)
			continue
		}
		if got := cfg.Reports[0].Panels[0].Wall; (got != nil) != want {
			t.Errorf("%q: got the wall %v, want one: %v", keys, got, want)
		}
	}
}
