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

// product is a chart, or a set of manifests, that brings a Service with Prometheus' API.
type product struct {
	name   string
	labels map[string]string // of the Service, all of them
	ports  []string          // the names that the port may have
	path   string            // before /api/v1
	// the product that goes before this one in the same namespace: another door to the same house
	after string
}

const (
	labelName      = "app.kubernetes.io/name"
	labelComponent = "app.kubernetes.io/component"
)

// products are known by the labels that their charts and manifests give the Service by default. The
// first that matches counts.
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
		" in (prometheus,kube-prometheus,thanos,thanos-query,victoria-metrics-single,victoria-metrics-cluster,vmsingle,vmselect,mimir)",
	"app in (prometheus,kube-prometheus-stack-prometheus,prometheus-operator-prometheus)",
	"operated-prometheus=true",
}

// maxServices bounds what one list of Services may hold.
const maxServices = 1000

// productOf returns what a Service belongs to; false where that is not known.
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

// Candidate is a Service that speaks Prometheus' API by all that its labels say.
type Candidate struct {
	Service
	Product string // "kube-prometheus-stack"
}

// AmbiguousError says that there are several, and that somebody has to choose.
type AmbiguousError struct {
	Candidates []Candidate
}

func (e *AmbiguousError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d services look like Prometheus; choose one:", len(e.Candidates))
	for _, c := range e.Candidates {
		fmt.Fprintf(&b, "\n  --prometheus-service %s   (%s)", c.Service, c.Product)
	}
	b.WriteString("\nor write it into promsnap.yaml, and the chart's values, as kubernetes.service")
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
	where := "in no namespace of " + e.Cluster
	if e.Namespace != "" {
		where = fmt.Sprintf("not in namespace %s of %s", e.Namespace, e.Cluster)
	}
	return fmt.Sprintf("no Prometheus was found: %s is there a service with the labels of %s; "+
		"name it with --prometheus-service NAMESPACE/NAME or kubernetes.service, or give "+
		"--prometheus-url or prometheus.url",
		where, strings.Join(names, ", "))
}

// Find returns the Service to ask: want, with what it leaves open, or, where want is zero, the only
// one in the cluster (in the namespace that was asked for, if one was) that is known by its labels.
// Its errors are *AmbiguousError, *NotFoundError or *Error.
//
// A want with its port is taken as it is: it takes no right to read Services.
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
			err = fmt.Errorf("%w, or write the port: %s:PORT", err, want)
		}
		return Candidate{}, err
	}
	p, _ := productOf(&o)
	full, err := want.of(&o, p)
	return Candidate{full, p.name}, err
}

// search looks for Services by their labels.
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
				err = fmt.Errorf("looking for Prometheus: %w; without it, name the service with "+
					"--prometheus-service NAMESPACE/NAME:PORT or kubernetes.service, or give "+
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

// candidatesAmong picks the Services that speak Prometheus' API, each server once.
func candidatesAmong(found map[string]corev1.Service) []Candidate {
	var all []Candidate
	after := map[string]string{}
	for _, o := range found {
		p, ok := productOf(&o)
		if !ok || o.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		port, ok := p.portIn(&o)
		if !ok { // a chart's other port: gRPC, or a sidecar's
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
		// The operator makes a Service of its own for what a chart's Service reaches too.
		twin := c.Product == operated && has(c.Namespace, "kube-prometheus-stack",
			"prometheus-operator chart", "kube-prometheus")
		return headless || twin || after[c.Product] != "" && has(c.Namespace, after[c.Product])
	})
	slices.SortFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return candidates
}
