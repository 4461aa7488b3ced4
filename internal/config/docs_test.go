package config_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/words"
)

// Every configuration in the documents is valid, and the README has the two reports that every
// cluster needs.
func TestDocumentedExamplesLoad(t *testing.T) {
	o := options()
	o.Builtin, o.Dir = panels.In, "testdata"
	for file, least := range map[string]int{
		"../../docs/configuration.md": 2, "../../README.md": 1, "../../docs/getting-started.md": 1,
		"../../docs/tuning.md": 2, "../../docs/adding-a-panel.md": 1,
		"../../docs/dashboards.md": 1,
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		loaded := 0
		for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(
			string(data), -1) {
			if !strings.Contains("\n"+m[1], "\nversion: 1\n") {
				continue
			}
			if _, err := config.Load("promsnap.yaml", []byte(m[1]), o); err != nil {
				t.Errorf("%s: got error %v, want none for\n%s", file, err, m[1])
			}
			loaded++
		}
		if loaded < least {
			t.Errorf("%s: got %d examples, want at least %d", file, loaded, least)
		}
	}
}

// The README's check sends only changes, its summary counts the runs of the check, and both have a
// heartbeat.
func TestTheTwoReportsOfTheREADME(t *testing.T) {
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "## Tell your team")
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	o := options()
	o.Builtin = panels.In
	c, err := config.Load("promsnap.yaml", []byte(text), o)
	if err != nil || len(c.Reports) != 2 {
		t.Fatalf("got error %v, want a configuration with two reports", err)
	}
	check, daily := c.Reports[0], c.Reports[1]
	if check.Send != config.SendChanges ||
		check.Schedule.Interval(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)) != 5*time.Minute ||
		daily.Send != config.SendSummary || daily.HistoryFrom != check.Name {
		t.Errorf("got %+v, %+v, want a check every 5 minutes and its summary", check, daily)
	}
	if check.Heartbeat.IsZero() || daily.Heartbeat.IsZero() || c.State == nil {
		t.Error("got no heartbeat or no state, want two and one")
	}
}

// The built-in panels pass the checks for panels of a file, over every range that a report may
// have.
func TestBuiltinPanels(t *testing.T) {
	o := config.Options{Builtin: panels.In}
	for _, rng := range []string{"1m", "10m", "1h", "24h", "7d", "30d", "400d"} {
		var text strings.Builder
		fmt.Fprintf(&text, "version: 1\nprometheus: {url: http://p}\nreports:\n  - {name: all, "+
			"range: %s}\n  - name: one\n    range: %s\n    panels:\n", rng, rng)
		for _, p := range panels.All() {
			fmt.Fprintf(&text, "      - {use: %s, query: %q", p.Name,
				strings.TrimSpace(p.Queries[0].Expr))
			if p.Capacity != nil {
				fmt.Fprintf(&text, ", capacity: {query: %q, unit: %s}", p.Capacity.Query,
					p.Capacity.Unit)
			}
			fmt.Fprintf(&text, ", legend: %q, unit: %s}\n", p.Queries[0].Legend, p.Unit())
		}
		c, err := config.Load("promsnap.yaml", []byte(text.String()), o)
		if err != nil {
			t.Errorf("range %s: got error %v, want none", rng, err)
			continue
		}
		for _, r := range c.Reports {
			if len(r.Panels) != len(panels.All()) {
				t.Errorf("range %s: got %d panels, want %d", rng, len(r.Panels), len(panels.All()))
			}
			for i, p := range r.Panels {
				for _, rule := range p.Rules {
					if shown := max(p.Range, r.Range); rule.For > 0 &&
						rule.For > shown-3*time.Minute {
						t.Errorf("range %s: got %s for %s, want enough for %s of %s", rng, shown,
							p.Name, rule.For, rule.Name)
					}
				}
				if p.Name != panels.All()[i].Name {
					t.Errorf("range %s: got panel %d %s, want %s", rng, i, p.Name,
						panels.All()[i].Name)
				}
			}
		}
	}
}

// A report's built-in panels have the language of the report. Text of the file stays unchanged.
func TestLanguage(t *testing.T) {
	c, err := config.Load("promsnap.yaml", []byte(`
version: 1
prometheus: {url: http://p}
reports:
  - {name: all, language: ko}
  - {name: some, language: ko, panels: [{use: node-memory, title: Memory}, {name: own, query: up, title: Own}]}
  - {name: english}
`), config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	all, some, english := c.Reports[0], c.Reports[1], c.Reports[2]
	if all.Language != words.Korean || len(all.Panels) != len(panels.All()) ||
		all.Panels[0].Title != "노드 메모리" {
		t.Errorf("got language %s, %d panels, the first %q, want Korean and %d", all.Language,
			len(all.Panels), all.Panels[0].Title, len(panels.All()))
	}
	if p := some.Panels[0]; p.Title != "Memory" || p.Subject != "메모리" || p.Section != "노드" {
		t.Errorf("got title %q, subject %q, section %q, want the file's title and Korean for "+
			"the others", p.Title, p.Subject, p.Section)
	}
	if some.Panels[1].Title != "Own" {
		t.Errorf("got title %q, want Own", some.Panels[1].Title)
	}
	if english.Language != words.English || english.Panels[0].Title != panels.All()[0].Title {
		t.Errorf("without a language: got %s, %q, want %s, %q", english.Language,
			english.Panels[0].Title, words.English, panels.All()[0].Title)
	}
	for _, l := range words.Languages() {
		text := fmt.Sprintf("version: 1\nprometheus: {url: http://p}\nreports: [{name: r, "+
			"language: %s}]\n", l)
		if c, err := config.Load("promsnap.yaml", []byte(text),
			config.Options{Builtin: panels.In}); err != nil || c.Reports[0].Language != l {
			t.Errorf("language %s: got %+v, %v, want that language", l, c, err)
		}
	}
}
