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

// printTargets prints the sums, and tables of the jobs, of the targets and of those that vanished.
// With only the targets that are down, there are no other tables.
func printTargets(c *console, t *report.Targets, every []targets.Target, down bool,
	now time.Time) error {
	look := green
	if len(t.Down) > 0 {
		look = red
	}
	c.stdout.say(look, t.Sum, "", 0)
	for _, n := range t.Notes {
		c.stdout.say(yellow, "note: ", n, len("note: "))
	}
	if !down {
		if err := printJobs(c, t); err != nil {
			return err
		}
	}
	if err := printEach(c, t, every, now); err != nil {
		return err
	}
	if down {
		return nil
	}
	return printVanished(c, t, now)
}

// printJobs prints a row for each job. The column of targets that were not scraped yet exists if
// there are any.
func printJobs(c *console, t *report.Targets) error {
	rows, waiting := [][]string{{"JOB", "UP", "DOWN", "VANISHED"}}, false
	for _, j := range t.Jobs {
		waiting = waiting || j.Unknown > 0
	}
	if waiting {
		rows[0] = append(rows[0], "NOT SCRAPED YET")
	}
	for _, j := range t.Jobs[:min(len(t.Jobs), mostJobRows)] {
		row := []string{j.Shown, j.Share, number(j.Down), number(j.Vanished)}
		if waiting {
			row = append(row, number(j.Unknown))
		}
		rows = append(rows, row)
	}
	return printRows(c, rows, len(t.Jobs)-mostJobRows, "jobs")
}

// number returns a count as a cell of a table.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return words.Thousands(n)
}

// printEach prints a row for each target.
func printEach(c *console, t *report.Targets, every []targets.Target, now time.Time) error {
	if len(every) == 0 {
		return nil
	}
	rows := [][]string{{
		"TARGET", "JOB", "NODE", "HEALTH", "LAST SCRAPE", "DURATION", "SAMPLES", "LAST ERROR",
	}}
	for i := range every[:min(len(every), mostTargetRows)] {
		x := &every[i]
		trouble, advice := report.TroubleOf(x, words.English)
		if advice != "" {
			trouble += ": " + advice
		}
		rows = append(rows, []string{
			outside.Middle(dash(x.Name()), 60), t.ShownJob(x.Cluster, x.Job),
			outside.Middle(dash(x.Node), 60), string(x.Health), dash(ago(x.LastScrape, now)),
			dash(figure(units.Seconds, x.Duration)), dash(figure(units.Short, x.Samples)),
			dash(trouble),
		})
	}
	return printRows(c, rows, len(every)-mostTargetRows,
		"targets; list one job with --job, or all with -o csv")
}

func printVanished(c *console, t *report.Targets, now time.Time) error {
	if len(t.Vanished) == 0 {
		return nil
	}
	rows := [][]string{{"VANISHED", "JOB", "NODE", "LAST SEEN"}}
	for _, v := range t.Vanished[:min(len(t.Vanished), mostVanishedRows)] {
		rows = append(rows, []string{
			v.Shown, v.ShownJob, dash(v.Node), ago(v.Last, now) + " ago",
		})
	}
	return printRows(c, rows, len(t.Vanished)-mostVanishedRows, "vanished; list all with -o csv")
}

// printRows prints a table after an empty line, and how many rows it leaves out.
func printRows(c *console, rows [][]string, left int, of string) error {
	fmt.Fprintln(c.stdout)
	if err := c.stdout.table(rows); err != nil {
		return err
	}
	if left > 0 {
		c.stdout.say(normal, fmt.Sprintf("… %s more %s", words.Thousands(left), of), "", 2)
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
	w := csv.NewWriter(&out)
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
			csvText(t.Cluster), csvText(t.Job), csvText(t.Instance), csvText(t.Node),
			string(t.Health), trouble, csvText(t.Error), csvTime(t.LastScrape),
			csvNumber(t.Duration), csvNumber(t.Samples), csvSpan(t.Interval), csvSpan(t.Timeout),
			csvText(t.URL), "", "1",
		})
	}
	for _, v := range l.Vanished {
		if down {
			break
		}
		rows = append(rows, []string{
			csvText(v.Cluster), csvText(v.Job), csvText(v.Instance), csvText(v.Node), "vanished",
			"", "", csvTime(v.Last), "", "", "", "", "", csvText(v.Workload),
			strconv.Itoa(v.Count),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return writeCSV(c, w, &out)
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func csvSpan(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return csvNumber(d.Seconds())
}
