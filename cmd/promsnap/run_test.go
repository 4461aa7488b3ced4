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

// panics is a Prometheus client with a fault.
type panics struct{ snapshot.Querier }

func (panics) Range(context.Context, promapi.Query,
	func(series.Series) error) (promapi.Meta, error) {
	panic("index out of range")
}

func TestAFaultIsLoggedWithItsStack(t *testing.T) {
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
			t.Errorf("no %s in\n%s", want, text.String())
		}
	}
}

func TestParseSlotNamesTheFlag(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 30, 45, 123, time.UTC)
	if _, err := parseSlot("yesterday", now); err == nil ||
		!strings.HasPrefix(err.Error(), `--time "yesterday" is not a time`) {
		t.Error(err)
	}
	if got, err := parseSlot("now", now); err != nil || !got.Equal(now.Truncate(time.Minute)) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReproduceHidesAPassword(t *testing.T) {
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got := reproduce("daily", runFlags{config: "/home/me/promsnap.yaml", rng: "6h"},
		slot); got != "promsnap run daily -c promsnap.yaml --range 6h --time 2026-11-22T00:00:00Z" {
		t.Error(got)
	}
	if got := reproduce("default", runFlags{prometheusURL: "http://me:hunter2@prometheus"},
		slot); got != "promsnap run --time 2026-11-22T00:00:00Z" {
		t.Error(got)
	}
}
