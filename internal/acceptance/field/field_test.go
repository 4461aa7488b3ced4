package field

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/report"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/testdata/race"
)

const cases = "../../../testdata/field"

var (
	defaultSlot = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	show        = flag.Bool("show", false, "print the result of each case in the form of want")
)

// answer is what a case's report must be at some slots.
type answer struct {
	// At are the times of day of the slots, by default 12:00.
	At []string `yaml:"at,omitempty"`
	// Range is the range of the report, by default 6h.
	Range string `yaml:"range,omitempty"`
	// Findings are all findings of the report, worst first, such as "critical node-memory n3 97 %
	// since 08:00".
	Findings []string `yaml:"findings"`
	// Changes are all changes before findings, such as "container-oom shop/web-0/app: 14 min before:
	// image of shop/web 1.41 → 1.42".
	Changes []string `yaml:"changes,omitempty"`
	// Causes are the sentences of the causes of the findings that have not ended, worst first; empty:
	// they are not compared.
	Causes []string `yaml:"causes,omitempty"`
	// Rows are all rows of some panels, such as "n1 40 % ok". Values are rounded as in a report.
	Rows map[string][]string `yaml:"rows,omitempty"`
	// Says are parts of sentences that the report must contain besides findings.
	Says []string `yaml:"says,omitempty"`
	// Silent are parts of sentences that the report must not contain.
	Silent []string `yaml:"silent,omitempty"`
}

// sent is what consecutive runs must send.
type sent struct {
	From  string        `yaml:"from"`
	To    string        `yaml:"to"`
	Every time.Duration `yaml:"every"`
	Range string        `yaml:"range"`
	// "11:10 <text>", in order; an edited message has its new text
	Messages []string `yaml:"messages"`
}

// wanted is the answer in a case's file. Config is the configuration besides the address, such as
// "prometheus: {scrape_interval: 5m}".
type wanted struct {
	Config string   `yaml:"config,omitempty"`
	Want   []answer `yaml:"want"`
	Sent   *sent    `yaml:"sent,omitempty"`
}

// TestMain makes collections of garbage rarer, because they took a third of the time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// eighth is the step between the cases that run with -race or -short: one in eight.
const eighth = 8

// TestField runs the built-in panels with their defaults on each case.
func TestField(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(cases, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got no cases in %s (%v), want at least one", cases, err)
	}
	for i, path := range files {
		if (race.Enabled || testing.Short()) && i%eighth != 0 {
			// The series do not change which goroutines interact. The answers are checked without
			// the race detector.
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var w wanted
			if err := yaml.Unmarshal(text, &w); err != nil {
				t.Fatal(err)
			}
			if len(w.Want) == 0 && w.Sent == nil {
				t.Fatal("the case has neither want nor sent, want one of them")
			}
			c := newCase(t, text, w.Config)
			for _, want := range w.Want {
				for _, at := range orNoon(want.At) {
					c.check(t, at, want)
				}
			}
			if w.Sent != nil {
				c.checkSent(t, *w.Sent)
			}
		})
	}
}

func orNoon(at []string) []string {
	if len(at) == 0 {
		return []string{"12:00"}
	}
	return at
}

// field is a case with a server of its series.
type field struct {
	url, config string
	program     string // the address of a webhook
	untimed     bool   // the start of findings and causes is not compared
}

func newCase(t *testing.T, text []byte, config string) field {
	t.Helper()
	path := filepath.Join(t.TempDir(), "series.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	u := labtest.Start(t, "--series="+path)
	return field{url: u.String(), config: config, program: startWebhook(t)}
}

// startWebhook returns the address of a webhook that accepts everything.
func startWebhook(t *testing.T) string {
	t.Helper()
	program := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(program.Close)
	return program.URL
}

func clock(t *testing.T, hhmm string) time.Time {
	t.Helper()
	at, err := time.Parse("15:04", hhmm)
	if err != nil {
		t.Fatalf("got %q, want a time of day such as 12:00", hhmm)
	}
	return defaultSlot.Truncate(24 * time.Hour).Add(time.Duration(at.Hour())*time.Hour +
		time.Duration(at.Minute())*time.Minute)
}

// run makes the report of a slot.
func (c field) run(t *testing.T, text string, o app.Options) app.Result {
	t.Helper()
	cfg, err := config.Load("promsnap.yaml", []byte(text), config.Options{
		Builtin: panels.In, URL: c.url,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Version, o.Timeout = "test", 10*time.Minute
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	out := a.Run(t.Context())
	if len(out.Results) != 1 || out.Results[0].Err != nil {
		t.Fatalf("the run's outcome is %+v, want one result and no error", out)
	}
	return out.Results[0]
}

// check compares the report of one slot with the correct answer.
func (c field) check(t *testing.T, at string, want answer) {
	t.Helper()
	rng := want.Range
	if rng == "" {
		rng = "6h"
	}
	// With a webhook as the only receiver the report is complete and no chart is drawn.
	text := "version: 1\ncluster: field\n" + c.config + "\nreports: [{name: field, range: " + rng +
		", receivers: [program]}]\n" +
		"receivers: [{name: program, webhook: {url: '" + c.program + "'}}]\nstate: {dir: '" +
		filepath.ToSlash(t.TempDir()) + "'}\n"
	slot := clock(t, at)
	res := c.run(t, text, app.Options{Slot: slot, To: app.Receivers{}, Now: func() time.Time {
		return slot
	}})
	doc := reportjson.DocumentOf(res.Report)
	reread(t, res.Report)

	var findings []string
	for i := range doc.Findings {
		findings = append(findings, findingText(&doc.Findings[i]))
	}
	causes := causesOf(res.Report)
	everything := texts(res.Report)
	if *show {
		t.Logf("at %s findings:\n  - %s\ncauses:\n  - %s\nsays:\n%s", at,
			strings.Join(findings, "\n  - "), strings.Join(causes, "\n  - "),
			strings.Join(everything, "\n"))
	}
	if c.untimed {
		want.Findings, want.Causes = withoutTimes(want.Findings), withoutTimes(want.Causes)
		findings, causes = withoutTimes(findings), withoutTimes(causes)
	}
	if len(want.Causes) > 0 && !slices.Equal(causes, want.Causes) {
		t.Errorf("at %s the causes are\n  - %s\nwant\n  - %s", at, strings.Join(causes, "\n  - "),
			strings.Join(want.Causes, "\n  - "))
	}
	if !slices.Equal(findings, want.Findings) {
		t.Errorf("at %s the findings are\n  - %s\nwant\n  - %s", at,
			strings.Join(findings, "\n  - "), strings.Join(want.Findings, "\n  - "))
	}
	if changes := changesOf(&doc); !slices.Equal(changes, want.Changes) {
		t.Errorf("at %s the changes are\n  - %s\nwant\n  - %s", at,
			strings.Join(changes, "\n  - "), strings.Join(want.Changes, "\n  - "))
	}
	for panel, rows := range want.Rows {
		if got := rowsOf(res.Report, panel); !slices.Equal(got, rows) {
			t.Errorf("at %s the rows of %s are\n  - %s\nwant\n  - %s", at, panel,
				strings.Join(got, "\n  - "), strings.Join(rows, "\n  - "))
		}
	}
	for _, w := range want.Says {
		if !slices.ContainsFunc(everything, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("at %s the texts are\n  - %s\nwant one that contains %q", at,
				strings.Join(everything, "\n  - "), w)
		}
	}
	for _, w := range want.Silent {
		for _, s := range append(everything, findings...) {
			if strings.Contains(s, w) {
				t.Errorf("at %s got %q, want no %q in it", at, s, w)
			}
		}
	}
}

// causesOf returns the sentences of a report's causes.
func causesOf(r *report.Report) (sentences []string) {
	for i := range r.Groups {
		sentences = append(sentences, r.Groups[i].Sentence)
	}
	return sentences
}

var since = regexp.MustCompile(` since [0-9]{2}:[0-9]{2}`)

// withoutTimes removes the start of findings and causes.
func withoutTimes(texts []string) (out []string) {
	for _, text := range texts {
		out = append(out, since.ReplaceAllString(text, ""))
	}
	return out
}

// findingText returns a finding in the form of answer.Findings.
func findingText(f *reportjson.DocSaid) string {
	how := f.Severity
	switch f.Status {
	case "pending":
		how = "pending"
	case "no_data":
		how = "no data"
	case "ended":
		how = "ended"
	}
	words := []string{how, f.Panel, f.Name}
	if f.Value != "" {
		words = append(words, f.Value)
	}
	if f.Since != nil {
		words = append(words, "since "+f.Since.Format("15:04"))
	}
	if e := f.Event; e != nil {
		when := "last "
		if e.Before {
			when = "before "
		}
		words = append(words, when+e.Last.Format("15:04"))
	}
	return strings.Join(words, " ")
}

// changesOf returns the changes of a report in the form of answer.Changes.
func changesOf(doc *reportjson.Document) (out []string) {
	for _, f := range doc.Findings {
		for _, c := range f.Changes {
			out = append(out, fmt.Sprintf("%s %s: %s", f.Panel, f.Name, c))
		}
	}
	return out
}

// rowsOf returns the rows of a panel in the form of answer.Rows.
func rowsOf(r *report.Report, panel string) []string {
	var rows []string
	for i := range r.Panels {
		p := &r.Panels[i]
		if p.Spec.Name != panel {
			continue
		}
		for _, row := range p.Rows {
			rows = append(rows, fmt.Sprintf("%s %s %s", row.Name,
				p.Spec.Unit().Format(row.Stats.Last), status(row)))
		}
	}
	return rows
}

func status(r snapshot.Row) string {
	switch r.Status {
	case rules.OK:
		return "ok"
	case rules.Breach:
		if r.Severity == rules.Critical {
			return "critical"
		}
		return "warning"
	case rules.Pending:
		return "pending"
	case rules.NoData:
		return "no data"
	case rules.Gone:
		return "gone"
	}
	return "unknown"
}

// reread encodes and decodes the snapshot of a report and checks that report.json stays the same.
func reread(t *testing.T, r *report.Report) {
	t.Helper()
	s := snapshot.Snapshot{
		Cluster: r.Info.Cluster, Slot: r.Info.Slot, Range: r.Info.Range, Notes: r.Info.Notes,
		Panels: r.Panels,
	}
	var file bytes.Buffer
	if err := s.Encode(&file); err != nil {
		t.Fatal(err)
	}
	back, err := snapshot.Decode(&file, snapshot.MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	in := r.Info
	in.Slot, in.Range, in.Notes = back.Slot, back.Range, back.Notes
	want, err := reportjson.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := reportjson.Render(report.Build(in, back.Panels))
	if err != nil || !bytes.Equal(got.Body, want.Body) {
		t.Errorf("the report of the decoded snapshot is\n%s\nwant\n%s\n(%v)", got.Body, want.Body,
			err)
	}
}

// texts returns all sentences of a report, with those of its findings.
func texts(r *report.Report) []string {
	all := []string{r.Headline}
	all = append(all, r.Blind...)
	for _, w := range r.Warnings {
		all = append(all, strings.TrimPrefix(w.Panel+": ", ": ")+w.Text)
	}
	for _, f := range r.Failures {
		all = append(all, f.Panel+": "+f.Error)
	}
	for _, f := range r.Findings {
		all = append(all, f.Sentence)
	}
	for i := range r.Panels {
		p := &r.Panels[i]
		for _, n := range slices.Concat(p.Remarks, p.Notes) {
			all = append(all, p.Spec.Name+": "+report.SayNote(r.Info.Language, n))
		}
	}
	return all
}

// checkSent runs one slot after the other with a state and compares the messages to Slack.
func (c field) checkSent(t *testing.T, want sent) {
	t.Helper()
	const token = "xoxb-field"
	slack := slackdouble.Start(token)
	defer slack.Close()
	text := "version: 1\ncluster: field\n" + c.config + "\nreports: [{name: field, range: " +
		want.Range + ", send: changes, receivers: [oncall]}]\n" +
		"receivers: [{name: oncall, slack: {channel: C0123456789, token: " + token +
		", api_url: '" + slack.APIURL() + "'}}]\n" +
		"state: {dir: '" + filepath.ToSlash(t.TempDir()) + "'}\n"
	known := map[string]string{} // the newest text by ts
	var got []string
	for at := clock(t, want.From); !at.After(clock(t, want.To)); at = at.Add(want.Every) {
		c.run(t, text, app.Options{Slot: at, To: app.Receivers{}, Now: func() time.Time {
			return at
		}})
		for _, m := range slack.Messages() {
			if known[m.TS] != m.Text {
				known[m.TS] = m.Text
				got = append(got, at.Format("15:04 ")+m.Text)
			}
		}
	}
	if refused := slack.Refused(); len(refused) > 0 {
		t.Errorf("Slack refused %v, want nothing refused", refused)
	}
	if *show {
		t.Logf("sent:\n  - %s", strings.Join(got, "\n  - "))
	}
	if !slices.Equal(got, want.Messages) {
		t.Errorf("the messages are\n  - %s\nwant\n  - %s", strings.Join(got, "\n  - "),
			strings.Join(want.Messages, "\n  - "))
	}
}
