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
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/state"
)

// kubeFlags holds kubectl's flags, --prometheus-service and --prometheusrules as given.
type kubeFlags struct {
	kubeconfig, context, namespace, service string
	rules                                   bool
	rulesOf                                 config.RuleObjects
}

// Uses of --namespace.
const (
	namespaceOfBoth = "look for Prometheus only in this `NAMESPACE`; the state's ConfigMap is " +
		"there too"
	namespaceOfState = "`NAMESPACE` of the state's ConfigMap"
)

// register adds kubectl's flags to a command. namespaceUsage says what --namespace is for.
func (f *kubeFlags) register(cmd *cobra.Command, namespaceUsage string) {
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig `FILE` (default: "+
		"$KUBECONFIG or ~/.kube/config; in a Pod, its service account)")
	cmd.Flags().StringVar(&f.context, "context", "",
		"kubeconfig `CONTEXT` (default: the current one)")
	cmd.Flags().StringVarP(&f.namespace, "namespace", "n", "", namespaceUsage)
	_ = cmd.MarkFlagFilename("kubeconfig")
	_ = cmd.RegisterFlagCompletionFunc("namespace", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("context", cobra.NoFileCompletions)
}

// registerService adds the flag that names the Service of Prometheus.
func (f *kubeFlags) registerService(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.service, "prometheus-service", "",
		"`SERVICE` of Prometheus as NAMESPACE/NAME[:PORT][/PATH]; overrides the configuration")
	_ = cmd.RegisterFlagCompletionFunc("prometheus-service", cobra.NoFileCompletions)
}

// registerRules adds the flags that choose PrometheusRules of the cluster. use says what they are
// for.
func (f *kubeFlags) registerRules(cmd *cobra.Command, use string) {
	fl := cmd.Flags()
	fl.BoolVar(&f.rules, "prometheusrules", false, use+" the alerting rules of the cluster's "+
		"PrometheusRule objects")
	fl.StringVar(&f.rulesOf.Namespace, "rules-namespace", "", "with --prometheusrules, only the "+
		"objects of this `NAMESPACE` (default: every namespace)")
	fl.StringVar(&f.rulesOf.Selector, "rules-selector", "", "with --prometheusrules, only objects "+
		"with these labels: a `SELECTOR` as in kubectl")
	_ = cmd.RegisterFlagCompletionFunc("rules-namespace", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("rules-selector", cobra.NoFileCompletions)
	before(cmd, func(cmd *cobra.Command) error {
		for _, name := range []string{"rules-namespace", "rules-selector"} {
			if !f.rules && cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s needs --prometheusrules; example: %s --prometheusrules "+
					"--rules-namespace monitoring", name, cmd.CommandPath())
			}
		}
		return nil
	})
}

// ruleObjects returns which PrometheusRules the flags choose; nil: none.
func (f *kubeFlags) ruleObjects() *config.RuleObjects {
	if !f.rules {
		return nil
	}
	return &f.rulesOf
}

// rulesWords returns the flags that choose PrometheusRules, as words of a command.
func (f *kubeFlags) rulesWords() []string {
	if !f.rules {
		return nil
	}
	words := []string{"--prometheusrules"}
	if f.rulesOf.Namespace != "" {
		words = append(words, "--rules-namespace", outside.ShellWord(f.rulesOf.Namespace))
	}
	if f.rulesOf.Selector != "" {
		words = append(words, "--rules-selector", outside.ShellWord(f.rulesOf.Selector))
	}
	return words
}

// errNoCluster is the advice if there is no cluster to list PrometheusRules in.
var errNoCluster = errors.New("no kubeconfig to list PrometheusRules with; give --kubeconfig, or " +
	"write them to a file with access to the cluster:\n" +
	"  kubectl get prometheusrules -A -o yaml > rules.yml\n" +
	"and use --rules rules.yml")

// Environment variables that a Pod of promsnap gets from the downward API.
const (
	envNamespace = "PROMSNAP_NAMESPACE"
	envPod       = "PROMSNAP_POD"
	envJob       = "PROMSNAP_JOB_NAME"
)

// cluster implements app.Kubernetes with the API of the monitored cluster.
type cluster struct {
	*kube.Cluster
	target *kube.Target // the Prometheus found in the cluster; nil before the search
}

var _ app.Kubernetes = (*cluster)(nil)

// open opens the cluster if the flags or the configuration use it, or if this is a Pod of
// promsnap. usesState says that the command reads or writes the state. Without a kubeconfig, open
// returns nil if the command can do without a cluster, and kube.ErrNoConfig if it cannot.
func (f *kubeFlags) open(ctx context.Context, c *console, cfg *config.Config,
	usesState bool) (*cluster, error) {
	if cfg.Fleet != nil {
		return nil, app.ErrFleet
	}
	given := f.kubeconfig != "" || f.context != "" || f.namespace != ""
	needed := given || f.rules || cfg.Prometheus.URL == "" ||
		usesState && cfg.State != nil && cfg.State.ConfigMap != nil
	if !needed && cfg.Kubernetes == nil && c.getenv(envPod) == "" {
		return nil, nil
	}
	o := f.options(cfg.Kubernetes)
	opened, err := disk.Within(ctx, cmp.Or(o.Kubeconfig, "the kubeconfig"),
		func() (*kube.Cluster, error) { return kube.Open(o) })
	switch {
	case errors.Is(err, kube.ErrNoConfig) && !needed:
		return nil, nil // for example in a Pod without a service account token
	case errors.Is(err, kube.ErrNoConfig) && f.rules:
		return nil, errNoCluster
	case err != nil:
		return nil, err
	}
	return &cluster{Cluster: opened}, nil
}

// options returns how to open the cluster of the flags and, where they are not given, of the
// section of the configuration, which may be nil.
func (f *kubeFlags) options(k *config.Kubernetes) kube.Options {
	o := kube.Options{
		Kubeconfig: f.kubeconfig, Context: f.context, Namespace: f.namespace,
		UserAgent: "promsnap/" + versionString(),
	}
	if k != nil {
		if o.Context == "" && o.Kubeconfig == "" {
			o.Context = k.Context
		}
		o.Namespace = cmp.Or(o.Namespace, k.Namespace)
	}
	return o
}

// api returns k as an app.Kubernetes. For a nil k it returns a nil interface.
func (k *cluster) api() app.Kubernetes {
	if k == nil {
		return nil
	}
	return k
}

// PrometheusRules implements app.Kubernetes.
func (k *cluster) PrometheusRules(ctx context.Context, namespace,
	selector string) ([]app.RuleObject, error) {
	found, err := k.Cluster.PrometheusRules(ctx, namespace, selector)
	var out []app.RuleObject
	for _, o := range found {
		out = append(out, app.RuleObject(o))
	}
	return out, err
}

// Prometheus implements app.Kubernetes.
func (k *cluster) Prometheus(ctx context.Context, service string) (app.Endpoint, error) {
	want, err := kube.ParseService(service)
	if err != nil {
		return app.Endpoint{}, err
	}
	target, err := k.FindPrometheus(ctx, want)
	if err != nil {
		return app.Endpoint{}, err
	}
	k.close() // the target of an earlier search
	k.target = target
	return app.Endpoint{
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

// found returns which Prometheus was found and how it is reached, or "" if there was no search.
func (k *cluster) found() string {
	if k == nil || k.target == nil {
		return ""
	}
	return fmt.Sprintf("%s: %s", k.Name(), k.target)
}

// slotTimeout is how long the API server may take to return the time of a Job.
const slotTimeout = 15 * time.Second

// slot returns the scheduled time of this Pod's Job. It returns false if this is not a Pod of a
// Job, or the environment does not name it.
func (k *cluster) slot(ctx context.Context, c *console) (kube.Slot, bool) {
	d := kube.Downward{
		Namespace: c.getenv(envNamespace), Pod: c.getenv(envPod), Job: c.getenv(envJob),
	}
	if k == nil || d.Pod == "" && d.Job == "" {
		return kube.Slot{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	s := k.Slot(ctx, d, c.now())
	s.Time = s.Time.UTC().Truncate(time.Minute)
	return s, true
}

// describeJob returns a sentence about the time of a Job's run.
func describeJob(s kube.Slot) string {
	when := s.Time.Format(time.RFC3339)
	switch {
	case s.Job == "":
		return "this Pod belongs to no Job; the run is for " + when
	case s.Manual:
		return fmt.Sprintf("Job %s was created manually; the run is for %s", s.Job, when)
	}
	return fmt.Sprintf("Job %s was scheduled for %s", s.Job, when)
}

// openError gives the error of a command that could not start its exit code. If the cluster or
// Prometheus did not answer, a retry may help. Any other error is one of the command line or the
// configuration.
func openError(err error) error {
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
