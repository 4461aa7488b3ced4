package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

var (
	decisionHead   = regexp.MustCompile(`^# .+\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (.+)\n`)
	decisionStatus = regexp.MustCompile(`^(accepted|superseded by \[[^\]]+\]\([a-z0-9-]+\.md\))$`)
)

// Every decision has a date and a status, and the list of decisions repeats both.
func TestDecisionsHaveDateAndStatus(t *testing.T) {
	const dir = "docs/decisions"
	files, err := filepath.Glob(filepath.Join(repository, dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := readPage(t, dir+"/README.md")
	decisions := 0
	for _, file := range files {
		name := filepath.Base(file)
		if name == "README.md" {
			continue
		}
		decisions++
		head := decisionHead.FindStringSubmatch(readPage(t, dir+"/"+name))
		if head == nil {
			t.Errorf("%s: got no date and status below the title, want %q and %q", name,
				"- Date: 2026-11-22", "- Status: accepted")
			continue
		}
		date, status := head[1], head[2]
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			t.Errorf("%s: got date %q, want a day: %v", name, date, err)
		}
		if !decisionStatus.MatchString(status) {
			t.Errorf("%s: got status %q, want %q or %q", name, status,
				"accepted", "superseded by [NAME](FILE.md)")
		}
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s \| \[[^|]+\]\(%s\) \| %s \| .+ \|$`,
			date, regexp.QuoteMeta(name), regexp.QuoteMeta(status)))
		if !row.MatchString(list) {
			t.Errorf("%s: got no row for it in the list in %s, want one with date %s and status %q",
				name, dir, date, status)
		}
	}
	if decisions < 15 {
		t.Errorf("got %d decisions, want 15 or more: the test looks in the wrong place", decisions)
	}
}
