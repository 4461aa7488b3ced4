package tuning_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/backtest/backtesttest"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

var update = flag.Bool("update", false, "rewrite the goldens and the schema")

const schemaFile = "../../../docs/backtest.schema.json"

// golden compares got with a committed file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: got\n%s\nwant\n%s\nrun go test ./internal/report/tuning "+
			"-update and read the difference", path, got, want)
	}
}

func all() []backtest.Result {
	return []backtest.Result{
		backtesttest.Memory(), backtesttest.Disk(), backtesttest.Calm(), backtesttest.Short(),
		backtesttest.Hopeless(), backtesttest.Lately(),
	}
}

func info(l words.Language) tuning.Info {
	zone := time.UTC
	if l == words.Korean {
		zone = time.FixedZone("KST", 9*60*60)
	}
	return tuning.Info{
		Cluster: "prod", Report: "check", Language: l, Zone: zone, Version: "1.0.0",
		Server: "Prometheus 3.15.0",
	}
}

// rulesInfo returns what a back-test of rule files says besides its results.
func rulesInfo(l words.Language) tuning.Info {
	in := info(l)
	in.Report, in.Files = "", []string{"rules/node.yml", "rules/other.yml"}
	return in
}

func TestTell(t *testing.T) {
	for _, l := range words.Languages() {
		golden(t, filepath.Join("testdata", string(l)+".txt"),
			printed(tuning.Tell(info(l), all())))
		golden(t, filepath.Join("testdata", "rules-"+string(l)+".txt"),
			printed(tuning.Tell(rulesInfo(l), backtesttest.Rules())))
	}
}

// printed returns all words about back-tests.
func printed(told tuning.Told) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n%q\n", told.Title, told.Heads)
	for _, row := range told.Rows {
		fmt.Fprintf(&out, "%q\n", row)
	}
	for _, line := range []string{told.Never, told.Measure} {
		if line != "" {
			fmt.Fprintln(&out, line)
		}
	}
	for _, r := range told.Rules {
		if r.Fired != "" {
			r.Fired += "\n"
		}
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n%s%s\n%s\n", r.Title, r.Limits, r.Period, r.Fired,
			r.Proposal, r.Why)
		for _, note := range r.Notes {
			fmt.Fprintf(&out, "- %s\n", note)
		}
		fmt.Fprintf(&out, "  %q\n", r.Heads)
		for _, level := range r.Levels {
			fmt.Fprintf(&out, "%s %q\n", level.Mark(), level.Cells)
		}
		fmt.Fprintf(&out, "%s\n", r.More)
		for _, w := range r.Who {
			fmt.Fprintf(&out, "%s\n", w.Head)
			for _, o := range w.Objects {
				fmt.Fprintf(&out, "  %s: %s: %s %s\n", o.Name, o.Count,
					strings.Join(o.Days, "; "), o.More)
			}
			fmt.Fprintf(&out, "  %s\n", w.More)
		}
		fmt.Fprint(&out, r.YAML)
	}
	return out.Bytes()
}

// The lines to paste are valid in a configuration, and give the rule with the proposed level.
func TestYAMLIsReadBack(t *testing.T) {
	builtin, _ := panels.Get("node-memory")
	pods, _ := panels.Get("container-memory")
	own := panel.Spec{
		Name: "queue", Queries: []panel.Query{{Unit: units.Bytes}}, Rules: []rules.Rule{
			{
				Name: "yes", Direction: rules.Below, Warning: rules.At(4 << 30),
				Critical: rules.At(1 << 30), For: time.Hour, KeepFiringFor: time.Hour,
			},
			{
				Name: "Fills", FullIn: true, Direction: rules.Below, NoData: rules.ResolveOnNoData,
				Warning: rules.At(7 * 24 * 3600), Critical: rules.At(2 * 24 * 3600),
				For: 24 * time.Hour, KeepFiringFor: rules.DefaultKeepFiringFor,
			},
			{Name: "Mean: of it", Reduce: rules.P95, Warning: rules.At(3e9)},
		},
	}
	for _, c := range []struct {
		spec  panel.Spec
		level float64
		hold  time.Duration
		of    rules.Severity
	}{
		{builtin, .84, 15 * time.Minute, rules.Warning},
		{builtin, .925, time.Hour, rules.Critical},
		{pods, .93, 30 * time.Minute, rules.Warning},
		{own, 3 << 30, 90 * time.Minute, rules.Warning},
	} {
		r := backtest.Result{
			Panel: c.spec, Rule: c.spec.Rules[0], Severity: c.of, Proposed: 1,
			From: backtesttest.End.Add(-30 * 24 * time.Hour), To: backtesttest.End,
			Candidates: []backtest.Candidate{
				{Level: c.spec.Rules[0].Warning.Value, For: c.spec.Rules[0].For, PerWeek: 8.2},
				{Level: c.level, For: c.hold, PerWeek: 1},
			},
		}
		text := tuning.YAML(&r)
		file := "version: 1\nprometheus: {url: http://localhost:9090}\nreports:\n" +
			"  - name: check\n    range: 6h\n    panels:\n"
		if c.spec.Builtin {
			file += text
		} else { // the panel is in the file already
			file += "      - name: queue\n" + text + "        query: vector(1)\n        unit: bytes\n        forecast: {limit: 8GiB}\n"
		}
		cfg, err := config.Load("promsnap.yaml", []byte(file), config.Options{Builtin: panels.In})
		if err != nil {
			t.Errorf("%s: got error %v, want none for\n%s", c.spec.Name, err, file)
			continue
		}
		got := cfg.Reports[0].Panels[0].Rules
		if len(got) != len(c.spec.Rules) {
			t.Errorf("%s: got %d rules, want %d", c.spec.Name, len(got), len(c.spec.Rules))
			continue
		}
		want := c.spec.Rules[0]
		want.For = c.hold
		if c.of == rules.Critical {
			want.Critical.Value = c.level
		} else {
			want.Warning.Value = c.level
		}
		want.KeepFiringFor = cmp.Or(want.KeepFiringFor, rules.DefaultKeepFiringFor)
		want.NeedsAll, got[0].NeedsAll = false, false
		if got[0] != want {
			t.Errorf("%s: got the rule %+v, want %+v from\n%s", c.spec.Name, got[0], want, text)
		}
		for _, rule := range c.spec.Rules {
			if rule.FullIn && !slices.Contains(got, rule) {
				t.Errorf("%s: got the rules %+v, want %+v from\n%s", c.spec.Name, got, rule, text)
			}
		}
		if !strings.Contains(text, ": 1 alert a week in the last 30 d; ") {
			t.Errorf("%s: got %q, want a comment with the alerts a week", c.spec.Name, text)
		}
	}
}

// Once is one time.
func TestOnceIsOneTime(t *testing.T) {
	r := backtesttest.Memory()
	r.Pages, r.Candidates[r.Proposed].PerWeek = 1, 1.04
	r.Why = backtest.Fits
	got := tuning.Tell(info(words.English), []backtest.Result{r}).Rules[0]
	if text := got.Proposal + got.Why; strings.Contains(text, "1 times") ||
		!strings.Contains(text, "alerted 1 time a week") ||
		!strings.Contains(text, "at most 1 time a week") {
		t.Errorf("got %q, want 1 time a week", text)
	}
}

func TestNoProposalHasNoYAML(t *testing.T) {
	for _, r := range []backtest.Result{backtesttest.Hopeless(), backtesttest.Calm(), {}} {
		if got := tuning.YAML(&r); got != "" {
			t.Errorf("%s: got the YAML %q, want none", r.Rule.Name, got)
		}
	}
}

// schemaOf reflects the Go types of the document.
func schemaOf(t *testing.T) []byte {
	t.Helper()
	r := reflector.Reflector{FieldNameTag: "json"}
	s := r.Reflect(&tuning.Document{})
	s.ID = "https://github.com/promsnap/promsnap/blob/main/docs/backtest.schema.json"
	s.Title = "the JSON of promsnap backtest"
	body, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(body, '\n')
}

func TestSchemaIsThatOfTheTypes(t *testing.T) { golden(t, schemaFile, schemaOf(t)) }

func TestDocumentFitsTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, results := range map[string][]backtest.Result{
		"all": all(), "none": nil, "hostile": {backtesttest.Hostile(evil)},
		"rules": backtesttest.Rules(), "hostile rules": backtesttest.HostileRules(evil),
	} {
		in := info(words.English)
		if len(results) > 0 && results[0].File != nil {
			in = rulesInfo(words.English)
		}
		body, err := tuning.JSON(in, results)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: got error %v, want a document that the schema allows", name, err)
		}
		if name == "all" {
			golden(t, "testdata/backtest.json", body)
		}
	}
}

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\u202e\x1b[31m\n"

func TestPage(t *testing.T) {
	for _, l := range words.Languages() {
		body, err := tuning.Page(info(l), all())
		if err != nil {
			t.Fatal(err)
		}
		text := string(body)
		for _, want := range []string{
			`lang="` + string(l) + `"`, `href="#rule-3"`, `id="rule-3"`, "default-src &#39;none&#39;",
			`warning: 84%, critical: 90%`, `ip-10-0-1-12`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got a page without %q", l, want)
			}
		}
		if n := strings.Count(text, "<figure"); n != 4+4+4+2+4+2 {
			t.Errorf("%s: got %d pictures, want 20", l, n)
		}
		if at := regexp.MustCompile(`<script|style="|src=|url\(`).FindString(text); at != "" {
			t.Errorf("%s: got %q in the page, want no script and nothing that it loads", l, at)
		}
	}
}

// The lines to paste of a rule file are the rule with another number.
func TestRuleFileYAMLIsReadBack(t *testing.T) {
	for _, expr := range []string{
		"a > 0.8", "(a / b) * 100 >= 80 and on (x) c", "0.8 < a # as a ratio", `a{b=": c"} > 1`,
		"1 - a\n  > 0.8\n", `{__name__=~"a|b"} < 5`, `a{b="한글 # no"} > 0.8`, "-a < -3",
	} {
		r := backtesttest.Rules()[0]
		r.File.Expr = expr
		text := tuning.YAML(&r)
		groups, err := rulefile.Parse("rules.yml",
			[]byte("groups:\n  - name: a\n    rules:\n"+text))
		if err != nil {
			t.Errorf("%s: got error %v, want none for\n%s", expr, err, text)
			continue
		}
		want, _ := rulefile.WithLevel(expr, r.Candidates[r.Proposed].Level)
		got := groups[0].Rules[0]
		if strings.TrimSpace(got.Expr) != strings.TrimSpace(want) || got.Alert != r.File.Alert {
			t.Errorf("got the rule %s: %s, want %s from\n%s", got.Alert, got.Expr, want, text)
		}
	}
}

func TestPageOfRules(t *testing.T) {
	for _, l := range words.Languages() {
		body, err := tuning.Page(rulesInfo(l), backtesttest.Rules())
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			`<h1><bdi>prod</bdi>`, `href="#rule-3"`, `id="rule-3"`, "node.yml", "&gt; 0.84",
		} {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s: got a page without %q", l, want)
			}
		}
		if n := strings.Count(string(body), "<figure"); n != 4+2+2+2 {
			t.Errorf("%s: got %d pictures, want 10", l, n)
		}
	}
}

func TestHostileRulesAreHarmless(t *testing.T) {
	results := backtesttest.HostileRules(evil)
	files, err := tuning.Files(rulesInfo(words.English), results)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.CheckNames(files); err != nil {
		t.Errorf("got error %v, want names that stay in their directory", err)
	}
	harmless(t, files[0].Body)
}

// harmless checks a page of evil words.
func harmless(t *testing.T, body []byte) {
	t.Helper()
	for _, bad := range []string{"<script", "<img", "\u202e", "\x1b"} {
		if bytes.Contains(body, []byte(bad)) {
			t.Errorf("got %q in the page, want it escaped or removed", bad)
		}
	}
}

func TestHostileWordsAreHarmless(t *testing.T) {
	results := []backtest.Result{backtesttest.Hostile(evil), backtesttest.Calm()}
	body, err := tuning.Page(info(words.English), results)
	if err != nil {
		t.Fatal(err)
	}
	harmless(t, body)
	files, err := tuning.Files(info(words.English), results)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.CheckNames(files); err != nil {
		t.Errorf("got error %v, want names that stay in their directory", err)
	}
	if len(files) != 6 {
		t.Errorf("got %d files, want a page, a document and two pictures of each rule", len(files))
	}
}

// A proposal that alerted too often in the newest third is not recommended without a remark.
func TestProposalThatHeldOutDataDoubt(t *testing.T) {
	r := backtesttest.Memory()
	r.Candidates[r.Proposed].Held = 2.1
	if !tuning.MoreThanAim(&r) {
		t.Errorf("got no doubt about %v alerts a week, want it above %v", 2.1, r.Pages)
	}
	const want = ", which had no say in the choice, 2.1 times, more than the aim of 2."
	if got := tuning.Tell(info(words.English), []backtest.Result{r}).Rules[0].Why; !strings.HasSuffix(
		got, want) {
		t.Errorf("got the reason %q, want it to end with %q", got, want)
	}
	body, err := tuning.Page(info(words.English), []backtest.Result{r})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(body, []byte(`<div class="answer doubt">`)) {
		t.Error("got a page without the style of doubt")
	}
	r.Candidates[r.Proposed].Held = 2
	if tuning.MoreThanAim(&r) {
		t.Errorf("got doubt about %v alerts a week, want none", 2)
	}
}
