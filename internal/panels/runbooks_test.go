package panels_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/rules"
)

const runbooks = "../../docs/runbooks/"

// runbookRules returns promsnap's own rules with their runbooks.
func runbookRules() map[string]string {
	out := map[string]string{rules.BlindName: rules.RunbookURL(rules.BlindName)}
	for _, p := range panels.All() {
		for _, r := range p.Rules {
			if r.IsAlert() {
				out[r.Name] = r.RunbookURL
			}
		}
	}
	return out
}

// Each rule has its page, each page its rule, and the index has all of them.
func TestEachRuleHasARunbook(t *testing.T) {
	files, err := filepath.Glob(runbooks + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".md"); name != "README" {
			pages = append(pages, name)
		}
	}
	want := slices.Sorted(maps.Keys(runbookRules()))
	if !slices.Equal(pages, want) {
		t.Errorf("got pages\n%q\nwant\n%q", pages, want)
	}
	const base = "https://github.com/promsnap/promsnap/blob/main/docs/runbooks/"
	for name, link := range runbookRules() {
		if link != base+name+".md" {
			t.Errorf("%s: got runbook %q, want %s%s.md", name, link, base, name)
		}
	}
	index := read(t, runbooks+"README.md")
	for _, name := range want {
		if !strings.Contains(index, "| ["+name+"]("+name+".md) | ") {
			t.Errorf("the index lacks a row for %s", name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	codeBlock   = regexp.MustCompile("(?s)```(\\w+)\n(.*?)\n```")
	silenceLine = regexp.MustCompile(`(?s)^promsnap silence add -c promsnap\.yaml --duration \w+ \\
  '([^']+)'$`)
)

// A page is short, has two commands to look with, and its silence is about its rule alone.
func TestRunbooksAreShortAndHaveCommands(t *testing.T) {
	for name := range runbookRules() {
		page := read(t, runbooks+name+".md")
		if n := strings.Count(page, "\n"); n >= 40 {
			t.Errorf("%s: got %d lines, want fewer than 40", name, n)
		}
		blocks := codeBlock.FindAllStringSubmatch(page, -1)
		if len(blocks) != 3 || !strings.HasPrefix(page, "# "+name+"\n") ||
			!strings.Contains(page, "## What usually helps\n\n- ") {
			t.Errorf("%s: got %d commands, want its name, two to look with, what helps and a silence",
				name, len(blocks))
			continue
		}
		for _, b := range blocks[:2] {
			if known := strings.HasPrefix(b[2], "kubectl ") || strings.HasPrefix(b[2],
				"promsnap "); known != (b[1] == "sh") {
				t.Errorf("%s: got %s for %s, want sh for kubectl and promsnap, else promql", name,
					b[1], b[2])
			}
		}
		m := silenceLine.FindStringSubmatch(blocks[2][2])
		if m == nil {
			t.Errorf("%s: got %q, want a silence", name, blocks[2][2])
			continue
		}
		ms, err := rules.ParseMatchers(m[1])
		if err != nil || ms[0].String() != `alertname="`+name+`"` {
			t.Errorf("%s: got the matchers %s, error %v; want those of the rule", name, m[1], err)
		}
	}
}

// healthy are the rules whose PromQL has no answer in the simulated cluster, which is healthy in
// these respects.
var healthy = []string{
	"NodeDiskReadonly", "NodeCondition", "ScrapeTargetsDown", "NodeExporterMissing",
}

// The PromQL of the pages finds something in the simulated cluster, under the labels of both
// charts.
func TestRunbookQueriesAnswer(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, profile := range []lab.Profile{lab.Community, lab.KPS} {
		cluster, err := lab.New(lab.Options{Profile: profile, Nodes: 16, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Duration(now.UnixMilli()) * time.Millisecond
		for name := range runbookRules() {
			for _, b := range codeBlock.FindAllStringSubmatch(read(t, runbooks+name+".md"), -1) {
				if b[1] != "promql" {
					continue
				}
				// the names in capitals stand for any name here
				expr := regexp.MustCompile(`="[A-Z]+"`).ReplaceAllString(b[2], `=~".+"`)
				m, err := query(cluster, expr, at, at, time.Minute)
				if err != nil || len(m) == 0 && !slices.Contains(healthy, name) {
					t.Errorf("%s, %s: got %d series and error %v for\n%s\nwant some", profile, name,
						len(m), err, expr)
				}
			}
		}
	}
}
