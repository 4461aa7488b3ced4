package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/grafana/fetch"
)

func TestParseVars(t *testing.T) {
	got, err := parseVars([]string{
		"job=node", "node=a,b", `node=c\,d,e`, "empty=", `path=C:\x\`, "query=a=b",
	})
	if diff := cmp.Diff(map[string][]string{
		"job": {"node"}, "node": {"a", "b", "c,d", "e"}, "empty": {""}, "path": {`C:\x\`},
		"query": {"a=b"},
	}, got); err != nil || diff != "" {
		t.Errorf("got error %v, diff (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []string{"job", "=x", ""} {
		if _, err := parseVars([]string{wrong}); err == nil ||
			!strings.Contains(err.Error(), "write it like job=node-exporter or node=a,b") {
			t.Errorf("%q: got error %v, want an example", wrong, err)
		}
	}
}

// The command in a report's footer names the dashboard without a secret and without the directories
// of this machine, in words that a shell reads as they are meant.
func TestReproduceDashboard(t *testing.T) {
	slot := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for arg, want := range map[string]string{
		"1860":                            "--dashboard 1860",
		"/home/me/my boards/1860.json":    "--dashboard 1860.json",
		"/home/me/it's.json":              `--dashboard 'it'\''s.json'`,
		"uid:abc":                         "--dashboard uid:abc",
		"https://g.example/x/d/abc/t?a=b": "--dashboard https://g.example/x/d/abc",
		"https://g.example/b.json?key=hunter2#hunter2": "--dashboard https://g.example/b.json",
	} {
		ref, err := fetch.Parse(arg)
		if err != nil {
			t.Fatal(err)
		}
		f := runFlags{
			dashboard: named(ref), variables: []string{"node=a b"},
			from: dashboardFlags{grafanaURL: "https://g.example/x?key=hunter2"},
		}
		got := reproduce("a", f, slot)
		if !strings.Contains(got, want+" --var 'node=a b' --grafana-url https://g.example/x --time") {
			t.Errorf("%s: got %s, want %s", arg, got, want)
		}
	}
}
