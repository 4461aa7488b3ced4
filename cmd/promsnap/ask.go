package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/kube"
)

// askFlags holds the flags that every question to Prometheus shares, as given.
type askFlags struct {
	command                     string // "promsnap query", for the examples in errors
	config, prometheusURL, time string
	timeout                     time.Duration
	kube                        kubeFlags
}

// register defines the flags and their completion. cmd must have its name.
func (f *askFlags) register(c *console, cmd *cobra.Command) {
	f.command = "promsnap " + cmd.Name()
	fromConfig(c, cmd, &f.config, nil)
	cmd.Flags().StringVar(&f.prometheusURL, "prometheus-url", "",
		"`URL` of Prometheus; overrides the configuration")
	f.kube.registerService(cmd)
	either(cmd, "prometheus-url", "prometheus-service")
	f.kube.register(cmd, "look for Prometheus only in this `NAMESPACE`")
	timeFlag(cmd, &f.time)
	timeoutFlag(cmd, &f.timeout)
}

// asked is a Prometheus that a question can be sent to.
type asked struct {
	// Source has the client, with the login and the matchers of the configuration.
	*app.Source
	cfg  *config.Config
	slot time.Time // the time of --time
	// close ends a port-forward, and the time of --timeout.
	close func()
}

// open finds Prometheus as `promsnap run` does: by --prometheus-url, by the configuration or through
// the kubeconfig. It returns a context that ends after --timeout or on SIGTERM. An error has its
// exit code.
func (f *askFlags) open(ctx context.Context, c *console) (context.Context, *asked, error) {
	if err := checkTimeout(f.timeout); err != nil {
		return nil, nil, usage(err)
	}
	slot, err := parseSlot(f.time, c.now())
	if err != nil {
		return nil, nil, usage(err)
	}
	ctx, cancel := c.withTimeout(ctx, f.timeout)
	a, err := f.find(ctx, c, slot)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	release := a.close
	a.close = func() {
		release()
		cancel()
	}
	return ctx, a, nil
}

// find reads the configuration and finds Prometheus.
func (f *askFlags) find(ctx context.Context, c *console, slot time.Time) (*asked, error) {
	run := runFlags{config: f.config, prometheusURL: f.prometheusURL, kube: f.kube}
	cfg, err := run.load(ctx, c)
	if err != nil {
		return nil, err
	}
	k, err := f.kube.open(ctx, c, cfg, false)
	if errors.Is(err, kube.ErrNoConfig) && f.config == "" && f.kube.service == "" {
		err = fmt.Errorf("no kubeconfig to find Prometheus with; give a URL or a configuration:\n"+
			"  %[1]s --prometheus-url http://localhost:9090\n  %[1]s -c promsnap.yaml", f.command)
	}
	if err != nil {
		return nil, usage(err)
	}
	if k != nil && f.config == "" {
		cfg.Cluster = k.Name()
	}
	source, err := app.Open(ctx, cfg, app.Options{
		Version: versionString(), Slot: slot, Timeout: f.timeout, Now: c.now, Kubernetes: k.api(),
	})
	if err != nil {
		k.close()
		return nil, openError(err)
	}
	if line := k.found(); line != "" {
		fmt.Fprintln(c.stderr, line)
	}
	return &asked{Source: source, cfg: cfg, slot: slot, close: k.close}, nil
}
