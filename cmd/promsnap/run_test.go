package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// panics is a Prometheus client with a fault.
type panics struct{ snapshot.Querier }

func (panics) Range(context.Context, promapi.Query, func(series.Series) error) (promapi.Meta, error) {
	panic("index out of range")
}

func TestAFaultIsLoggedWithItsStack(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	specs := []snapshot.Spec{{Name: "node-memory", Query: "up"}}
	r := report.Build(report.Info{Name: "check", Slot: now}, snapshot.Take(t.Context(), panics{}, specs, snapshot.Options{Slot: now, Range: time.Hour}))
	var log strings.Builder
	logOutcome(slog.New(slog.NewTextHandler(&log, nil)), &config.Config{}, app.Outcome{Results: []app.Result{{Report: r}}}, time.Second)
	for _, want := range []string{"level=ERROR", "panel=node-memory", `panic="index out of range"`, "run_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in\n%s", want, log.String())
		}
	}
}

func TestParseSlot(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 45, 123, time.UTC)
	for _, tc := range []struct{ in, want, err string }{
		{"now", "2026-11-22T09:30:00Z", ""},
		{"now-2h", "2026-11-22T07:30:00Z", ""},
		{"now-1d", "2026-11-21T09:30:00Z", ""},
		{"2026-11-22T09:00:00+09:00", "2026-11-22T00:00:00Z", ""},
		{"2026-11-22T09:00:00.9Z", "2026-11-22T09:00:00Z", ""},
		{"now+2h", "", "now or now-2h"},
		{"now-", "", "now or now-2h"},
		{"yesterday", "", "now or now-2h"},
		{"", "", "now or now-2h"},
		{"2026-11-22T09:31:00Z", "", "lies in the future"},
		{"1969-12-31T23:59:59Z", "", "from 1970 on"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", ""},
		{"now-56y", "1970-12-06T09:30:00Z", ""},
		{"now-60y", "", "from 1970 on"},
		{"2024-02-29T23:59:59-12:00", "2024-03-01T11:59:59Z", ""},
		{"2023-02-29T00:00:00Z", "", "is not a time"},
		{"2200-01-01T00:00:00Z", "", "lies in the future"},
		{"99999-01-01T00:00:00Z", "", "is not a time"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			got, err := parseSlot(tc.in, now)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil || got.Format(time.RFC3339) != tc.want {
				t.Fatalf("%v, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func TestReproduceHidesAPassword(t *testing.T) {
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got := reproduce([]string{"daily"}, runFlags{config: "/home/me/promsnap.yaml", rng: "6h"}, slot); got != "promsnap run daily -c promsnap.yaml --range 6h --time 2026-11-22T00:00:00Z" {
		t.Error(got)
	}
	if got := reproduce(nil, runFlags{prometheusURL: "http://me:hunter2@prometheus"}, slot); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}
