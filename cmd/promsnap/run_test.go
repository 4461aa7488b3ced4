package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// panics is a Prometheus client that panics.
type panics struct{ snapshot.Querier }

func (panics) Range(context.Context, promapi.Query,
	func(series.Series) error) (promapi.Meta, error) {
	panic("index out of range")
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	specs := []panel.Spec{{Name: "node-memory", Queries: []panel.Query{{Expr: "up"}}}}
	var text strings.Builder
	log := slog.New(slog.NewTextHandler(&text, nil))
	o := snapshot.Options{Slot: now, Range: time.Hour, Progress: func(e snapshot.Event) {
		logFault(log, "check", e)
	}}
	panels := snapshot.Take(t.Context(), panics{}, specs, o)
	r := report.Build(report.Info{Name: "check", Slot: now}, panels)
	logOutcome(log, &config.Config{}, app.Outcome{Results: []app.Result{{Report: r}}}, time.Second)
	for _, want := range []string{
		"level=ERROR", "panel=node-memory", `panic="index out of range"`, "run_test.go",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("got log\n%s\nwant %s in it", text.String(), want)
		}
	}
}

func TestParseSlotNamesTheFlag(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 45, 123, time.UTC)
	if _, err := parseSlot("yesterday", now); err == nil ||
		!strings.HasPrefix(err.Error(), `--time "yesterday" is not a time`) {
		t.Errorf("got error %v, want one that begins with --time", err)
	}
	if got, err := parseSlot("now", now); err != nil || !got.Equal(now.Truncate(time.Minute)) {
		t.Errorf("got %v, %v, want %v", got, err, now.Truncate(time.Minute))
	}
}

func TestReproduceHidesAPassword(t *testing.T) {
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		report string
		flags  runFlags
		want   string
	}{
		{
			"daily", runFlags{config: "/home/me/promsnap.yaml", rng: "6h"},
			"promsnap run daily -c promsnap.yaml --range 6h --time 2026-11-22T00:00:00Z",
		},
		{
			"default", runFlags{prometheusURL: "http://me:hunter2@prometheus"},
			"promsnap run --time 2026-11-22T00:00:00Z",
		},
	} {
		if got := reproduce(c.report, c.flags, slot); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
