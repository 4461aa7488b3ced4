package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// addTarget adds a target to a list as targets.Take does, and counts it.
func addTarget(l *targets.List, job, instance, node string, health promapi.Health,
	message string) {
	job, instance, node = outside.Line(job), outside.Line(instance), outside.Line(node)
	x := targets.Target{
		Job: job, Instance: instance, Node: node, Health: health, Error: message,
		Labels:     series.FromPairs("instance", instance, "job", job),
		LastScrape: l.At, Duration: .0213, Samples: 1204,
	}
	if health == promapi.HealthDown {
		x.Trouble = targets.TroubleOf(message, 0)
	}
	l.Targets = append(l.Targets, x)
	i := slices.IndexFunc(l.Jobs, func(j targets.Job) bool { return j.Name == job })
	if i < 0 {
		i = len(l.Jobs)
		l.Jobs = append(l.Jobs, targets.Job{Name: job})
	}
	if health == promapi.HealthDown {
		l.Jobs[i].Down++
	} else {
		l.Jobs[i].Up++
	}
}

// scrapedNow is a list with targets of every kind, and with Korean names.
func scrapedNow(slot time.Time) *targets.List {
	l := reporttest.Scraped(slot)
	addTarget(l, "결제-서비스", "결제.shop.svc:8080", "노드-가", promapi.HealthDown,
		"인증서가 만료되었습니다")
	for i := range 12 {
		addTarget(l, "kubelet", fmt.Sprintf("10.0.1.%d:10250", 10+i), fmt.Sprintf("ip-10-0-1-%d", 10+i),
			promapi.HealthUp, "")
	}
	return l
}

// smallScraped is a list that fits on a screen.
func smallScraped(slot time.Time) *targets.List {
	l := &targets.List{At: slot, Range: time.Hour, Live: true}
	addTarget(l, "결제-서비스", "결제.shop.svc:8080", "노드-가", promapi.HealthDown,
		"인증서가 만료되었습니다")
	addTarget(l, "node-exporter", "10.0.1.12:9100", "ip-10-0-1-12", promapi.HealthDown,
		"dial tcp 10.0.1.12:9100: connect: connection refused")
	addTarget(l, "node-exporter", "10.0.1.13:9100", "ip-10-0-1-13", promapi.HealthUp, "")
	addTarget(l, "kubelet", "10.0.1.12:10250", "ip-10-0-1-12", promapi.HealthUp, "")
	l.Targets[3].Labels = series.FromPairs("metrics_path", "/metrics/cadvisor")
	return l
}

// textOf returns a list as text on a screen.
func textOf(l *targets.List, slot time.Time, down bool) targetsText {
	t := report.TargetsOf(l, report.Info{Language: words.English, Zone: time.UTC, Slot: slot}, 9999)
	return targetsText{Targets: t, every: l.Targets, down: down, now: slot}
}

// TestTargetsOnATerminal compares what `promsnap targets` prints with files. Look at each change of
// them.
func TestTargetsOnATerminal(t *testing.T) {
	slot := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name          string
		list          *targets.List
		width, height int // of the terminal; 0: it is a pipe
		color         bool
	}{
		{"20", smallScraped(slot), 20, 60, false}, {"60", smallScraped(slot), 60, 24, false},
		{"80", smallScraped(slot), 80, 24, false}, {"80-colour", smallScraped(slot), 80, 24, true},
		{"200", smallScraped(slot), 200, 50, false}, {"pipe", smallScraped(slot), 0, 0, false},
		{"many-80", scrapedNow(slot), 80, 24, false}, {"many-200", scrapedNow(slot), 200, 60, true},
	} {
		var out bytes.Buffer
		s := screenOf(&out)
		if c.width > 0 {
			s = terminalOf(&out, c.width)
			s.height, s.color = c.height, c.color
		}
		if err := textOf(c.list, slot, false).printFitting(s); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := outside.Columns(strings.TrimRight(line, "\n")); n > c.width && c.width >= 60 &&
				!c.color {
				t.Errorf("%s: %d columns in %q, want at most %d", c.name, n, line, c.width)
			}
		}
		compareGolden(t, "targets-"+c.name, out.Bytes())
	}
}

// TestManyTargets checks that the text about 5,000 targets is bounded, and that a terminal shows
// what matters in one screen.
func TestManyTargets(t *testing.T) {
	slot := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	l := &targets.List{At: slot, Range: time.Hour, Live: true}
	for i := range 5000 {
		job, health := fmt.Sprint("job-", i%120), promapi.HealthUp
		if i%120 < 2 {
			health = promapi.HealthDown
		}
		addTarget(l, job, fmt.Sprintf("10.0.%d.%d:9100", i/250, i%250), "", health, "EOF")
	}
	for _, c := range []struct{ height, most int }{{0, 310}, {24, 23}} {
		var out bytes.Buffer
		s := screenOf(&out)
		if c.height > 0 {
			s = terminalOf(&out, 80)
			s.height = c.height
		}
		if err := textOf(l, slot, false).printFitting(s); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if n := strings.Count(text, "\n"); n > c.most || !strings.Contains(text, "84 down") {
			t.Errorf("height %d: got %d lines, want at most %d:\n%s", c.height, n, c.most, text)
		}
	}
}

// Words of a server move no cursor, on any terminal and in a pipe.
func TestHostileTargets(t *testing.T) {
	slot := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	for _, w := range hostile.Words() {
		l := &targets.List{At: slot, Range: time.Hour, Live: true}
		addTarget(l, w.Text, w.Text, w.Text, promapi.HealthDown, w.Text)
		addTarget(l, w.Text, w.Text, w.Text, promapi.HealthUp, "")
		line := outside.Line(w.Text)
		l.Vanished = []targets.Vanished{{
			Cluster: line, Job: line, Instance: line, Workload: line, Node: line, Count: 2,
			Last: slot,
		}}
		for _, width := range []int{0, 20, 80} {
			for _, down := range []bool{true, false} {
				var out bytes.Buffer
				s := screenOf(&out)
				if width > 0 {
					s = terminalOf(&out, width)
					s.color, s.height = false, 24
				}
				if err := textOf(l, slot, down).printFitting(s); err != nil {
					t.Fatal(err)
				}
				text := strings.ReplaceAll(out.String(), "\n", "")
				if r, bad := hostile.Unprintable(text); bad {
					t.Errorf("%s: got %U in the output, want none: %.200q", w.Name, r, text)
				}
			}
		}
	}
}
