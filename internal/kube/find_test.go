package kube_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/promsnap/promsnap/internal/kube"
)

// service returns a Service with the labels and ports of a chart, such as "app=x,component=server"
// and `[{"name":"http","port":80}]`.
func service(t *testing.T, name, marks, ports string) corev1.Service {
	t.Helper()
	namespace, name, _ := strings.Cut(name, "/")
	set, err := labels.ConvertSelectorToLabelsMap(marks)
	if err != nil {
		t.Fatal(err)
	}
	s := corev1.Service{
		TypeMeta:   metav1.TypeMeta{Kind: "Service", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: set},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP},
	}
	if err := json.Unmarshal([]byte(ports), &s.Spec.Ports); err != nil {
		t.Fatal(err)
	}
	return s
}

// serveServices serves lists of the Services that match a selector, in one namespace or in all, and
// each Service itself.
func (s *apiServer) serveServices(services ...corev1.Service) {
	list := func(namespace string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
			if err != nil || r.URL.Query().Get("limit") == "" {
				refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest,
					"a list without a bound, or "+err.Error())
				return
			}
			out := corev1.ServiceList{
				TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"},
			}
			for _, o := range services {
				if selector.Matches(labels.Set(o.Labels)) &&
					(namespace == "" || namespace == o.Namespace) {
					out.Items = append(out.Items, o)
				}
			}
			answer(out)(w, r)
		}
	}
	s.on("/api/v1/services", list(""))
	for _, o := range services {
		s.on("/api/v1/namespaces/"+o.Namespace+"/services", list(o.Namespace))
		s.on("/api/v1/namespaces/"+o.Namespace+"/services/"+o.Name, answer(o))
	}
}

// The Services of charts and manifests with their default labels and ports.
const (
	community    = "app.kubernetes.io/name=prometheus,app.kubernetes.io/component=server,app.kubernetes.io/instance=prometheus,app.kubernetes.io/part-of=prometheus"
	webPorts     = `[{"name":"http-web","port":9090},{"name":"reloader-web","port":8080}]`
	grpcPort     = `[{"name":"grpc","port":10901}]`
	thanosPorts  = `[{"name":"grpc","port":10901},{"name":"http","port":9090}]`
	mimirFront   = "app.kubernetes.io/name=mimir,app.kubernetes.io/component=query-frontend,app.kubernetes.io/part-of=memberlist"
	operatorMade = "operated-prometheus=true,managed-by=prometheus-operator"
)

func TestFindKnowsTheCharts(t *testing.T) {
	for name, c := range map[string]struct {
		services [][3]string
		want     string // every candidate
	}{
		"prometheus": {
			[][3]string{{"monitoring/prometheus-server", community, `[{"name":"http","port":80}]`}},
			"monitoring/prometheus-server:80 prometheus chart",
		},
		"prometheus old": {
			[][3]string{
				{
					"monitoring/prometheus-server", "app=prometheus,component=server,heritage=Helm",
					`[{"name":"http","port":80}]`,
				},
			}, "monitoring/prometheus-server:80 prometheus chart",
		},
		"prometheus with its headless twin, its Alertmanager and exporters": {
			[][3]string{
				{"monitoring/prometheus-server", community, `[{"name":"http","port":80}]`},
				{"monitoring/prometheus-server-headless", community, `[{"name":"http","port":80}]`},
				{
					"monitoring/prometheus-alertmanager",
					"app.kubernetes.io/name=alertmanager,app.kubernetes.io/part-of=prometheus",
					`[{"name":"http","port":9093}]`,
				},
				{
					"monitoring/prometheus-old-alertmanager",
					"app=prometheus,component=alertmanager", `[{"name":"http","port":80}]`,
				},
				{
					"monitoring/prometheus-kube-state-metrics",
					"app.kubernetes.io/name=kube-state-metrics", `[{"name":"http","port":8080}]`,
				},
			},
			"monitoring/prometheus-server:80 prometheus chart",
		},
		"kube-prometheus-stack, and what its operator made": {
			[][3]string{
				{
					"monitoring/kps-kube-prometheus-stack-prometheus",
					"app=kube-prometheus-stack-prometheus,self-monitor=true,release=kps", webPorts,
				},
				{
					"monitoring/prometheus-operated", operatorMade,
					`[{"name":"http-web","port":9090}]`,
				},
				{
					"monitoring/kps-kube-prometheus-stack-thanos-discovery",
					"app=kube-prometheus-stack-thanos-discovery", `[{"name":"grpc","port":10901}]`,
				},
			},
			"monitoring/kps-kube-prometheus-stack-prometheus:9090 kube-prometheus-stack",
		},
		"kube-prometheus": {
			[][3]string{
				{
					"monitoring/prometheus-k8s",
					"app.kubernetes.io/name=prometheus,app.kubernetes.io/component=prometheus,app.kubernetes.io/part-of=kube-prometheus", `[{"name":"reloader-web","port":8080},{"name":"web","port":9090}]`,
				},
			}, "monitoring/prometheus-k8s:9090 kube-prometheus",
		},
		"the operator's own only": {
			[][3]string{
				{"infra/prometheus-operated", operatorMade, `[{"name":"web","port":9090}]`},
			}, "infra/prometheus-operated:9090 Prometheus Operator",
		},
		"prometheus with a Thanos sidecar": {
			[][3]string{
				{"monitoring/prometheus-server", community, `[{"name":"http","port":80}]`},
				{
					"monitoring/prometheus-server-thanos",
					community + ",app.kubernetes.io/subcomponent=thanos", grpcPort,
				},
			},
			"monitoring/prometheus-server:80 prometheus chart",
		},
		"a sidecar alone": {
			[][3]string{
				{
					"monitoring/prometheus-server-thanos",
					community + ",app.kubernetes.io/subcomponent=thanos", grpcPort,
				},
			}, "",
		},
		"a port without a name": {
			[][3]string{{"monitoring/prometheus-server", community, `[{"port":9090}]`}},
			"monitoring/prometheus-server:9090 prometheus chart",
		},
		"Thanos": {
			[][3]string{
				{
					"thanos/thanos-query",
					"app.kubernetes.io/name=thanos,app.kubernetes.io/component=query",
					`[{"name":"http","port":9090}]`,
				},
				{
					"thanos/thanos-query-frontend",
					"app.kubernetes.io/name=thanos,app.kubernetes.io/component=query-frontend",
					`[{"name":"http","port":9090}]`,
				},
				{
					"thanos/thanos-query-grpc",
					"app.kubernetes.io/name=thanos,app.kubernetes.io/component=query", grpcPort,
				},
			},
			"thanos/thanos-query:9090 Thanos Query",
		},
		"kube-thanos": {
			[][3]string{
				{
					"thanos/thanos-query",
					"app.kubernetes.io/name=thanos-query,app.kubernetes.io/component=query-layer",
					thanosPorts,
				},
			}, "thanos/thanos-query:9090 Thanos Query",
		},
		"VictoriaMetrics": {
			[][3]string{
				{
					"vm/vm-victoria-metrics-single-server",
					"app=server,app.kubernetes.io/name=victoria-metrics-single",
					`[{"name":"http","port":8428}]`,
				},
			}, "vm/vm-victoria-metrics-single-server:8428 VictoriaMetrics single",
		},
		"vmsingle": {
			[][3]string{
				{
					"vm/vmsingle-vm",
					"app.kubernetes.io/name=vmsingle,app.kubernetes.io/component=monitoring,managed-by=vm-operator", `[{"name":"http","port":8428}]`,
				},
			}, "vm/vmsingle-vm:8428 VictoriaMetrics single",
		},
		"VictoriaMetrics many": {
			[][3]string{
				{
					"vm/vm-vmselect",
					"app=vmselect,app.kubernetes.io/name=victoria-metrics-cluster",
					`[{"name":"http","port":8481}]`,
				}, {
					"vm/vm-vminsert",
					"app=vminsert,app.kubernetes.io/name=victoria-metrics-cluster",
					`[{"name":"http","port":8480}]`,
				},
			}, "vm/vm-vmselect:8481/select/0/prometheus VictoriaMetrics vmselect",
		},
		"vmselect": {
			[][3]string{
				{
					"vm/vmselect-vm", "app.kubernetes.io/name=vmselect,managed-by=vm-operator",
					`[{"name":"http","port":8481}]`,
				},
			}, "vm/vmselect-vm:8481/select/0/prometheus VictoriaMetrics vmselect",
		},
		"Mimir": {
			[][3]string{
				{
					"mimir/mimir-gateway",
					"app.kubernetes.io/name=mimir,app.kubernetes.io/component=gateway",
					`[{"name":"http-metrics","port":80}]`,
				},
				{
					"mimir/mimir-query-frontend", mimirFront,
					`[{"name":"http-metrics","port":8080},{"name":"grpc","port":9095}]`,
				},
			},
			"mimir/mimir-gateway:80/prometheus Mimir gateway",
		},
		"Mimir without a gateway": {
			[][3]string{
				{
					"mimir/mimir-query-frontend", mimirFront,
					`[{"name":"http-metrics","port":8080},{"name":"grpc","port":9095}]`,
				},
			}, "mimir/mimir-query-frontend:8080/prometheus Mimir query-frontend",
		},
		"behind TLS": {
			[][3]string{
				{
					"monitoring/prometheus-k8s",
					"app.kubernetes.io/name=prometheus,app.kubernetes.io/component=prometheus",
					`[{"name":"web","port":9091,"appProtocol":"https"}]`,
				},
			}, "monitoring/https:prometheus-k8s:9091 kube-prometheus",
		},
		"two": {
			[][3]string{
				{"team-b/prometheus-server", community, `[{"name":"http","port":80}]`}, {
					"team-a/prometheus-server", community, `[{"name":"http","port":9090}]`,
				},
			},
			"team-a/prometheus-server:9090 prometheus chart, team-b/prometheus-server:80 " +
				"prometheus chart",
		},
		"none": {
			[][3]string{
				{
					"default/kubernetes", "component=apiserver,provider=kubernetes",
					`[{"name":"https","port":443}]`,
				},
			}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			var services []corev1.Service
			for _, o := range c.services {
				services = append(services, service(t, o[0], o[1], o[2]))
			}
			s.serveServices(services...)
			found, err := s.open(t, "").Find(t.Context(), kube.Service{})
			var several *kube.AmbiguousError
			var none *kube.NotFoundError
			var got []string
			switch {
			case err == nil:
				got = append(got, found.String()+" "+found.Product)
			case errors.As(err, &several):
				if !strings.HasSuffix(err.Error(), "\nor set kubernetes.service in promsnap.yaml "+
					"or in the values of the chart") {
					t.Errorf("got %v\nwant it to end with what a user of a Pod can do", err)
				}
				for _, candidate := range several.Candidates {
					got = append(got, candidate.String()+" "+candidate.Product)
					if !strings.Contains(err.Error(), "--prometheus-service "+candidate.String()) {
						t.Errorf("got %v\nwant it to say how to choose %s", err, candidate)
					}
				}
			case errors.As(err, &none):
				for _, want := range []string{
					"kube-prometheus-stack", "Mimir", "no namespace of seoul",
					"--prometheus-service NAMESPACE/NAME or kubernetes.service",
					"--prometheus-url or prometheus.url",
				} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%v\nis without %q", err, want)
					}
				}
			default:
				t.Fatal(err)
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestFindInANamespace(t *testing.T) {
	s := newAPIServer(t)
	s.serveServices(service(t, "team-a/prometheus-server", community,
		`[{"name":"http","port":80}]`), service(t, "team-b/prometheus-server", community,
		`[{"name":"http","port":80}]`))
	found, err := s.open(t, "team-b").Find(t.Context(), kube.Service{})
	if err != nil || found.Namespace != "team-b" {
		t.Errorf("got %+v, %v, want a Service in team-b", found, err)
	}
	s.on("/api/v1/namespaces/empty/services", answer(corev1.ServiceList{
		TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"},
	}))
	if _, err := s.open(t, "empty").Find(t.Context(), kube.Service{}); err == nil ||
		!strings.Contains(err.Error(), "the namespace empty of seoul has no service") {
		t.Errorf("got error %v, want that the namespace has no service", err)
	}
}

func TestFindWhatIsNamed(t *testing.T) {
	s := newAPIServer(t)
	s.serveServices(
		service(t, "monitoring/prometheus-server", community, `[{"name":"http","port":80}]`),
		service(t, "vm/vmselect", "app.kubernetes.io/name=vmselect",
			`[{"name":"http","port":8481}]`),
		service(t, "own/several", "", `[{"name":"a","port":1},{"name":"b","port":2}]`),
		service(t, "own/one", "", `[{"port":9090}]`),
		service(t, "own/odd", community, `[{"name":"odd","port":9999}]`),
	)
	s.on("/api/v1/namespaces/secret/services/prometheus", forbid)
	for want, expected := range map[string]string{
		"monitoring/prometheus-server": "monitoring/prometheus-server:80",
		// not requested
		"monitoring/prometheus-server:http":      "monitoring/prometheus-server:http",
		"monitoring/https:prometheus-server:443": "monitoring/https:prometheus-server:443",
		"vm/vmselect":                            "vm/vmselect:8481/select/0/prometheus",
		"vm/vmselect/select/7/prometheus":        "vm/vmselect:8481/select/7/prometheus",
		"own/one":                                "own/one:9090",
		// a named Service means its only port, whatever the port's name is
		"own/odd":           "own/odd:9999",
		"own/several":       "1 (a), 2 (b); write own/several:PORT",
		"own/nothing":       "get services nothing in namespace own",
		"secret/prometheus": "or give the port: secret/prometheus:PORT",
	} {
		named, err := kube.ParseService(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.open(t, "").Find(t.Context(), named)
		if err == nil && got.String() != expected ||
			err != nil && !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: %s, %v; want %s", want, got.Service, err, expected)
		}
	}
	s.requests()
	if _, err := s.open(t, "").Find(t.Context(),
		kube.Service{Namespace: "monitoring", Name: "prometheus-server", Port: "80"}); err != nil ||
		len(s.requests()) != 0 {
		t.Errorf("got error %v or a request for a service with its port, want none", err)
	}
}

func TestFindWithoutTheRightToList(t *testing.T) {
	s := newAPIServer(t)
	s.on("/api/v1/services", forbid)
	_, err := s.open(t, "").Find(t.Context(), kube.Service{})
	for _, want := range []string{
		"list services: forbidden (403)",
		`{apiGroups: [""], resources: [services], verbs: [list]}`,
		"--prometheus-service NAMESPACE/NAME:PORT or kubernetes.service",
		"--prometheus-url or prometheus.url",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nis without %q", err, want)
		}
	}
}

func TestParseService(t *testing.T) {
	for _, text := range []string{
		"monitoring/prometheus-server", "monitoring/prometheus-server:80",
		"monitoring/https:prometheus:web", "vm/vmselect:8481/select/0/prometheus", "a/b/prometheus",
	} {
		s, err := kube.ParseService(text)
		if err != nil || s.String() != text {
			t.Errorf("%s: got %s, %v, want the same text", text, s, err)
		}
	}
	for _, text := range []string{
		"prometheus-server", "/x", "x/", "a/b:", "a/b:0", "a/b:65536", "a/b:web_port", "A/b", "a/B",
		"a/b:80:90", "a/../b", "a/b/../../c", "a/b?x", "a/b/x y", "a/b/x%2e",
		strings.Repeat("a", 64) + "/b", "a/http:b:80",
	} {
		if s, err := kube.ParseService(text); err == nil ||
			!strings.Contains(err.Error(), "write NAMESPACE/NAME[:PORT]") {
			t.Errorf("%q: got %+v, %v, want an error with the syntax", text, s, err)
		}
	}
	if s, err := kube.ParseService(""); err != nil || s != (kube.Service{}) {
		t.Errorf("got %+v, %v, want the zero Service", s, err)
	}
}

func FuzzParseService(f *testing.F) {
	f.Add("monitoring/https:prometheus-server:80/prometheus")
	f.Add("a/b:/..%2f")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := kube.ParseService(text)
		if err != nil || text == "" {
			return
		}
		again, err := kube.ParseService(s.String())
		if err != nil || again != s {
			t.Errorf("%q: got %+v, %v from its text %q, want %+v", text, again, err, s, s)
		}
		if strings.ContainsAny(s.String(), "?#% ") || strings.Contains(s.String(), "..") {
			t.Errorf("%q: got %q, want no characters with a meaning in a URL", text, s)
		}
	})
}
