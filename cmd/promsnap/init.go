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

// initFlags holds the flags of `promsnap init` as given.
type initFlags struct {
	prometheusURL, time string
	channel             string
	force, tune         bool
	timeout             time.Duration
	kube                kubeFlags
}

func initCommand(c *console) *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use: "init [FILE]", Short: "Write a configuration for a cluster and its Prometheus",
		Args: atMost(1),
		Long: `Finds Prometheus as run does, checks which exporters, labels and scrape interval
it has, and queries every built-in panel. Writes FILE (default promsnap.yaml;
- is standard output) with two reports: a check of the last hour every 5 minutes
and a summary daily at 09:00, in the time zone of this machine. They use the
panels that have data. As comments, the file also has the other panels, with
what they lack.

The cluster has the name that Prometheus gives it, or that of the kubeconfig's
context. With --slack-channel, the reports send messages to Slack, and the file
is ready for a CronJob. Without it, they are only archived.

With --tune it also replays the alerts of the last 30 days, as promsnap backtest
does, and writes a level for each rule that would have alerted more than twice a
week. A comment says how often. Other rules keep their levels. It stops after 10
minutes, or after --timeout.

Exit codes:
  0  the file is written
  1  Prometheus could not be queried, or has data for no built-in panel
  2  the command line is wrong, or the file exists and --force is not set`,
		Example: `  # For the cluster in your kubeconfig
  promsnap init

  # With messages to a Slack channel
  promsnap init --slack-channel C0123456789

  # With levels that suit the last 30 days
  promsnap init --tune

  # For a Prometheus URL; print it, write no file
  promsnap init - --prometheus-url http://localhost:9090`,
		RunE: func(cmd *cobra.Command, args []string) error {
			file := defaultConfig
			if len(args) == 1 {
				file = args[0]
			}
			return initialize(cmd.Context(), c, f, file, cmd.Flags().Changed("timeout"))
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.prometheusURL, "prometheus-url", "", "`URL` of Prometheus")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, namespaceOfBoth)
	fl.StringVar(&f.channel, "slack-channel", "", "send messages to the Slack channel with this `ID`")
	_ = cmd.RegisterFlagCompletionFunc("slack-channel", cobra.NoFileCompletions)
	fl.BoolVar(&f.force, "force", false, "overwrite an existing file")
	fl.BoolVar(&f.tune, "tune", false, "write levels that suit the alerts of the last 30 days")
	timeFlag(cmd, &f.time)
	timeoutFlag(cmd, &f.timeout)
	return cmd
}

// initialize examines Prometheus and writes a configuration for it. timed says that --timeout is
// given.
func initialize(ctx context.Context, c *console, f initFlags, file string, timed bool) error {
	if _, err := os.Stat(file); err == nil && file != "-" && !f.force {
		return errExists(file)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return usage(err)
	}
	if err := checkTimeout(f.timeout); err != nil {
		return usage(err)
	}
	if f.channel != "" {
		if err := config.CheckChannel(f.channel); err != nil {
			return usage(fmt.Errorf("--slack-channel: %w", err))
		}
	}
	o := configOptions(c)
	o.URL, o.Service = f.prometheusURL, f.kube.service
	cfg, err := config.Default(o)
	if err != nil {
		return usage(err)
	}
	waiting, cancel := c.withTimeout(ctx, f.timeout)
	defer cancel()
	k, err := f.kube.open(waiting, c, cfg, false)
	if errors.Is(err, kube.ErrNoConfig) {
		return usage(errors.New("no kubeconfig to find Prometheus with; give its URL: promsnap " +
			"init --prometheus-url http://localhost:9090"))
	} else if err != nil {
		return usage(err)
	}
	defer k.close()
	d := draft{
		reading: configOptions(c), flags: f.kube, url: f.prometheusURL, channel: f.channel,
		zone: localZone(c.getenv("TZ"), machineZone), o: app.Options{
			Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now,
			Kubernetes: k.api(),
		},
	}
	if k != nil {
		d.cluster = k.Name()
	}
	text, err := d.compose(ctx, cfg, c.stdout)
	if err == nil && f.tune {
		text, err = d.tune(ctx, c, text, f.tuneTime(timed))
	}
	if err != nil {
		return openError(err)
	}
	return d.save(ctx, c, file, text, f.force)
}

// errExists returns the error of a file that init does not overwrite.
func errExists(file string) error {
	return usage(fmt.Errorf("%s exists; overwrite it with --force, or name another file", file))
}

// save writes the file and prints the next step.
func (d *draft) save(ctx context.Context, c *console, file, text string, force bool) error {
	if file == "-" {
		_, err := io.WriteString(c.stdout, text)
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	ctx, cancel := c.withDefaultTimeout(ctx)
	defer cancel()
	if err := disk.Do(ctx, file, func() error {
		return writeDraft(file, flags, text)
	}); err != nil {
		return err
	}
	named := ""
	if file != defaultConfig {
		named = " -c " + outside.ShellWord(file)
	}
	fmt.Fprintf(c.stdout, "wrote %s for %s at %s\n%s\ntry it:\n  promsnap run daily%s --open\n",
		file, d.survey.Server, d.survey.At, d.counted, named)
	if d.channel != "" {
		fmt.Fprintf(c.stdout, "  promsnap slack test%s\n", named)
	}
	return nil
}

// writeDraft writes a file. It does not touch anything at the path that is not a regular file.
func writeDraft(file string, flags int, text string) error {
	w, err := disk.Open(file, flags, 0o644, os.OpenFile)
	switch {
	case errors.Is(err, fs.ErrExist):
		return errExists(file)
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

// machineZone returns the path of the zone file of this machine, "" if it is unknown.
func machineZone() string {
	path, err := os.Readlink("/etc/localtime")
	if err != nil {
		return ""
	}
	return path
}

// localZone returns the IANA name of the time zone that $TZ names or, if TZ is empty or a file
// without a zone's name, that of the machine's zone file. It returns "" if there is none.
func localZone(tz string, file func() string) string {
	tz = strings.TrimPrefix(tz, ":")
	if name := zoneName(tz); name != "" || tz != "" && !strings.HasPrefix(tz, "/") {
		return name
	}
	return zoneName(file())
}

// zoneName returns the IANA name of a zone by its name or by the path of its file, or "".
func zoneName(name string) string {
	if _, after, found := strings.Cut(name, "zoneinfo/"); found {
		name = strings.TrimPrefix(after, "posix/")
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return ""
	}
	return name
}

// compose returns the text of the configuration. It first surveys Prometheus and writes a
// configuration that fits. Then it runs that configuration's panels, to comment out those without
// data.
func (d *draft) compose(ctx context.Context, cfg *config.Config, l *screen) (string, error) {
	defer l.status("")
	l.status("finding Prometheus")
	source, err := app.Open(ctx, cfg, d.o)
	if err != nil {
		return "", err
	}
	l.status("reading its exporters and labels")
	if d.survey, err = source.Survey(ctx); err != nil {
		return "", err
	}
	if cfg, err = d.parse(d.text()); err != nil {
		return "", err
	}
	done, total := 0, 0
	for _, r := range cfg.Reports {
		total += len(r.Panels)
	}
	d.o.Progress = func(report string, e snapshot.Event) {
		if e.Panel != nil {
			done++
		}
		l.status(fmt.Sprintf("querying the panels of %s: %d/%d  %s", report, done, total,
			e.Spec.Name))
	}
	if source, err = app.Open(ctx, cfg, d.o); err != nil {
		return "", err
	}
	d.reports = source.Panels(ctx)
	if err := d.count(); err != nil {
		return "", err
	}
	text := d.text()
	_, err = d.parse(text)
	return text, err
}

// parse reads a text that init wrote. An error is a bug of init.
func (d *draft) parse(text string) (*config.Config, error) {
	cfg, err := config.Load(defaultConfig, []byte(text), d.reading)
	if err != nil {
		return nil, fmt.Errorf("internal error (please report it): init wrote an invalid "+
			"configuration: %w", err)
	}
	return cfg, nil
}

// count counts the panels with data. If a report has none, it returns an error that says why.
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
				exitFailed, fmt.Errorf("%s at %s has data for no built-in panel; check that it "+
					"scrapes a Kubernetes cluster, and see promsnap panels NAME for each query",
					d.survey.Server, d.survey.At),
			}
		}
		counted = append(counted, fmt.Sprintf("%s %d of %d", draftReports[i].name, has,
			len(d.reports[i])))
	}
	d.counted = "panels with data: " + strings.Join(counted, ", ")
	return nil
}

// lacking returns why a panel has no data, or "" if it has some.
func lacking(p *snapshot.Panel) string {
	switch {
	case p.Data == snapshot.DataFailed && p.Failure != nil:
		return "failed: " + p.Failure.Error()
	case p.Data == snapshot.DataFailed, p.Data == snapshot.DataAbsent:
		return strings.TrimSpace(absence(p.Missing) + ". " + p.Spec.Hint)
	}
	return ""
}
