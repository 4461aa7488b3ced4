package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	reportcsv "github.com/promsnap/promsnap/internal/report/csv"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// The most rows of each table as text. -o json and -o csv have all.
const (
	mostJobRows      = 100
	mostTargetRows   = 200
	mostVanishedRows = 50
)

// targetsText is a list of targets as text.
type targetsText struct {
	*report.Targets
	every []targets.Target
	down  bool // only those that are down, and no other table
	now   time.Time
	calm  int // how many jobs of which all targets are up are only counted
}

// print prints the sums, and tables of the jobs, of the targets and of those that vanished.
func (t targetsText) print(s *screen) error {
	look := green
	if len(t.Down) > 0 {
		look = red
	}
	s.say(look, t.Sum, "", 0)
	for _, n := range t.Notes {
		s.say(yellow, "note: ", n, len("note: "))
	}
	if !t.down {
		if err := t.printJobs(s); err != nil {
			return err
		}
	}
	if err := t.printEach(s); err != nil || t.down {
		return err
	}
	return t.printVanished(s)
}

// printFitting prints on a terminal. If there is no room for all targets, it leaves out those that
// are up. If there still is none, it prints one row for all targets of a job that are down for one
// reason, and then only counts the jobs of which all targets are up.
func (t targetsText) printFitting(s *screen) error {
	const advice = 3 // lines
	if s.height == 0 || t.fits(s, s.height) {
		return t.print(s)
	}
	all, up := t.every, 0
	t.every = nil
	for _, x := range all {
		if x.Health == promapi.HealthUp {
			up++
			continue
		}
		t.every = append(t.every, x)
	}
	each := "--job NAME lists one job, --down each that is down, -o csv all."
	if !t.fits(s, s.height-advice) {
		t.every = t.byReason()
	}
	if !t.fits(s, s.height-advice) {
		t = t.withoutCalm()
	}
	if err := t.print(s); err != nil {
		return err
	}
	fmt.Fprintln(s)
	if up > 0 {
		each = counted(up, "target that is up is", "targets that are up are") + " not listed; " + each
	}
	s.say(gray, each, "", 0)
	return nil
}

// fits reports whether the text has fewer lines than height, so that there is one for the prompt.
func (t targetsText) fits(s *screen, height int) bool {
	return rowsOf(s, func(s *screen) { _ = t.print(s) }) < height
}

// byReason returns a target for all of a job that are down for one reason. Its name says how many
// they are.
func (t targetsText) byReason() (all []targets.Target) {
	for _, d := range t.Down {
		x := *d.Target
		if d.Count > 1 {
			x.Instance, x.Labels, x.Node = d.Shown, nil, ""
		}
		all = append(all, x)
	}
	return all
}

// withoutCalm returns the text without most of the jobs of which all targets are up.
func (t targetsText) withoutCalm() targetsText {
	const least = 5
	fewer := *t.Targets
	n := len(fewer.Jobs)
	for n > least && fewer.Jobs[n-1].Counts == "" {
		n--
	}
	if len(fewer.Jobs)-n > 1 {
		t.calm, fewer.Jobs = len(fewer.Jobs)-n, fewer.Jobs[:n]
		t.Targets = &fewer
	}
	return t
}

// printJobs prints a row for each job. The column of targets that were not scraped yet exists if
// there are any.
func (t targetsText) printJobs(s *screen) error {
	rows, waiting := [][]string{{"JOB", "UP", "DOWN", "VANISHED"}}, false
	for _, j := range t.Jobs {
		waiting = waiting || j.Unknown > 0
	}
	if waiting {
		rows[0] = append(rows[0], "NOT SCRAPED YET")
	}
	for _, j := range t.Jobs[:min(len(t.Jobs), mostJobRows)] {
		row := []string{outside.Middle(j.Shown, 60), j.Share, number(j.Down), number(j.Vanished)}
		if waiting {
			row = append(row, number(j.Unknown))
		}
		rows = append(rows, row)
	}
	if t.calm > 0 {
		return printRows(s, rows, t.calm, "with all targets up")
	}
	return printRows(s, rows, len(t.Jobs)-mostJobRows, "jobs")
}

// number returns a count as a cell of a table.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return words.Thousands(n)
}

// printEach prints a row for each target.
func (t targetsText) printEach(s *screen) error {
	if len(t.every) == 0 {
		return nil
	}
	rows := [][]string{{
		"TARGET", "JOB", "NODE", "HEALTH", "LAST SCRAPE", "DURATION", "SAMPLES", "LAST ERROR",
	}}
	for i := range t.every[:min(len(t.every), mostTargetRows)] {
		x := &t.every[i]
		trouble, advice := report.TroubleOf(x, words.English)
		if advice != "" {
			trouble += ": " + advice
		}
		rows = append(rows, []string{
			outside.Middle(dash(x.Name()), 60),
			outside.Middle(dash(t.ShownJob(x.Cluster, x.Job)), 60),
			outside.Middle(dash(x.Node), 60), string(x.Health), dash(ago(x.LastScrape, t.now)),
			dash(figure(units.Seconds, x.Duration)), dash(figure(units.Short, x.Samples)),
			dash(trouble),
		})
	}
	rows = s.narrow(rows, "DURATION", "SAMPLES", "LAST SCRAPE", "NODE")
	return printRows(s, rows, len(t.every)-mostTargetRows,
		"targets; list one job with --job, or all with -o csv")
}

func (t targetsText) printVanished(s *screen) error {
	if len(t.Vanished) == 0 {
		return nil
	}
	rows := [][]string{{"VANISHED", "JOB", "NODE", "LAST SEEN"}}
	for _, v := range t.Vanished[:min(len(t.Vanished), mostVanishedRows)] {
		rows = append(rows, []string{
			v.Shown, v.ShownJob, dash(v.Node), ago(v.Last, t.now) + " ago",
		})
	}
	return printRows(s, s.narrow(rows), len(t.Vanished)-mostVanishedRows,
		"vanished; list all with -o csv")
}

// printRows prints a table after an empty line, and how many rows it leaves out.
func printRows(s *screen, rows [][]string, left int, of string) error {
	fmt.Fprintln(s)
	if err := s.table(rows); err != nil {
		return err
	}
	if left > 0 {
		s.say(normal, fmt.Sprintf("… %s more %s", words.Thousands(left), of), "", 2)
	}
	return nil
}

// dash returns a cell of a table, which is never empty.
func dash(text string) string { return cmp.Or(text, "-") }

// ago returns how long before now a time was; "" if it is zero.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return units.Span(max(0, now.Sub(t)).Round(time.Second))
}

// figure returns a number as text; "" if it is not known.
func figure(u units.Unit, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return u.Format(v)
}

// printTargetsCSV prints a row for each target, and for those that vanished unless only the targets
// that are down are wanted. Durations are in seconds.
func printTargetsCSV(c *console, l *targets.List, every []targets.Target, down bool) error {
	var out bytes.Buffer // the screen must not get a part of a character
	w, text := csv.NewWriter(&out), reportcsv.Text
	rows := [][]string{{
		"cluster", "job", "instance", "node", "health", "trouble", "error", "last_scrape",
		"duration_seconds", "samples", "scrape_interval_seconds", "scrape_timeout_seconds", "url",
		"workload", "targets",
	}}
	for i := range every {
		t := &every[i]
		trouble := ""
		if t.Health == promapi.HealthDown {
			trouble = t.Trouble.Code
		}
		rows = append(rows, []string{
			text(t.Cluster), text(t.Job), text(t.Instance), text(t.Node),
			string(t.Health), trouble, text(t.Error), reportcsv.Time(t.LastScrape),
			reportcsv.Number(t.Duration), reportcsv.Number(t.Samples), csvSpan(t.Interval),
			csvSpan(t.Timeout), text(t.URL), "", "1",
		})
	}
	for _, v := range l.Vanished {
		if down {
			break
		}
		rows = append(rows, []string{
			text(v.Cluster), text(v.Job), text(v.Instance), text(v.Node), "vanished",
			"", "", reportcsv.Time(v.Last), "", "", "", "", "", text(v.Workload),
			strconv.Itoa(v.Count),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return writeCSV(c, w, &out)
}

func csvSpan(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return reportcsv.Number(d.Seconds())
}
