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
}

// configMap is a ConfigMap.
type configMap struct {
	// Its name.
	Name objectName `yaml:"name" jsonschema:"required"`
	// Its namespace. The default is kubernetes.namespace, or the namespace of the context or of the
	// Pod.
	Namespace namespace `yaml:"namespace"`
}

// Kubernetes is how the API of the cluster is used.
type Kubernetes struct {
	// NAMESPACE/NAME[:PORT][/PATH]; "" where it is to be found, or Prometheus has a URL
	Service   string
	Context   string // "" for the current one
	Namespace string // "" for the context's, or the Pod's own
	Nodes     bool   // they are listed
}

// ConfigMap is a ConfigMap that promsnap remembers in.
type ConfigMap struct {
	Namespace string // "" for the Kubernetes' own
	Name      string
}

// DefaultConfigMap is where promsnap remembers in a cluster, where the file does not say.
const DefaultConfigMap = "promsnap-state"

// throughKubernetes builds how the cluster's API is used, nil where neither the file nor the
// options say that it is.
func (b *builder) throughKubernetes(s *kubernetesSection, p *Prometheus) *Kubernetes {
	var k *Kubernetes
	if s != nil {
		k = &Kubernetes{
			Service: string(s.Service), Context: s.Context, Namespace: string(s.Namespace),
			Nodes: s.Nodes,
		}
	}
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
	case !b.has("prometheus.url") && k == nil:
		b.problem("prometheus.url", "missing; write the address of Prometheus, such as "+
			"http://prometheus-server.monitoring.svc, or kubernetes: {} to find it in the cluster")
	}
	if k != nil && p.URL == "" {
		b.credentials()
	}
	return k
}

// credentials finds what is of no effect where requests go through the API server, with the
// credentials for it.
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

// service names a port of a Service.
type service string

const objectSyntax = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`

var serviceSyntax = regexp.MustCompile(`^` + objectSyntax + `/(https:)?` + objectSyntax +
	`(:[a-z0-9-]{1,15})?(/[A-Za-z0-9._~/-]*)?$`)

// UnmarshalText takes what is a Service by its looks; whether there is one, the cluster says.
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

// UnmarshalText takes what Kubernetes takes.
func (n *namespace) UnmarshalText(b []byte) error {
	if !namespaceSyntax.Match(b) {
		return fmt.Errorf("%q is not a namespace; write up to 63 lower-case letters, digits and "+
			"hyphens, such as monitoring", shorten(string(b)))
	}
	*n = namespace(b)
	return nil
}

// objectName is the name of an object of Kubernetes.
type objectName string

var objectNameSyntax = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

// UnmarshalText takes what Kubernetes takes.
func (n *objectName) UnmarshalText(b []byte) error {
	if !objectNameSyntax.Match(b) {
		return fmt.Errorf("%q is not the name of an object; write lower-case letters, digits, "+
			"hyphens and dots, such as %s", shorten(string(b)), DefaultConfigMap)
	}
	*n = objectName(b)
	return nil
}
