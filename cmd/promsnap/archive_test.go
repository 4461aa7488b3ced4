package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/archive"
)

func TestSlotRows(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	c := &console{now: func() time.Time { return at.Add(time.Hour) }}
	hostile := archive.Slot{
		Cluster: "prod\x1b[2J", Report: "check", Time: at, Files: 3, Bytes: 2048, Whole: true,
		Summary: &archive.Summary{Critical: 2, NoData: 1, Headline: "disk\n\x1b[31m", Zone: "Asia/Seoul"},
	}
	unread := archive.Slot{Cluster: "prod\x1b[2J", Report: "check", Time: at, Partial: true}
	other := archive.Slot{Report: "daily", Time: at, Summary: &archive.Summary{OK: 4, Zone: "../etc"}}
	rows := slotRows(c, &archiveUse{}, []archive.Slot{hostile, unread})
	if len(rows[0]) != 7 || !slices.Equal(rows[1][1:6], []string{
		"09:00 KST", "check", "3", "2 KiB", "2 critical, 1 no data",
	}) || rows[2][5] != "no report.json" {
		t.Errorf("one cluster: got %q, want a row for each slot without its cluster", rows)
	}
	rows = slotRows(c, &archiveUse{}, []archive.Slot{hostile, other})
	if rows[0][2] != "CLUSTER" || rows[2][2] != "-" || rows[2][1] != "00:00 UTC" ||
		rows[2][6] != "incomplete" {
		t.Errorf("two clusters: got %q, want a column for them, and UTC for an unknown zone", rows)
	}
	var out bytes.Buffer
	if err := screenOf(&out).table(rows); err != nil || strings.ContainsAny(out.String(), "\x1b") {
		t.Errorf("got %q, %v; want no control character", out.String(), err)
	}
}

func TestSlotArgument(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"20261122T000000Z": at, "2026-11-22T09:00:00+09:00": at, "latest": {},
	} {
		if got, err := slotArgument(text); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "now", "2026-11-22", "20261122T000000", "../x", "report.json"} {
		if got, err := slotArgument(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// FILE never has the form of a slot, so both may be omitted.
func TestGetArguments(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for args, want := range map[string]archiveGetFlags{
		"":                                   {},
		"check":                              {report: "check"},
		"check 20261122T000000Z":             {report: "check", at: at},
		"check report.json":                  {report: "check", files: []string{"report.json"}},
		"check latest a.png b.png":           {report: "check", files: []string{"a.png", "b.png"}},
		"check 20261122T000000Z report.json": {report: "check", at: at, files: []string{"report.json"}},
	} {
		var got archiveGetFlags
		got.arguments(strings.Fields(args))
		if got.report != want.report || !got.at.Equal(want.at) || !slices.Equal(got.files,
			want.files) {
			t.Errorf("%q: got %q, %v, %q; want %q, %v, %q", args, got.report, got.at, got.files,
				want.report, want.at, want.files)
		}
	}
}
