package config

import (
	"fmt"
	"regexp"
	"strings"
)

// kubernetesSection is how promsnap uses the API of the cluster that it watches, to find and reach
// Prometheus, to list the nodes and to keep the state. It has the rights of a kubeconfig or, in a
// Pod, of its service account.
type kubernetesSection struct {
	// The Service with Prometheus' API, as NAMESPACE/NAME[:PORT][/PATH]. Without it, and without
	// prometheus.url, promsnap looks for the Service of a common Helm chart.
	Service service `yaml:"service"`
	// The context of the kubeconfig. The default is its current one. Not in a Pod.
	Context string `yaml:"context"`
	// The only namespace in which promsnap looks for Prometheus, and the namespace of the state.
	// Without it: every namespace, and the namespace of the context or of the Pod.
	Namespace namespace `yaml:"namespace"`
	// List the nodes, for their instance types, zones and conditions.
	Nodes bool `yaml:"nodes" jsonschema:"default=true"`
	// List the warnings among the events of a finding's object, such as FailedScheduling, and show
	// them beside the finding. promsnap may then list events.
	Events bool `yaml:"events" jsonschema:"default=false"`
}

// configMap is a ConfigMap.
type configMap struct {
	// Its name.
	Name objectName `yaml:"name" jsonschema:"required"`
	// Its namespace. The default is kubernetes.namespace, or the namespace of the context or of the
	// Pod.
	Namespace namespace `yaml:"namespace"`
}

// Kubernetes says how promsnap uses the API of the cluster.
type Kubernetes struct {
	// NAMESPACE/NAME[:PORT][/PATH]; "" to find it, or if Prometheus has a URL
	Service   string
	Context   string // "" for the current one
	Namespace string // "" for that of the context or the Pod
	Nodes     bool   // list the nodes
	Events    bool   // list the events of findings' objects
}

// ConfigMap is a ConfigMap that holds the state.
type ConfigMap struct {
	Namespace string // "" for that of Kubernetes
	Name      string
}

// DefaultConfigMap is the name of the state's ConfigMap if the file has a kubernetes section and no
// state.
const DefaultConfigMap = "promsnap-state"

// throughKubernetes builds the kubernetes section. It returns nil if neither the file nor the
// options use the cluster's API.
func (b *builder) throughKubernetes(s *kubernetesSection, p *Prometheus) *Kubernetes {
	k := s.build()
	switch {
	case b.options.Service != "":
		if k == nil {
			k = &Kubernetes{Nodes: true}
		}
		k.Service, p.URL = b.options.Service, ""
		return k
	case b.options.URL != "":
		p.URL = b.options.URL
		if k != nil {
			k.Service = ""
		}
		return k
	case p.URL != "" && k != nil && k.Service != "":
		b.problem("kubernetes.service", "cannot be used with prometheus.url; keep one of them")
	case b.has("fleet"): // each cluster says where its Prometheus is
		return k
	case !b.has("prometheus.url") && k == nil:
		b.problem("prometheus.url", "missing; write the address of Prometheus, such as "+
			"http://prometheus-server.monitoring.svc, or kubernetes: {} to find it in the cluster")
	}
	if k != nil && p.URL == "" {
		b.credentials()
	}
	return k
}

// build returns what a section says; nil for nil.
func (s *kubernetesSection) build() *Kubernetes {
	if s == nil {
		return nil
	}
	return &Kubernetes{
		Service: string(s.Service), Context: s.Context, Namespace: string(s.Namespace),
		Nodes: s.Nodes, Events: s.Events,
	}
}

// credentials records the keys that have no effect when requests go through the API server, which
// has its own credentials.
func (b *builder) credentials() {
	const path, why = "prometheus.http_config", "has no effect: promsnap reaches Prometheus " +
		"through the API server, with the credentials of the cluster; remove it, or set " +
		"prometheus.url"
	for at := range b.nodes {
		if k, ok := strings.CutPrefix(at, path+"."); ok && !strings.ContainsAny(k, ".[") &&
			k != "http_headers" {
			b.problem(at, why)
		}
	}
	if b.has("prometheus.sigv4") {
		b.problem("prometheus.sigv4", why)
	}
}

// service is a Service with an optional port and path.
type service string

const objectSyntax = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`

var serviceSyntax = regexp.MustCompile(`^` + objectSyntax + `/(https:)?` + objectSyntax +
	`(:[a-z0-9-]{1,15})?(/[A-Za-z0-9._~/-]*)?$`)

// UnmarshalText checks the syntax. Whether the Service exists is not checked here.
func (s *service) UnmarshalText(b []byte) error {
	if !serviceSyntax.Match(b) || strings.Contains(string(b), "..") {
		return fmt.Errorf("%q does not name a service; write NAMESPACE/NAME, NAMESPACE/NAME:PORT "+
			"or NAMESPACE/NAME:PORT/PATH, such as monitoring/prometheus-server:80",
			shorten(string(b)))
	}
	*s = service(b)
	return nil
}

// namespace is the name of a namespace.
type namespace string

var namespaceSyntax = regexp.MustCompile(`^` + objectSyntax + `$`)

// UnmarshalText accepts the names that Kubernetes accepts.
func (n *namespace) UnmarshalText(b []byte) error {
	if !namespaceSyntax.Match(b) {
		return fmt.Errorf("%q is not a namespace; write up to 63 lower-case letters, digits and "+
			"hyphens, such as monitoring", shorten(string(b)))
	}
	*n = namespace(b)
	return nil
}

// objectName is the name of a Kubernetes object.
type objectName string

var objectNameSyntax = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// UnmarshalText accepts the names that Kubernetes accepts.
func (n *objectName) UnmarshalText(b []byte) error {
	if !objectNameSyntax.Match(b) {
		return fmt.Errorf("%q is not the name of an object; write lower-case letters, digits, "+
			"hyphens and dots, such as %s", shorten(string(b)), DefaultConfigMap)
	}
	*n = objectName(b)
	return nil
}
