package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
)

// Fleet is the clusters of a configuration with several, and how one report is made of them. The
// reports of the configuration are then those of each cluster.
type Fleet struct {
	// Name is the name of the fleet in its own reports, and in their keys. No cluster has it.
	Name string
	// Receivers are the names of the receivers of the fleet's reports. They are sent a summary.
	Receivers []string
	// Store is where the plan and the parts of a report are; nil if the file has none.
	Store *FleetStore
	// Deadline is how long after its slot a report waits for the parts of its clusters.
	Deadline time.Duration
	Clusters []FleetCluster // in the file's order
	Discover []Discovery    // in the file's order
}

// FleetStore is where a fleet keeps its plans and parts. Exactly one field is set.
type FleetStore struct {
	Dir string
	S3  *Bucket
}

// FleetCluster is a cluster that the file names.
type FleetCluster struct {
	Name   string
	Labels map[string]string
	// Prometheus has the keys of the cluster, and those of the file's prometheus section where the
	// cluster has none.
	Prometheus Prometheus
	Kubernetes *Kubernetes // nil if the cluster's API is not used
}

// Discovery is one way to find clusters. Exactly one of its pointers is set.
type Discovery struct {
	ArgoCD     *ArgoCD
	Profiles   *ClusterProfiles
	Kubeconfig *KubeconfigContexts
	Prometheus *PrometheusLabel
	S3         *ClusterList
}

// ArgoCD finds the clusters that an Argo CD has as Secrets. Prometheus is reached through the API
// of each cluster, with Argo CD's credentials.
type ArgoCD struct {
	Namespace string // of the Secrets
	Selector  string // a selector of Kubernetes for the Secrets' labels; "" is every cluster
	Service   string // the Service of Prometheus, as in Kubernetes.Service; "" to find it
}

// ClusterProfiles finds the clusters that have a ClusterProfile, an object of Kubernetes'
// multicluster group.
type ClusterProfiles struct {
	Namespace string // "" for every namespace
	// URL is the address of a cluster's Prometheus, with {name} for the name of its object.
	URL string
}

// URLOf returns the address of the Prometheus of a cluster. It fails if the name is not one DNS
// label: with another one the address might be that of another server.
func (p *ClusterProfiles) URLOf(name string) (string, error) {
	if !namespaceSyntax.MatchString(name) {
		return "", fmt.Errorf("the ClusterProfile %q has a name that cannot be part of an address; "+
			"use up to 63 lower-case letters, digits and hyphens", shorten(outside.Line(name)))
	}
	return strings.ReplaceAll(p.URL, profileName, name), nil
}

// profileName is replaced by the name of a ClusterProfile.
const profileName = "{name}"

// KubeconfigContexts finds the contexts of the kubeconfig whose names match one of the patterns.
// Prometheus is reached through the API of each cluster.
type KubeconfigContexts struct {
	Contexts []string // patterns with * and ?; empty is every context
	Service  string   // the Service of Prometheus, as in Kubernetes.Service; "" to find it
}

// PrometheusLabel finds clusters in a Prometheus that has the series of several: the values of a
// label of the metric up.
type PrometheusLabel struct {
	Label string            // "cluster"
	Match []*labels.Matcher // of the series of up; empty is every series
}

// ClusterList is an object in S3 that lists clusters: a list of mappings with name, labels and url,
// as YAML or JSON.
type ClusterList struct {
	Bucket
	Key string
}

// ForCluster returns the configuration for a run of one cluster: with its name, its Prometheus and
// its API, without the fleet and its heartbeats.
func (c *Config) ForCluster(of FleetCluster) *Config {
	out := *c
	out.Fleet, out.Cluster, out.Prometheus, out.Kubernetes = nil, of.Name, of.Prometheus,
		of.Kubernetes
	out.Reports = slices.Clone(c.Reports)
	for i := range out.Reports {
		out.Reports[i].Heartbeat = secret.String{}
	}
	return &out
}

// ForFleet returns the configuration for a report of the fleet: only that report, as a summary for
// the receivers of the fleet.
func (c *Config) ForFleet(name string) *Config {
	out := *c
	out.Cluster, out.Reports = c.Fleet.Name, nil
	for _, r := range c.Reports {
		if r.Name != name {
			continue
		}
		r.Receivers, r.Send = slices.Clone(c.Fleet.Receivers), SendSummary
		r.HistoryFrom, r.ArchiveOnChange = "", false
		out.Reports = append(out.Reports, r)
	}
	return &out
}
