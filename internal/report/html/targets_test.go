package html

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
)

// TestTargets checks the section about what Prometheus scrapes.
func TestTargets(t *testing.T) {
	section := classed(pageOf(t, reporttest.Targets(t)), "targets")[0]
	rows := func(class string) []string {
		var out []string
		for _, row := range all(all(classed(section, class)[0], "tbody")[0], "tr") {
			out = append(out, strings.Join(strings.Fields(text(row)), " "))
		}
		return out
	}
	down, gone, jobs := rows("down"), rows("gone"), rows("jobs")
	for _, tt := range []struct{ got, want string }{
		{text(all(section, "h2")[0]), "Scrape targets"},
		{
			text(classed(section, "sum")[0]),
			"38 of 68 targets up, 30 down, 5 vanished within 24 h",
		},
		{
			down[0], "10.0.1.12:9100 node-exporter · on ip-10-0-1-12 connection refused: is the " +
				"exporter running on this node? last scrape 08:58",
		},
		{
			down[3], "10.64.3.10:8080, 26 more shop/api HTTP 401 Unauthorized: the job needs " +
				"credentials (authorization or basic_auth) last scrape 08:58",
		},
		{gone[1], "shop/import × 4 import 13:00"},
		{jobs[1], "node-exporter 37/40 3 down, 1 vanished"},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %q\nwant %q", tt.got, tt.want)
		}
	}
	if len(down) != 4 || len(gone) != 2 || len(jobs) != 4 {
		t.Errorf("got %d, %d and %d rows, want 4, 2 and 4", len(down), len(gone), len(jobs))
	}
	if n := len(classed(pageOf(t, reporttest.Daily(t)), "targets")); n != 0 {
		t.Errorf("got %d sections of a report without targets, want none", n)
	}
}

// TestTargetsOfHostileNames checks that names and errors stay text.
func TestTargetsOfHostileNames(t *testing.T) {
	const hostile = "</bdi><script>alert(1)</script>"
	in := reporttest.Info(t, nil)
	l := reporttest.Scraped(in.Slot)
	for i := range l.Targets {
		x := &l.Targets[i]
		x.Job, x.Instance, x.Node, x.Error = hostile, hostile, hostile, hostile
	}
	for i := range l.Vanished {
		v := &l.Vanished[i]
		v.Job, v.Instance, v.Node, v.Workload = hostile, hostile, hostile, hostile
	}
	for i := range l.Jobs {
		l.Jobs[i].Name = hostile
	}
	in.Targets = l
	if page := string(files(t, report.Build(in, nil))["index.html"]); strings.Contains(page,
		"<script>alert") {
		t.Error("got a script of a name from outside, want text")
	}
}
