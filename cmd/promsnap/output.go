package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// printer tells a person how the run goes, or, with -o json, a program what it came to.
type printer struct {
	c       *console
	json    bool
	cfg     *config.Config
	begun   map[int]time.Time
	running []string // panels that are being asked for, in the order of their begin
	done    int
	total   int
}

func newPrinter(c *console, output string, cfg *config.Config) *printer {
	return &printer{c: c, json: output == "json", cfg: cfg, begun: map[int]time.Time{}}
}

// job writes for when the run of a Job is, and why that is not sure.
func (p *printer) job(s kube.Slot) {
	if s.Note != "" {
		fmt.Fprintf(p.c.stderr, "promsnap: note: %s\n", s.Note)
	}
	if !p.json {
		fmt.Fprintln(p.c.stdout, sayJob(s))
	}
}

// found writes which Prometheus was found in the cluster, and how it is reached.
func (p *printer) found(k *cluster) {
	if line := k.found(); line != "" && !p.json {
		fmt.Fprintln(p.c.stdout, line)
	}
}

// started writes the head of a report: of which cluster, and who answers.
func (p *printer) started(r config.Report, server, at string) {
	p.done, p.total, p.running = 0, len(r.Panels), nil
	clear(p.begun)
	if p.json {
		return
	}
	fmt.Fprintf(p.c.stdout, "%-12s %s at %s, scrape %s, last %s\n", cmp.Or(p.cfg.Cluster, r.Name),
		server, at,
		model.Duration(p.cfg.Prometheus.ScrapeInterval), model.Duration(r.Range))
}

// progress writes a line for each panel that is done, and on a terminal keeps one line below them
// that says what is being asked.
func (p *printer) progress(_ string, e snapshot.Event) {
	if p.json {
		return
	}
	if e.Panel == nil {
		p.begun[e.Index] = p.c.now()
		p.running = append(p.running, e.Spec.Name)
		p.status()
		return
	}
	p.done++
	for i, name := range p.running {
		if name == e.Spec.Name {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	p.clearStatus()
	took := p.c.now().Sub(p.begun[e.Index]).Seconds()
	fmt.Fprintln(p.c.stdout,
		strings.TrimRight(fmt.Sprintf("%-22s %6d series %5.1fs  %s", e.Spec.Name, e.Panel.Total,
			took, verdict(e.Panel)), " "))
	p.status()
}

// status rewrites the line at the bottom of a terminal.
func (p *printer) status() {
	if p.c.terminal == nil || p.done == p.total || len(p.running) == 0 {
		return
	}
	const bar = 20
	filled := bar * p.done / max(p.total, 1)
	line := fmt.Sprintf("%s%s %d/%d  %s", strings.Repeat("█", filled),
		strings.Repeat("░", bar-filled), p.done, p.total, strings.Join(p.running, ", "))
	fmt.Fprint(p.c.terminal, "\r\x1b[K"+outside.Clip(line, p.c.width-1))
}

func (p *printer) clearStatus() {
	if p.c.terminal != nil {
		fmt.Fprint(p.c.terminal, "\r\x1b[K")
	}
}

// verdict says what a panel came to in a few words.
func verdict(p *snapshot.Panel) string {
	switch p.Data {
	case snapshot.DataFailed:
		return "FAILED"
	case snapshot.DataAbsent:
		if p.Spec.Optional {
			return "left out: " + absence(p.Missing)
		}
		return "NO DATA: " + absence(p.Missing)
	}
	var critical, warning, silent int
	for _, r := range p.Rows {
		switch {
		case r.Status == rules.Breach && r.Severity == rules.Critical:
			critical++
		case r.Status == rules.Breach:
			warning++
		case r.Status == rules.NoData:
			silent++
		}
	}
	var parts []string
	for _, n := range []struct {
		count int
		word  string
	}{{critical, "critical"}, {warning, "warning"}, {silent, "no data"}} {
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

func absence(missing []string) string {
	if len(missing) == 0 {
		return "no series matches"
	}
	return strings.Join(missing, ", ") + " missing"
}

// finish writes what the run came to.
func (p *printer) finish(o app.Outcome) error {
	if p.json {
		return p.finishJSON(o)
	}
	for _, r := range o.Results {
		fmt.Fprintln(p.c.stdout)
		lines := r.Report.Summary()
		if r.Receipt.Location != "" {
			lines[len(lines)-1] += " → " + r.Receipt.Location
		}
		for _, l := range lines {
			fmt.Fprintln(p.c.stdout, l)
		}
		p.delivered(r)
		if r.Err != nil {
			fmt.Fprintf(p.c.stderr, "promsnap: %v\n", r.Err)
		}
	}
	p.advise(o)
	return nil
}

// delivered writes whom the report was delivered to, or would be.
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
		fmt.Fprintf(p.c.stdout, "\n── %s, %s (%s) → %s\n%s\n", d.Receiver, d.Kind, d.Step, d.File,
			d.Text)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(p.c.stderr, "promsnap: note: %s\n", note)
	}
	if c := r.StoodBack; c != nil {
		fmt.Fprintf(p.c.stdout, "nothing sent: run %s is telling people, until %s at the latest\n",
			c.Run, c.Until.UTC().Format(time.RFC3339))
	}
}

// what says in a few words what a receiver was given.
func what(cfg *config.Config, s notify.Sent) string {
	mirrors := func(r config.Receiver) bool {
		return r.Name == s.Receiver && r.Role == config.RoleProgram
	}
	switch {
	case s.Message == nil && slices.ContainsFunc(cfg.Receivers, mirrors):
		return "what was found"
	case s.Message == nil:
		return "the report"
	case len(s.Message.Items) == 0:
		return s.Message.Kind.String()
	}
	return s.Message.Kind.String() + ", " + count(len(s.Message.Items), "alert")
}

// advise says what to try where nothing listens at the URL: on a laptop that is a port-forward that
// is not there.
func (p *printer) advise(o app.Outcome) {
	if p.cfg.Prometheus.URL == "" {
		return
	}
	for _, res := range o.Results {
		for _, panel := range res.Report.Panels {
			if f := panel.Failure; f != nil && f.Kind == snapshot.FailureRefused {
				fmt.Fprint(p.c.stderr, `
Nothing listens there. If Prometheus runs in the cluster of your kubeconfig, you need no URL:
  promsnap run
  promsnap run --prometheus-service NAMESPACE/NAME     # where there are several
`)
				return
			}
		}
	}
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
