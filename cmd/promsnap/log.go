package main

import (
	"log/slog"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// logger returns the logger that --log-format asks for.
func (f runFlags) logger(c *console) *slog.Logger {
	switch f.logFormat {
	case "json":
		return slog.New(slog.NewJSONHandler(c.stderr, nil))
	case "text":
		return slog.New(slog.NewTextHandler(c.stderr, nil))
	}
	return slog.New(slog.DiscardHandler)
}

// logOutcome logs what a run did: failures, deliveries, notes and one line per report.
func logOutcome(log *slog.Logger, cfg *config.Config, o app.Outcome, elapsed time.Duration) {
	for _, r := range o.Results {
		for _, fail := range r.Report.Failures {
			log.Error("panel failed", "report", r.Report.Info.Name, "panel", fail.Panel, "error",
				fail.Error)
		}
		for _, s := range r.Sent {
			if s.Err == nil {
				log.Info("delivered", "report", r.Report.Info.Name, "receiver", s.Receiver, "what",
					what(cfg, s), "id", s.Receipt.ID)
			}
		}
		for _, note := range r.Notes {
			log.Warn("note", "report", r.Report.Info.Name, "note", note)
		}
		if r.ClaimedBy != nil {
			log.Warn("nothing sent: another run is sending", "report", r.Report.Info.Name,
				"run", r.ClaimedBy.Run, "until", r.ClaimedBy.Until)
		}
		if r.Err != nil {
			log.Error("delivery failed", "report", r.Report.Info.Name, "error", r.Err)
			continue
		}
		message := "report written"
		if r.Receipt.Location == "" {
			message = "report done"
		}
		log.Info(message, "report", r.Report.Info.Name, "location", r.Receipt.Location, "critical",
			r.Report.Critical,
			"warning", r.Report.Warning, "no_data", r.Report.NoData, "ok", r.Report.OK)
	}
	log.Info("run ends", "seconds", elapsed.Seconds())
}

// logFault logs a panic in a panel with its stack. The report shows the panic only.
func logFault(log *slog.Logger, report string, e snapshot.Event) {
	if e.Fault != nil {
		log.Error("internal error; please report it", "report", report, "panel", e.Spec.Name,
			"panic", e.Fault.Panic, "stack", string(e.Fault.Stack))
	}
}
