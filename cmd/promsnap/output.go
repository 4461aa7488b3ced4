package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// printer prints the progress and the result of a run for a person or, with -o json, only the
// result for a program.
type printer struct {
	c      *console
	json   bool
	cfg    *config.Config
	panels *progress
	widest int // the width of the panels' names
}

// dashboardColumn is the width of the titles of a dashboard's panels.
const dashboardColumn = 40

func newPrinter(c *console, output string, cfg *config.Config) *printer {
	return &printer{
		c: c, json: output == "json", cfg: cfg, panels: newProgress(c.stdout, c.now),
	}
}

// job prints the time of a Job's run and, if that time is a guess, why.
func (p *printer) job(s kube.Slot) {
	if s.Note != "" {
		fmt.Fprintf(p.c.stderr, "promsnap: note: %s\n", s.Note)
	}
	if !p.json {
		fmt.Fprintln(p.c.stdout, describeJob(s))
	}
}

// found prints which Prometheus was found in the cluster and how it is reached.
func (p *printer) found(k *cluster) {
	if line := k.found(); line != "" && !p.json {
		fmt.Fprintln(p.c.stdout, line)
	}
}

// started prints the first lines of a report: the cluster, the server that answers, and the
// dashboard.
func (p *printer) started(r config.Report, server, at string) {
	p.widest = 22
	if r.Dashboard != nil {
		p.widest = dashboardColumn
	}
	p.panels.begin(panelsOf(r))
	if p.json {
		return
	}
	fmt.Fprintf(p.c.stdout, "%-12s %s at %s, scrape %s, last %s\n", cmp.Or(p.cfg.Cluster, r.Name),
		server, at, model.Duration(p.cfg.Prometheus.ScrapeInterval), model.Duration(r.Range))
	if d := r.Dashboard; d != nil {
		fmt.Fprintf(p.c.stdout, "%-12s %s, %s\n", "dashboard",
			cmp.Or(outside.Said(d.Board.Title, 100), r.Title), d.Source)
	}
}

// panelsOf returns how many panels a report has.
func panelsOf(r config.Report) int {
	n := len(r.Panels)
	if d := r.Dashboard; d != nil {
		for i := range d.Board.Panels {
			if d.Shows(d.Board.Panels[i].Title) {
				n++
			}
		}
	}
	return n
}

// progress prints a line for each panel that is done. On a terminal, it prints only panels without
// a complete answer, above a line that shows which panel is being queried.
func (p *printer) progress(_ string, e snapshot.Event) {
	if p.json {
		return
	}
	took := p.panels.panel(e)
	if e.Panel == nil || e.History || p.c.stdout.rewrites && e.Panel.Data == snapshot.DataComplete {
		return
	}
	p.panels.above(func() {
		line := fmt.Sprintf("%-*s %6d series %5.1fs  %s", p.widest, label(e.Spec), e.Panel.Total,
			took.Seconds(), verdict(e.Panel))
		fmt.Fprintln(p.c.stdout, strings.TrimRight(line, " "))
	})
}

// label returns what a person knows a panel by: its name or, if it is one of a dashboard, its
// title.
func label(s *panel.Spec) string {
	if len(s.Queries) > 0 {
		return s.Name
	}
	return cmp.Or(outside.Said(s.Title, dashboardColumn), s.Name)
}

// verdict returns the result of a panel in a few words.
func verdict(p *snapshot.Panel) string {
	switch p.Data {
	case snapshot.DataFailed:
		if f := p.Failure; f != nil && f.Kind == snapshot.FailureUnsent {
			return "not queried: " + outside.Clip(outside.Line(f.Message), 100)
		}
		return "FAILED"
	case snapshot.DataAbsent:
		if p.Spec.Optional {
			return "left out: " + absence(p.Missing)
		}
		return "NO DATA: " + absence(p.Missing)
	}
	var critical, warning, noData int
	for _, r := range p.Rows {
		switch {
		case r.Status == rules.Breach && r.Severity == rules.Critical:
			critical++
		case r.Status == rules.Breach:
			warning++
		case r.Status == rules.NoData:
			noData++
		}
	}
	var parts []string
	for _, n := range []struct {
		count int
		word  string
	}{{critical, "critical"}, {warning, "warning"}, {noData, "no data"}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	if p.Data == snapshot.DataPartial {
		parts = append(parts, "partial")
	}
	for _, a := range p.Absent {
		parts = append(parts, "query "+a.Ref+": "+absence(a.Missing))
	}
	return strings.Join(parts, ", ")
}

// absence returns why a query has no series.
func absence(missing []string) string {
	if len(missing) == 0 {
		return "no series matches"
	}
	return strings.Join(missing, ", ") + " missing"
}

// finish prints the result of the run.
func (p *printer) finish(o app.Outcome) error {
	if p.json {
		return p.finishJSON(o)
	}
	for _, r := range o.Results {
		p.summary(r)
		p.delivered(r)
		if r.Err != nil {
			p.c.fail(r.Err)
		}
	}
	p.advise(o)
	return nil
}

// summary prints what a report says in a few lines.
func (p *printer) summary(r app.Result) {
	in := &r.Report.Info
	fmt.Fprintf(p.c.stdout, "\n%s at %s\n", in.Name, moment(in.Slot, p.c.now(), in.Zone))
	lines := r.Report.Summary()
	if r.Receipt.Location != "" {
		lines[len(lines)-1] += " → " + r.Receipt.Location
	}
	for _, l := range lines {
		look, state := stateOf(l, words.In(in.Language))
		p.c.stdout.say(look, state, l[len(state):], 2)
	}
}

// stateOf returns the state with which a line of a summary begins, and its style.
func stateOf(line string, w *words.Words) (look style, state string) {
	for _, s := range []struct {
		look  style
		state string
	}{
		{red, w.Critical}, {yellow, w.Warning}, {magenta, w.NoData}, {red, w.Failed},
		{gray, w.Pending}, {gray, w.Ended},
	} {
		if state := strings.ToUpper(s.state); strings.HasPrefix(line, state+" ") {
			return s.look, state
		}
	}
	return normal, ""
}

// delivered prints to which receivers the report was delivered, or would be in a dry run.
func (p *printer) delivered(r app.Result) {
	for _, s := range r.Sent {
		if s.Err == nil {
			fmt.Fprintf(p.c.stdout, "%s: %s\n", s.Receiver, what(p.cfg, s))
		}
	}
	for _, d := range r.Drafts {
		if d.Kind == notify.KindNone {
			fmt.Fprintf(p.c.stdout, "\n── %s (%s) → %s\n", d.Receiver, d.Step, d.File)
			continue
		}
		fmt.Fprintf(p.c.stdout, "\n── %s, %s (%s) → %s\n", d.Receiver, d.Kind, d.Step, d.File)
		if d.Text != "" {
			fmt.Fprintln(p.c.stdout, d.Text)
		}
		for _, name := range d.Pictures {
			fmt.Fprintf(p.c.stdout, "[%s]\n", name)
		}
	}
	for _, note := range r.Notes {
		p.c.stderr.say(yellow, "promsnap: note: ", note, 2)
	}
	if c := r.ClaimedBy; c != nil {
		fmt.Fprintf(p.c.stdout, "nothing sent: run %s is sending, until %s at the latest\n", c.Run,
			moment(c.Until, p.c.now(), r.Report.Info.Zone))
	}
}

// what returns in a few words what was sent to a receiver.
func what(cfg *config.Config, s notify.Sent) string {
	isProgram := func(r config.Receiver) bool {
		return r.Name == s.Receiver && r.Role == config.RoleProgram
	}
	switch {
	case s.Message == nil && slices.ContainsFunc(cfg.Receivers, isProgram):
		return "the findings"
	case s.Message == nil:
		return "the report"
	case len(s.Message.Items) == 0:
		return s.Message.Kind.String()
	}
	return s.Message.Kind.String() + ", " + count(len(s.Message.Items), "alert")
}

// advise prints what to try if the URL refuses connections. On a laptop this often means that a
// port-forward is missing.
func (p *printer) advise(o app.Outcome) {
	if p.cfg.Prometheus.URL == "" {
		return
	}
	for _, res := range o.Results {
		for _, one := range res.Report.Panels {
			if f := one.Failure; f != nil && f.Kind == snapshot.FailureRefused {
				fmt.Fprint(p.c.stderr, `
Nothing listens at this URL. If Prometheus runs in the cluster of your kubeconfig, omit the URL:
  promsnap run
  promsnap run --prometheus-service NAMESPACE/NAME     # if there are several
`)
				return
			}
		}
	}
}

// count formats a number with its noun, in the plural if needed.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
