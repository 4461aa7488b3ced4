package config

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
)

// fleetSection is several clusters and the report about all of them.
type fleetSection struct {
	// The name of the fleet, for titles, messages and keys.
	Name name `yaml:"name" jsonschema:"default=fleet"`
	// The names of the receivers of the fleet's reports. People are sent a summary: alerts come
	// from the reports of each cluster.
	Receivers []name `yaml:"receivers"`
	// Where the plan and the part of each cluster are kept until the report is made. Required with
	// receivers.
	Store *fleetStore `yaml:"store"`
	// How long the report waits for the parts of its clusters, from the plan on.
	Deadline duration `yaml:"deadline" jsonschema:"default=30m" limits:"0s..6h"`
	// The clusters.
	Clusters []fleetCluster `yaml:"clusters"`
	// Ways to find more clusters.
	Discover []discovery `yaml:"discover"`
}

// fleetStore is the place of a fleet's plans and parts. Set exactly one of its keys.
type fleetStore struct {
	// A directory that every process of the fleet can use. A relative path starts at this file's
	// directory.
	Dir string `yaml:"dir"`
	// A bucket in S3.
	S3 *bucket `yaml:"s3"`
}

// fleetCluster is one cluster of a fleet.
type fleetCluster struct {
	// The name of the cluster, for titles, messages and keys.
	Name string `yaml:"name" jsonschema:"required"`
	// Labels by which a reader filters the clusters, such as region and stage.
	Labels map[string]string `yaml:"labels"`
	// Where the cluster's data comes from. A key that is not set comes from the section prometheus
	// of the file; matchers are added to those of the file.
	Prometheus *prometheusSection `yaml:"prometheus"`
	// How promsnap uses the cluster's API, as the section kubernetes of the file.
	Kubernetes *kubernetesSection `yaml:"kubernetes"`
}

// discovery is one way to find clusters. Set exactly one of its keys.
type discovery struct {
	// The clusters of an Argo CD, which has a Secret for each. Prometheus is reached through the
	// API of each cluster, with the credentials in its Secret.
	ArgoCD *argoCD `yaml:"argocd"`
	// The clusters that have a ClusterProfile (multicluster.x-k8s.io/v1alpha1).
	Profiles *clusterProfiles `yaml:"cluster_profiles"`
	// The contexts of the kubeconfig. Prometheus is reached through the API of each cluster.
	Kubeconfig *kubeconfigContexts `yaml:"kubeconfig"`
	// The clusters of a Prometheus that has the series of several, such as Thanos or Mimir: the one
	// in the section prometheus of the file.
	Prometheus *prometheusLabel `yaml:"prometheus"`
	// An object in S3 with a list of clusters, each with name, labels and url, as YAML or JSON.
	S3 *clusterList `yaml:"s3"`
}

// argoCD are clusters of an Argo CD.
type argoCD struct {
	// The namespace of Argo CD.
	Namespace namespace `yaml:"namespace" jsonschema:"default=argocd"`
	// A label selector of Kubernetes for the clusters' Secrets, such as stage=prod. Without it:
	// every cluster.
	Selector string `yaml:"selector"`
	// The Service of Prometheus in each cluster, as kubernetes.service.
	Service service `yaml:"service"`
}

// clusterProfiles are objects that describe clusters.
type clusterProfiles struct {
	// The only namespace of the objects. Without it: every namespace.
	Namespace namespace `yaml:"namespace"`
	// The address of each cluster's Prometheus, with {name} for the name of its object, such as
	// https://prometheus.{name}.example.com. promsnap sends no login to it.
	URL string `yaml:"url" jsonschema:"required"`
}

// kubeconfigContexts are contexts of the kubeconfig.
type kubeconfigContexts struct {
	// Patterns of their names, with * and ?: "prod-*". Without any: every context.
	Contexts []string `yaml:"contexts"`
	// The Service of Prometheus in each cluster, as kubernetes.service.
	Service service `yaml:"service"`
}

// prometheusLabel is a label whose values are clusters.
type prometheusLabel struct {
	// The label that tells the clusters apart.
	Label label `yaml:"label" jsonschema:"default=cluster"`
	// Label matchers of the series of up that count, such as stage="prod".
	Match selector `yaml:"match"`
}

// clusterList is an object with a list of clusters.
type clusterList struct {
	bucket `yaml:",inline"`
	// The key of the object.
	Key string `yaml:"key" jsonschema:"required"`
}

// fleet builds the fleet section. It returns nil if the file has none.
func (b *builder) fleet(s *fleetSection, c *Config) *Fleet {
	if s == nil {
		return nil
	}
	out := &Fleet{
		Name: string(s.Name), Deadline: time.Duration(s.Deadline), Store: b.fleetStore(s.Store),
	}
	if b.has("cluster") {
		b.problem("cluster", "cannot be used with a fleet, whose clusters have names of their own; "+
			"remove it (fleet.name is the name of the fleet)")
	}
	b.fleetReceivers(s, c, out)
	if len(s.Receivers) > 0 && s.Store == nil {
		b.problem("fleet.store", "missing, but required by fleet.receivers; write store: {s3: "+
			"{bucket: NAME}} or store: {dir: PATH}")
	}
	if len(s.Clusters) == 0 && len(s.Discover) == 0 && b.clean("fleet.clusters") {
		b.problem("fleet", "no clusters; write some in clusters, or a way to find them in discover")
	}
	names := map[string]string{}
	for i := range s.Clusters {
		at := item("fleet.clusters", i)
		b.unique(names, s.Clusters[i].Name, key(at, "name"))
		out.Clusters = append(out.Clusters, b.fleetCluster(&s.Clusters[i], at, c, out.Name))
	}
	for i := range s.Discover {
		out.Discover = append(out.Discover, b.discovery(&s.Discover[i], item("fleet.discover", i), c))
	}
	return out
}

// fleetReceivers builds the receivers of the fleet's reports.
func (b *builder) fleetReceivers(s *fleetSection, c *Config, out *Fleet) {
	seen := map[string]string{}
	for i, n := range s.Receivers {
		at := item("fleet.receivers", i)
		b.unique(seen, string(n), at)
		j := slices.IndexFunc(c.Receivers, func(r Receiver) bool { return r.Name == string(n) })
		switch {
		case n == "":
		case j < 0:
			b.problem(at, "no receiver %q; write a name that is in receivers", n)
		case c.Receivers[j].Role == RoleProgram:
			b.problem(at, "receiver %q is for alerts, and the report of a fleet is a summary; add it "+
				"to the reports of the clusters instead", n)
		}
		out.Receivers = append(out.Receivers, string(n))
	}
}

// fleetStore builds the place of the plans and parts.
func (b *builder) fleetStore(s *fleetStore) *FleetStore {
	const at = "fleet.store"
	switch {
	case s == nil:
		return nil
	case s.Dir != "" && s.S3 != nil:
		b.problem(at, "has both dir and s3; keep one of them")
	case s.S3 != nil:
		bucket := b.bucket(s.S3, key(at, "s3"))
		return &FleetStore{S3: &bucket}
	case s.Dir == "":
		b.problem(at, "no place; write s3: and a bucket, or dir: and a directory")
	}
	return &FleetStore{Dir: b.beside(s.Dir)}
}

// maxClusterName is the longest name of a cluster in bytes.
const maxClusterName = 200

func printable(s string) bool { return outside.Line(s) == s }

// fleetCluster builds one cluster.
func (b *builder) fleetCluster(s *fleetCluster, at string, c *Config, fleet string) FleetCluster {
	switch {
	case s.Name == fleet && s.Name != "":
		b.problem(key(at, "name"), "%q is the name of the fleet; choose another, or set fleet.name",
			s.Name)
	case b.has(key(at, "name")) && s.Name == "", len(s.Name) > maxClusterName,
		!printable(s.Name):
		b.problem(key(at, "name"), "must be a name of at most %d printable characters",
			maxClusterName)
	}
	for _, l := range slices.Sorted(maps.Keys(s.Labels)) {
		if !model.LegacyValidation.IsValidLabelName(l) || len(s.Labels[l]) > maxClusterName ||
			!printable(s.Labels[l]) {
			b.problem(key(key(at, "labels"), shorten(l)), "must be a label such as region: eu-west-1")
		}
	}
	out := FleetCluster{
		Name: s.Name, Labels: s.Labels, Prometheus: c.Prometheus, Kubernetes: s.Kubernetes.build(),
	}
	own := key(at, "prometheus")
	if s.Prometheus != nil {
		out.Prometheus = b.clusterPrometheus(s.Prometheus, own, c.Prometheus)
	}
	switch {
	case b.has(key(own, "url")):
		if out.Kubernetes != nil && out.Kubernetes.Service != "" {
			b.problem(key(key(at, "kubernetes"), "service"), "cannot be used with prometheus.url; "+
				"keep one of them")
		}
	case out.Kubernetes != nil:
		out.Prometheus.URL = ""
	case !b.has(key(own, "matchers")):
		b.problem(at, "does not say where its data is; write prometheus: {url: …}, kubernetes: "+
			"{context: …}, or prometheus: {matchers: …} for a share of the file's Prometheus")
	case c.Prometheus.URL == "":
		b.problem(key(own, "url"), "missing, and prometheus.url is too; write one of them")
	}
	return out
}

// clusterPrometheus builds the prometheus section of a cluster: its own keys, and the file's.
func (b *builder) clusterPrometheus(s *prometheusSection, at string, file Prometheus) Prometheus {
	own := b.prometheus(s, at)
	out := file
	out.Matchers = slices.Concat(file.Matchers, own.Matchers)
	from, to := reflect.ValueOf(own), reflect.ValueOf(&out).Elem()
	for k, field := range map[string]string{
		"url": "URL", "external_url": "ExternalURL", "http_config": "HTTP", "sigv4": "SigV4",
		"params": "Params", "query_offset": "QueryOffset", "cluster_label": "ClusterLabel",
		"scrape_interval": "ScrapeInterval", "timeout": "Timeout", "concurrency": "Concurrency",
		"max_series": "MaxSeries", "alertmanager": "Alertmanager",
	} {
		if b.has(key(at, k)) {
			to.FieldByName(field).Set(from.FieldByName(field))
		}
	}
	// A request has one login: that of the cluster.
	switch login, signed := b.has(key(at, "http_config")), b.has(key(at, "sigv4")); {
	case login && !signed:
		out.SigV4 = nil
	case signed && !login:
		out.HTTP = HTTP{}
	}
	return out
}

// discovery builds one way to find clusters.
func (b *builder) discovery(s *discovery, at string, c *Config) Discovery {
	var out Discovery
	set := 0
	if a := s.ArgoCD; a != nil {
		set++
		out.ArgoCD = &ArgoCD{
			Namespace: string(a.Namespace), Selector: a.Selector, Service: string(a.Service),
		}
	}
	if p := s.Profiles; p != nil {
		set++
		out.Profiles = b.profiles(p, key(at, "cluster_profiles.url"))
	}
	if k := s.Kubeconfig; k != nil {
		set++
		for i, pattern := range k.Contexts {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				b.problem(item(key(at, "kubeconfig.contexts"), i), "%q is not a pattern; write a "+
					"name with * and ?, such as prod-*", shorten(pattern))
			}
		}
		out.Kubeconfig = &KubeconfigContexts{Contexts: k.Contexts, Service: string(k.Service)}
	}
	if p := s.Prometheus; p != nil {
		set++
		out.Prometheus = &PrometheusLabel{Label: string(p.Label), Match: p.Match}
		if c.Prometheus.URL == "" {
			b.problem(key(at, "prometheus"), "needs prometheus.url, the address of the Prometheus "+
				"that has the clusters")
		}
	}
	if l := s.S3; l != nil {
		set++
		out.S3 = &ClusterList{Bucket: b.bucket(&l.bucket, key(at, "s3")), Key: l.Key}
	}
	if set != 1 {
		b.problem(at, "has %s; write exactly one of argocd, cluster_profiles, kubeconfig, "+
			"prometheus and s3",
			cmp.Or(map[int]string{0: "no way to find clusters"}[set], fmt.Sprintf("%d ways to find "+
				"clusters", set)))
	}
	return out
}

// profiles builds the search for ClusterProfiles.
func (b *builder) profiles(s *clusterProfiles, at string) *ClusterProfiles {
	out := &ClusterProfiles{Namespace: string(s.Namespace), URL: s.URL}
	switch _, err := exchange.BaseURL(strings.ReplaceAll(s.URL, profileName, "name")); {
	case !b.has(at): // the key is required
	case err != nil:
		b.problem(at, "%v", err)
	case !strings.Contains(s.URL, profileName):
		b.problem(at, "is the same for every cluster; write {name} where the name of the cluster "+
			"is, such as https://prometheus.{name}.example.com")
	}
	return out
}
