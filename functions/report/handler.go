package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
)

// handler is what the invocations of one sandbox share: the environment, and cached secrets. It
// keeps nothing of an invocation.
type handler struct {
	version string
	getenv  func(string) string
	now     func() time.Time
	log     *slog.Logger
	stop    <-chan struct{} // closed by SIGTERM
	reading config.Options
	loading time.Duration // limit for reading the configuration
}

// How the time until Lambda's deadline is used. The run keeps back time for delivering and
// recording itself.
const (
	// reserve is left for the answer when the run ends.
	reserve = 3 * time.Second
	// minTime is what a run needs to deliver anything at all.
	minTime = 10 * time.Second
	// loadTime is how long reading the configuration may take. After it, a retry is better.
	loadTime = 20 * time.Second
	// noDeadline is the time of a run without a deadline. Lambda always sets one.
	noDeadline = 5 * time.Minute
)

// report runs what an event asks for. It returns an error if a retry may help; any other failure is
// in the result.
func (h *handler) report(ctx context.Context, raw json.RawMessage) (out result, err error) {
	log := h.log
	var o order
	defer func() {
		if r := recover(); r != nil {
			log.Error("internal error (please report it)", "panic", fmt.Sprint(r), "stack",
				string(debug.Stack()))
			out, err = result{
				Verdict: verdictFailed,
				Error: fmt.Sprintf("internal error (please report it): %v; the log shows where",
					r),
			}, nil
		}
		logEnd(log, o, out, err)
	}()
	began := h.now()
	if o, err = parseEvent(raw, began); err != nil {
		return refuse(err)
	}
	if err := h.enough(ctx); err != nil {
		return refuse(fmt.Errorf("%w; set it to a minute or more", err))
	}
	cfg, err := h.load(ctx, o.config)
	if err != nil {
		return refuse(err)
	}
	if err := h.enough(ctx); err != nil {
		return result{}, &tryAgain{
			fmt.Errorf("reading the configuration took %s: %w",
				h.now().Sub(began).Round(time.Millisecond), err),
		}
	}
	options := h.options(ctx, o)
	log.Info("run begins", "slot", o.slot, "reports", o.reports, "step", o.step, "cluster",
		o.cluster, "version", h.version, "timeout", options.Timeout.String())
	defer func() { log = log.With("seconds", h.now().Sub(began).Seconds()) }()
	if o.step != "" {
		return runStep(ctx, cfg, o, options)
	}
	a, err := app.New(ctx, cfg, options)
	if err != nil {
		return refuse(err)
	}
	defer a.Close()
	return resultOf(a.Run(ctx))
}

// options returns the options of a run or of a step.
func (h *handler) options(ctx context.Context, o order) app.Options {
	return app.Options{
		Version: h.version, Reports: o.reports, Slot: o.slot, To: app.Receivers{},
		Scheduled: !o.exact, Timeout: h.left(ctx), Now: h.now, Stop: h.stop,
		Command: func(report string, slot time.Time) string {
			return h.command(o, report, slot)
		},
		ConfigFile: h.configFile(o),
	}
}

// left returns the time that a run has.
func (h *handler) left(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return deadline.Sub(h.now()) - reserve
	}
	return noDeadline
}

// enough returns an error if there is too little time to deliver anything.
func (h *handler) enough(ctx context.Context) error {
	if left := h.left(ctx); left < minTime {
		return fmt.Errorf("the function's timeout leaves %s for the run",
			max(left, 0).Round(time.Millisecond))
	}
	return nil
}

// command returns the command that runs a slot of a report again, for the report's footer.
func (h *handler) command(o order, report string, slot time.Time) string {
	return strings.Join([]string{
		"promsnap", "run", report, "-c", h.configFile(o), "--time", slot.Format(time.RFC3339),
	}, " ")
}

// configFile returns the name of the configuration for commands.
func (h *handler) configFile(o order) string {
	from := o.config
	if from == "" {
		from = h.getenv("PROMSNAP_CONFIG")
	}
	if from = path.Base(strings.TrimPrefix(from, "ssm:")); !strings.HasSuffix(from, ".yaml") &&
		!strings.HasSuffix(from, ".yml") {
		return "promsnap.yaml"
	}
	return from
}

// logEnd logs the result of the invocation: a line for each report, and a last one. The alarms
// count them by their verdicts.
func logEnd(log *slog.Logger, o order, out result, err error) {
	for _, r := range out.Reports {
		level, verdict := slog.LevelInfo, r.verdict()
		if verdict != verdictOK {
			level = slog.LevelError
		}
		log.Log(context.Background(), level, "report", "name", r.Name, "slot", r.Slot, "verdict",
			verdict, "critical", r.Critical, "warning", r.Warning, "no_data", r.NoData, "ok", r.OK,
			"incomplete", r.Incomplete, "failures", r.Failures, "delivered", r.Delivered,
			"stood_back", r.ClaimedBy, "notes", r.Notes, "error", r.Error)
	}
	log = log.With("reports", names(o, out))
	switch {
	case err != nil:
		log.Error("run ends", "verdict", verdictFailed, "error", oneLine(err))
	case out.Verdict != verdictOK:
		log.Error("run ends", "verdict", out.Verdict, "error", out.Error)
	default:
		log.Info("run ends", "verdict", out.Verdict)
	}
}

// names returns the reports that were run, or those that the event names if none was run.
func names(o order, out result) []string {
	if len(out.Reports) == 0 {
		return o.reports
	}
	var ran []string
	for _, r := range out.Reports {
		ran = append(ran, r.Name)
	}
	return ran
}
