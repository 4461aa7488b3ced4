package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// initFlags are the flags of `promsnap init`, as typed.
type initFlags struct {
	prometheusURL, time string
	force               bool
	timeout             time.Duration
	kube                kubeFlags
}

func initCommand(c *console) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Look at the cluster and at Prometheus, and write a " +
			"configuration that fits them", Args: atMost(1),
		Long: `Finds Prometheus as run does, looks which exporters, labels and scrape interval there are, asks
for every built-in panel, and writes FILE (promsnap.yaml without one; - is standard output): two
reports, a check of the last hour and a daily one, with the panels that have data. Those without
are in it too, commented out, with what they lack; and so is what it takes to tell people.

Exit codes: 0 the file is written; 1 Prometheus could not be asked, or has nothing that promsnap
knows; 2 the command line is wrong, or the file is there already and --force is not set.`,
		Example: `  # of the cluster of your kubeconfig
  promsnap init

  # of the Prometheus at a URL, to look at
  promsnap init - --prometheus-url http://localhost:9090`,
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "promsnap.yaml"
			if len(args) == 1 {
				file = args[0]
			}
			return initialize(cmd.Context(), c, f, file)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.prometheusURL, "prometheus-url", "", "`URL` of the Prometheus API")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd)
	fl.BoolVar(&f.force, "force", false, "overwrite the file that is there")
	fl.StringVar(&f.time, "time", "now",
		"the `TIME` that data is looked for at: RFC 3339, now, or now-2h")
	fl.DurationVar(&f.timeout, "timeout", 5*time.Minute, "of all questions together")
	return cmd
}

// initialize looks, and writes what it found.
func initialize(ctx context.Context, c *console, f initFlags, file string) error {
	if _, err := os.Stat(file); err == nil && file != "-" && !f.force {
		return usage(fmt.Errorf("%s is there already; overwrite it with --force, or name another "+
			"file", file))
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	if f.timeout < time.Second {
		return usage(fmt.Errorf("--timeout %s is too short; give it at least 1s", f.timeout))
	}
	o := configOptions(c)
	o.URL, o.Service = f.prometheusURL, f.kube.service
	cfg, err := config.Default(o)
	if err != nil {
		return usage(err)
	}
	waiting, cancel := c.limited(ctx, f.timeout)
	defer cancel()
	k, err := f.kube.open(waiting, c, cfg, false)
	if errors.Is(err, kube.ErrNoConfig) {
		return usage(errors.New("which Prometheus? There is no kubeconfig to look for it with; " +
			"give its URL: promsnap init --prometheus-url http://localhost:9090"))
	} else if err != nil {
		return usage(err)
	}
	defer k.close()
	d := draft{reading: configOptions(c), flags: f.kube, url: f.prometheusURL, o: app.Options{
		Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now, Kubernetes: k.side(),
	}}
	if k != nil {
		d.cluster = k.Name()
	}
	text, err := d.write(ctx, cfg, &ticker{c})
	if err != nil {
		return opening(err)
	}
	return d.hand(ctx, c, file, text, f.force)
}

// hand writes the file and says what to do with it.
func (d *draft) hand(ctx context.Context, c *console, file, text string, force bool) error {
	if file == "-" {
		_, err := io.WriteString(c.stdout, text)
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	ctx, cancel := c.patiently(ctx)
	defer cancel()
	if err := disk.Do(ctx, file, func() error {
		return writeDraft(file, flags, text)
	}); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s asks %s: %s, %s\ntry it:\n  promsnap run daily -c %s --open\n", file,
		d.survey.At, d.survey.Server, d.counted, file)
	return nil
}

// writeDraft writes a file. Anything at its path that is not a regular file is left alone.
func writeDraft(file string, flags int, text string) error {
	w, err := disk.Open(file, flags, 0o644, os.OpenFile)
	switch {
	case errors.Is(err, fs.ErrExist):
		return usage(fmt.Errorf("%s is there already; overwrite it with --force, or name another "+
			"file", file))
	case errors.Is(err, disk.ErrNotAFile):
		return usage(fmt.Errorf("writing the configuration: %w; name another file, or - for "+
			"standard output", err))
	case err != nil:
		return usage(fmt.Errorf("writing the configuration: %w", err))
	}
	_, err = w.WriteString(text)
	if err := errors.Join(err, w.Close()); err != nil {
		return &exitError{exitFailed, fmt.Errorf("writing the configuration: %w", err)}
	}
	return nil
}

// ticker says on a terminal what is being asked for.
type ticker struct{ c *console }

func (t *ticker) say(what string) {
	if t.c.terminal == nil {
		return
	}
	fmt.Fprint(t.c.terminal, "\r\x1b[K"+outside.Clip(what, t.c.width-1))
}

// write asks Prometheus twice: what there is, and then, with a configuration that says so, every
// panel. The second one is the file.
func (d *draft) write(ctx context.Context, cfg *config.Config, t *ticker) (string, error) {
	defer t.say("")
	t.say("looking for Prometheus")
	source, err := app.Open(ctx, cfg, d.o)
	if err != nil {
		return "", err
	}
	t.say("looking at its exporters and labels")
	if d.survey, err = source.Survey(ctx); err != nil {
		return "", err
	}
	if cfg, err = config.Load("promsnap.yaml", []byte(d.text()), d.reading); err != nil {
		return "", fmt.Errorf("a fault in promsnap itself, please report it: what init writes is "+
			"no configuration: %w", err)
	}
	asked, of := 0, 0
	for _, r := range cfg.Reports {
		of += len(r.Panels)
	}
	d.o.Progress = func(report string, e snapshot.Event) {
		if e.Panel != nil {
			asked++
		}
		t.say(fmt.Sprintf("asking for the panels of %s: %d/%d  %s", report, asked, of, e.Spec.Name))
	}
	if source, err = app.Open(ctx, cfg, d.o); err != nil {
		return "", err
	}
	d.reports = source.Panels(ctx)
	if err := d.count(); err != nil {
		return "", err
	}
	text := d.text()
	if _, err = config.Load("promsnap.yaml", []byte(text), d.reading); err != nil {
		err = fmt.Errorf("a fault in promsnap itself, please report it: what init writes is no "+
			"configuration: %w", err)
	}
	return text, err
}

// count counts the panels with data. Its error says why there is none.
func (d *draft) count() error {
	var failed error
	var counted []string
	for i := range d.reports {
		has := 0
		for _, p := range d.reports[i] {
			if lacking(&p) == "" {
				has++
			}
			if p.Failure != nil && failed == nil {
				failed = p.Failure
			}
		}
		if has == 0 {
			if failed != nil {
				return &exitError{exitFailed, failed}
			}
			return &exitError{
				exitFailed, fmt.Errorf("%s at %s has data for no panel: is it the Prometheus of "+
					"a cluster? promsnap panels NAME says what each one asks", d.survey.Server,
					d.survey.At),
			}
		}
		counted = append(counted, fmt.Sprintf("%s %d of %d", draftReports[i].name, has,
			len(d.reports[i])))
	}
	d.counted = "panels with data: " + strings.Join(counted, ", ")
	return nil
}

// lacking says why a panel has no data; "" where it has.
func lacking(p *snapshot.Panel) string {
	switch {
	case p.Data == snapshot.DataFailed && p.Failure != nil:
		return "failed: " + p.Failure.Error()
	case p.Data == snapshot.DataFailed, p.Data == snapshot.DataAbsent:
		return strings.TrimSpace(absence(p.Missing) + ". " + p.Spec.Hint)
	}
	return ""
}
