package field

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab"
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
	show        = flag.Bool("show", false, "print what each case comes to, in the form of want")
)

// answer is what a case must come to at one slot.
type answer struct {
	// At are the times of day of the slots that come to this; none: 12:00.
	At []string `yaml:"at,omitempty"`
	// Range is the report's; empty: 6h.
	Range string `yaml:"range,omitempty"`
	// Findings are all findings of the report, the worst first, such as
	// "critical node-memory n3 97 % since 08:00".
	Findings []string `yaml:"findings"`
	// Rows are all rows of some panels, such as "n1 40 % ok". Where a value comes from division, it
	// is as a reader sees it.
	Rows map[string][]string `yaml:"rows,omitempty"`
	// Says are parts of what the report says beside findings: notes, remarks, what it is blind for.
	Says []string `yaml:"says,omitempty"`
	// Silent are words that the report must not say anywhere.
	Silent []string `yaml:"silent,omitempty"`
}

// told is what people must be told by runs one after the other.
type told struct {
	From  string        `yaml:"from"`
	To    string        `yaml:"to"`
	Every time.Duration `yaml:"every"`
	Range string        `yaml:"range"`
	// "11:10 <text>", in order; a message that was edited has its new text
	Messages []string `yaml:"messages"`
}

// wanted is the answer in a case's file. Config is what the file of promsnap says beside the
// address, such as "prometheus: {scrape_interval: 5m}".
type wanted struct {
	Config string   `yaml:"config,omitempty"`
	Want   []answer `yaml:"want"`
	Told   *told    `yaml:"told,omitempty"`
}

// TestMain lets more garbage lie: a third of the time went into collecting it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// eighth is how many cases there are for each that the race detector looks at, and -short.
const eighth = 8

// TestField runs the built-in panels with their defaults over each case.
func TestField(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(cases, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", cases, err)
	}
	for i, path := range files {
		if (race.Enabled || testing.Short()) && i%eighth != 0 {
			// which goroutines meet does not hang on the series; what is answered is asked without
			// the detector
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
			if len(w.Want) == 0 && w.Told == nil {
				t.Fatal("the case has no want: it asserts nothing")
			}
			c := newCase(t, text, w.Config)
			for _, want := range w.Want {
				for _, at := range orNoon(want.At) {
					c.check(t, at, want)
				}
			}
			if w.Told != nil {
				c.tell(t, *w.Told)
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

// field is a case that is served.
type field struct {
	url, config string
	program     string // the address of one that is told of each report
	untimed     bool   // since when a finding holds is not compared
}

func newCase(t *testing.T, text []byte, config string) field {
	t.Helper()
	r, err := lab.ReadRecording(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.New(lab.Options{Recording: r})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l.Handler())
	t.Cleanup(server.Close)
	return field{url: server.URL, config: config, program: hears(t)}
}

// hears returns the address of a program that takes whatever it is told.
func hears(t *testing.T) string {
	t.Helper()
	program := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(program.Close)
	return program.URL
}

func clock(t *testing.T, hhmm string) time.Time {
	t.Helper()
	at, err := time.Parse("15:04", hhmm)
	if err != nil {
		t.Fatalf("%q is not a time of day, such as 12:00", hhmm)
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
	o.Version, o.Timeout = "test", 2*time.Minute
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	out := a.Run(t.Context())
	if len(out.Results) != 1 || out.Results[0].Err != nil {
		t.Fatalf("the run came to %+v", out)
	}
	return out.Results[0]
}

// check compares the report of one slot with the right answer.
func (c field) check(t *testing.T, at string, want answer) {
	t.Helper()
	rng := want.Range
	if rng == "" {
		rng = "6h"
	}
	// Delivered to a program, the report says all that it says, and no chart is drawn: how charts
	// look is tested beside them.
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
		findings = append(findings, said(&doc.Findings[i]))
	}
	everything := spoken(res.Report)
	if *show {
		t.Logf("at %s findings:\n  - %s\nsays:\n%s", at, strings.Join(findings, "\n  - "),
			strings.Join(everything, "\n"))
	}
	if c.untimed {
		want.Findings = withoutTimes(want.Findings)
		findings = withoutTimes(findings)
	}
	if !slices.Equal(findings, want.Findings) {
		t.Errorf("at %s the findings are\n  - %s\nwant\n  - %s", at,
			strings.Join(findings, "\n  - "), strings.Join(want.Findings, "\n  - "))
	}
	for panel, rows := range want.Rows {
		if got := rowsOf(res.Report, panel); !slices.Equal(got, rows) {
			t.Errorf("at %s the rows of %s are\n  - %s\nwant\n  - %s", at, panel,
				strings.Join(got, "\n  - "), strings.Join(rows, "\n  - "))
		}
	}
	for _, w := range want.Says {
		if !slices.ContainsFunc(everything, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("at %s nothing says %q; what is said:\n  - %s", at, w,
				strings.Join(everything, "\n  - "))
		}
	}
	for _, w := range want.Silent {
		for _, s := range append(everything, findings...) {
			if strings.Contains(s, w) {
				t.Errorf("at %s it says %q, which holds %q", at, s, w)
			}
		}
	}
}

// withoutTimes cuts off since when findings hold.
func withoutTimes(findings []string) (out []string) {
	for _, f := range findings {
		f, _, _ = strings.Cut(f, " since ")
		out = append(out, f)
	}
	return out
}

// said is a finding in the form of answer.Findings.
func said(f *reportjson.DocSaid) string {
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

// rowsOf are the rows of a panel in the form of answer.Rows.
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

// reread writes down the snapshot of a report and reads it: report.json is the same.
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
	back, err := snapshot.Decode(&file)
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
		t.Errorf("the report of the decoded snapshot is another: %v", err)
	}
}

// spoken is all that a report says beside its findings.
func spoken(r *report.Report) []string {
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

// tell runs one slot after the other with a memory, and compares what Slack was told.
func (c field) tell(t *testing.T, want told) {
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
		t.Errorf("Slack refused %v", refused)
	}
	if *show {
		t.Logf("told:\n  - %s", strings.Join(got, "\n  - "))
	}
	if !slices.Equal(got, want.Messages) {
		t.Errorf("people are told\n  - %s\nwant\n  - %s", strings.Join(got, "\n  - "),
			strings.Join(want.Messages, "\n  - "))
	}
}
