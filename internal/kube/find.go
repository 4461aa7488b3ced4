package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// product is a chart or a set of manifests that has a Service with the Prometheus API.
type product struct {
	name   string
	labels map[string]string // that the Service must have
	ports  []string          // possible names of the port
	path   string            // before /api/v1
	// the product to prefer in the same namespace, because it leads to the same server
	after string
}

const (
	labelName      = "app.kubernetes.io/name"
	labelComponent = "app.kubernetes.io/component"
)

// products are recognized by the default labels of their Services. The first match counts.
var products = []product{
	{
		name: "prometheus chart", labels: map[string]string{
			labelName: "prometheus", labelComponent: "server",
		}, ports: []string{"http"},
	},
	// before version 22
	{
		name: "prometheus chart", labels: map[string]string{
			"app": "prometheus", "component": "server",
		}, ports: []string{"http"},
	},
	{
		name: "kube-prometheus-stack", labels: map[string]string{
			"app": "kube-prometheus-stack-prometheus",
		}, ports: []string{"http-web", "web"},
	},
	{
		name: "prometheus-operator chart", labels: map[string]string{
			"app": "prometheus-operator-prometheus",
		}, ports: []string{"web"},
	},
	{
		name: "kube-prometheus", labels: map[string]string{
			labelName: "prometheus", labelComponent: "prometheus",
		}, ports: []string{"web", "http"},
	},
	{
		name: "kube-prometheus", labels: map[string]string{
			labelName: "kube-prometheus", labelComponent: "prometheus",
		}, ports: []string{"http", "web"},
	},
	{
		name: operated, labels: map[string]string{"operated-prometheus": "true"},
		ports: []string{"http-web", "web"},
	},
	{
		name: "Thanos Query", labels: map[string]string{
			labelName: "thanos", labelComponent: "query",
		}, ports: []string{"http"},
	},
	{
		name: "Thanos Query", labels: map[string]string{labelName: "thanos-query"},
		ports: []string{"http", "web", "https"},
	},
	{
		name: "VictoriaMetrics single", labels: map[string]string{
			labelName: "victoria-metrics-single",
		}, ports: []string{"http"},
	},
	{
		name: "VictoriaMetrics single", labels: map[string]string{labelName: "vmsingle"},
		ports: []string{"http"},
	},
	{
		name: "VictoriaMetrics vmselect", labels: map[string]string{
			labelName: "victoria-metrics-cluster", "app": "vmselect",
		}, ports: []string{"http"}, path: vmselectPath,
	},
	{
		name: "VictoriaMetrics vmselect", labels: map[string]string{labelName: "vmselect"},
		ports: []string{"http"}, path: vmselectPath,
	},
	{
		name: mimirGateway, labels: map[string]string{
			labelName: "mimir", labelComponent: "gateway",
		}, ports: []string{"http-metrics", "http-metric", "http"}, path: "/prometheus",
	},
	{
		name: mimirGateway, labels: map[string]string{labelName: "mimir", labelComponent: "nginx"},
		ports: []string{"http-metric", "http-metrics", "http"}, path: "/prometheus",
	},
	{
		name: "Mimir query-frontend", labels: map[string]string{
			labelName: "mimir", labelComponent: "query-frontend",
		}, ports: []string{"http-metrics"}, path: "/prometheus", after: mimirGateway,
	},
}

const (
	operated     = "Prometheus Operator"
	mimirGateway = "Mimir gateway"
	vmselectPath = "/select/0/prometheus" // of tenant 0
)

// selectors find the Services of all products in three lists.
var selectors = []string{
	labelName +
		" in (prometheus,kube-prometheus,thanos,thanos-query,victoria-metrics-single," +
		"victoria-metrics-cluster,vmsingle,vmselect,mimir)",
	"app in (prometheus,kube-prometheus-stack-prometheus,prometheus-operator-prometheus)",
	"operated-prometheus=true",
}

// maxServices is the longest list of Services.
const maxServices = 1000

// productOf returns the product of a Service, or false if it is not a known one.
func productOf(s *corev1.Service) (product, bool) {
	for _, p := range products {
		fits := true
		for name, value := range p.labels {
			fits = fits && s.Labels[name] == value
		}
		if fits {
			return p, true
		}
	}
	return product{}, false
}

// Candidate is a Service that has the Prometheus API according to its labels.
type Candidate struct {
	Service
	Product string // "kube-prometheus-stack"
}

// AmbiguousError says that there are several such Services, and that the user must choose one.
type AmbiguousError struct {
	Candidates []Candidate
}

func (e *AmbiguousError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d services look like Prometheus; choose one:", len(e.Candidates))
	for _, c := range e.Candidates {
		fmt.Fprintf(&b, "\n  --prometheus-service %s   (%s)", c.Service, c.Product)
	}
	b.WriteString("\nor set kubernetes.service in promsnap.yaml or in the values of the chart")
	return b.String()
}

// NotFoundError says that there is no such Service.
type NotFoundError struct {
	Cluster, Namespace string // "" is every namespace
}

func (e *NotFoundError) Error() string {
	var names []string
	for _, p := range products {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	where := "no namespace of " + e.Cluster + " has a service"
	if e.Namespace != "" {
		where = fmt.Sprintf("the namespace %s of %s has no service", e.Namespace, e.Cluster)
	}
	return fmt.Sprintf("no Prometheus found: %s with the labels of %s; name the service with "+
		"--prometheus-service NAMESPACE/NAME or kubernetes.service, or set --prometheus-url or "+
		"prometheus.url", where, strings.Join(names, ", "))
}

// Find returns the Service of Prometheus. If want is set, it is that Service, with a port and a
// path if want has none. Otherwise it is the only Service in the cluster, or in the given
// namespace, that has the labels of a known product. Errors are an *AmbiguousError, a
// *NotFoundError or an *Error.
//
// Find returns a want with a port unchanged. That needs no permission to read Services.
func (c *Cluster) Find(ctx context.Context, want Service) (Candidate, error) {
	if want.Name == "" {
		return c.search(ctx)
	}
	if want.Port != "" {
		return Candidate{want, ""}, nil
	}
	var o corev1.Service
	err := c.get(ctx, access{
		verb: "get", resource: "services", namespace: want.Namespace, name: want.Name,
	}, &o)
	if err != nil {
		if Denied(err) {
			err = fmt.Errorf("%w, or give the port: %s:PORT", err, want)
		}
		return Candidate{}, err
	}
	p, _ := productOf(&o)
	full, err := want.of(&o, p)
	return Candidate{full, p.name}, err
}

// search finds the Service by its labels.
func (c *Cluster) search(ctx context.Context) (Candidate, error) {
	namespace := ""
	if c.given {
		namespace = c.namespace
	}
	found := map[string]corev1.Service{}
	for _, selector := range selectors {
		var page corev1.ServiceList
		a := access{verb: "list", resource: "services", namespace: namespace}
		if err := c.list(ctx, a, metav1.ListOptions{LabelSelector: selector, Limit: maxServices},
			&page); err != nil {
			if Denied(err) {
				err = fmt.Errorf("finding Prometheus: %w; or name the service with "+
					"--prometheus-service NAMESPACE/NAME:PORT or kubernetes.service, or set "+
					"--prometheus-url or prometheus.url", err)
			}
			return Candidate{}, err
		}
		for _, s := range page.Items {
			found[s.Namespace+"/"+s.Name] = s
		}
	}
	candidates := candidatesAmong(found)
	switch len(candidates) {
	case 0:
		return Candidate{}, &NotFoundError{c.name, namespace}
	case 1:
		return candidates[0], nil
	}
	return Candidate{}, &AmbiguousError{candidates}
}

// candidatesAmong returns the Services with the Prometheus API, one for each server.
func candidatesAmong(found map[string]corev1.Service) []Candidate {
	var all []Candidate
	after := map[string]string{}
	for _, o := range found {
		p, ok := productOf(&o)
		if !ok || o.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		port, ok := p.portIn(&o)
		if !ok { // the Service of another port: gRPC, or a sidecar
			continue
		}
		after[p.name] = p.after
		all = append(all, Candidate{Service{}.at(&o, port, p), p.name})
	}
	has := func(namespace string, products ...string) bool {
		return slices.ContainsFunc(all, func(c Candidate) bool {
			return c.Namespace == namespace && slices.Contains(products, c.Product)
		})
	}
	candidates := slices.DeleteFunc(slices.Clone(all), func(c Candidate) bool {
		headless := strings.HasSuffix(c.Name, "-headless") &&
			slices.ContainsFunc(all, func(o Candidate) bool {
				return o.Namespace == c.Namespace && o.Name+"-headless" == c.Name
			})
		// The operator creates a second Service for the server that the chart's Service reaches.
		twin := c.Product == operated && has(c.Namespace, "kube-prometheus-stack",
			"prometheus-operator chart", "kube-prometheus")
		return headless || twin || after[c.Product] != "" && has(c.Namespace, after[c.Product])
	})
	slices.SortFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return candidates
}
