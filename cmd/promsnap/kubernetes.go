package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/state"
)

// kubeFlags are kubectl's own flags, as typed, and the Service of Prometheus.
type kubeFlags struct {
	kubeconfig, context, namespace, service string
}

// register adds kubectl's flags to a command.
func (f *kubeFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "the kubeconfig `FILE` (default: "+
		"$KUBECONFIG, or ~/.kube/config; in a Pod its service account)")
	cmd.Flags().StringVar(&f.context, "context", "",
		"the kubeconfig's `CONTEXT` (default: its current one)")
	cmd.Flags().StringVarP(&f.namespace, "namespace", "n", "", "the only `NAMESPACE` to look for "+
		"Prometheus in, and that of the state's ConfigMap")
	_ = cmd.MarkFlagFilename("kubeconfig")
	_ = cmd.RegisterFlagCompletionFunc("namespace", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("context", cobra.NoFileCompletions)
}

// registerService adds the flag that names Prometheus' Service.
func (f *kubeFlags) registerService(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.service, "prometheus-service", "",
		"the `SERVICE` of Prometheus in the cluster, NAMESPACE/NAME[:PORT][/PATH]; overrides the "+
			"configuration's")
	_ = cmd.RegisterFlagCompletionFunc("prometheus-service", cobra.NoFileCompletions)
}

// The environment that a Pod of promsnap's has from the downward API.
const (
	envNamespace = "PROMSNAP_NAMESPACE"
	envPod       = "PROMSNAP_POD"
	envJob       = "PROMSNAP_JOB_NAME"
)

// cluster is the API of the cluster that is watched, as package app wants it.
type cluster struct {
	*kube.Cluster
	target *kube.Target // the Prometheus that was found in it; nil before
}

var _ app.Kubernetes = (*cluster)(nil)

// open opens the cluster, where the flags or the configuration say that it is used, or this is a
// Pod of promsnap's; remembers says that the state is. Where there is none, it returns nil where
// everything goes without, and kube.ErrNoConfig where not.
func (f *kubeFlags) open(ctx context.Context, c *console, cfg *config.Config,
	remembers bool) (*cluster, error) {
	given := f.kubeconfig != "" || f.context != "" || f.namespace != ""
	needed := given || cfg.Prometheus.URL == "" ||
		remembers && cfg.State != nil && cfg.State.ConfigMap != nil
	if !needed && cfg.Kubernetes == nil && c.getenv(envPod) == "" {
		return nil, nil
	}
	o := kube.Options{
		Kubeconfig: f.kubeconfig, Context: f.context, Namespace: f.namespace,
		UserAgent: "promsnap/" + versionString(),
	}
	if k := cfg.Kubernetes; k != nil {
		if o.Context == "" && o.Kubeconfig == "" {
			o.Context = k.Context
		}
		if o.Namespace == "" {
			o.Namespace = k.Namespace
		}
	}
	opened, err := disk.Within(ctx, cmp.Or(o.Kubeconfig, "the kubeconfig"),
		func() (*kube.Cluster, error) { return kube.Open(o) })
	switch {
	case errors.Is(err, kube.ErrNoConfig) && !needed:
		return nil, nil // such as in a Pod without a service account's token
	case err != nil:
		return nil, err
	}
	return &cluster{Cluster: opened}, nil
}

// side is k for package app: nil, and no interface that holds a nil, where there is none.
func (k *cluster) side() app.Kubernetes {
	if k == nil {
		return nil
	}
	return k
}

// Prometheus implements app.Kubernetes.
func (k *cluster) Prometheus(ctx context.Context, service string) (app.Way, error) {
	want, err := kube.ParseService(service)
	if err != nil {
		return app.Way{}, err
	}
	target, err := k.FindPrometheus(ctx, want)
	if err != nil {
		return app.Way{}, err
	}
	k.close() // of a search before
	k.target = target
	return app.Way{
		Service: target.Service.String(), URL: target.URL, Transport: target.Transport,
	}, nil
}

// ConfigMap implements app.Kubernetes.
func (k *cluster) ConfigMap(namespace, name string) state.Store {
	return k.NewConfigMap(namespace, name)
}

// close ends a port-forward.
func (k *cluster) close() {
	if k != nil && k.target != nil {
		k.target.Close()
	}
}

// found says which Prometheus was found and how it is reached; "" where none was looked for.
func (k *cluster) found() string {
	if k == nil || k.target == nil {
		return ""
	}
	return fmt.Sprintf("%s: %s", k.Name(), k.target)
}

// slotTime is how long the API server has to say for when a Job is.
const slotTime = 15 * time.Second

// slot returns the time that this Pod's Job is for; false where this is no Pod of a Job's that says
// so.
func (k *cluster) slot(ctx context.Context, c *console) (kube.Slot, bool) {
	d := kube.Downward{
		Namespace: c.getenv(envNamespace), Pod: c.getenv(envPod), Job: c.getenv(envJob),
	}
	if k == nil || d.Pod == "" && d.Job == "" {
		return kube.Slot{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, slotTime)
	defer cancel()
	s := k.Slot(ctx, d, c.now())
	s.Time = s.Time.UTC().Truncate(time.Minute)
	return s, true
}

// sayJob says for when a Job's run is.
func sayJob(s kube.Slot) string {
	when := s.Time.Format(time.RFC3339)
	switch {
	case s.Job == "":
		return "this is not a Job's Pod: the run is for " + when
	case s.Manual:
		return fmt.Sprintf("the Job %s was made by hand: the run is for %s", s.Job, when)
	}
	return fmt.Sprintf("the Job %s is for %s", s.Job, when)
}

// opening is the error of a command that could not begin: where the cluster did not answer, another
// try may help; all else is of the command line or the configuration.
func opening(err error) error {
	var known *exitError
	var api *kube.Error
	var prometheus *promapi.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.As(err, &api) ||
		errors.As(err, &prometheus) && prometheus.Kind != promapi.KindBadConfig {
		return &exitError{exitFailed, err}
	}
	return usage(err)
}
