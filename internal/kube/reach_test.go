package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

const (
	proxyPath = "/api/v1/namespaces/monitoring/services/prometheus-server:80/proxy"
	buildInfo = "/api/v1/status/buildinfo"
	rangePath = "/api/v1/query_range"
)

// matrix is an answer of Prometheus with one series of two samples at the times of grid.
const matrix = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"node":"n1"},"values":[[1763779920,"1"],[1763779980,"2"]]}]}}`

var (
	grid  = series.Grid{Start: time.Unix(1763779920, 0).UTC(), Step: time.Minute, Len: 2}
	named = kube.Service{Namespace: "monitoring", Name: "prometheus-server", Port: "80"}
)

// behindProxy returns an API server whose service proxy reaches a Prometheus.
func behindProxy(t *testing.T) *apiServer {
	t.Helper()
	s := newAPIServer(t)
	s.on(proxyPath+buildInfo, answer(map[string]any{
		"status": "success", "data": map[string]string{"version": "3.15.0"},
	}))
	s.on(proxyPath+rangePath, prometheus)
	return s
}

// prometheus answers a range query.
func prometheus(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Form.Get("query") == "" || r.Form.Get("step") == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, matrix)
}

// ask sends a range query to a target once.
func ask(t *testing.T, target *kube.Target, expr string) (promapi.Meta, error) {
	t.Helper()
	client, err := promapi.New(target.URL, target.Transport, promapi.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return client.Range(t.Context(), promapi.Query{Expr: expr, Grid: grid},
		func(series.Series) error { return nil })
}

// long is a query that does not fit into a URL.
var long = `sum(up{node!~"` + strings.Repeat("ip-10-0-0-1|", 800) + `none"})`

func TestThroughTheServiceProxy(t *testing.T) {
	s := behindProxy(t)
	target, err := s.open(t, "").FindPrometheus(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if got := target.String(); got != "monitoring/prometheus-server:80 through the API server's "+
		"service proxy" {
		t.Errorf("got target %q, want it through the proxy", got)
	}
	s.requests()
	for expr, method := range map[string]string{"up": http.MethodGet, long: http.MethodPost} {
		meta, err := ask(t, target, expr)
		if err != nil || meta.Series != 1 {
			t.Fatalf("%s: got %+v and error %v, want one series", method, meta, err)
		}
		if asked := s.requests(); len(asked) != 1 ||
			!strings.HasPrefix(asked[0], method+" "+proxyPath+rangePath) {
			t.Errorf("%.100s was asked by %.200q, want one %s", expr, asked, method)
		}
	}
}

// TestTheProxyRefuses checks that errors of the API server are distinguished from those of
// Prometheus.
func TestTheProxyRefuses(t *testing.T) {
	status := func(code int, reason metav1.StatusReason, message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { refuse(w, code, reason, message) }
	}
	for name, c := range map[string]struct {
		expr   string
		answer http.HandlerFunc
		kind   promapi.Kind
		want   []string
	}{
		"no right to get": {
			"up", forbid, promapi.KindDenied,
			[]string{
				"you are not allowed to get services/proxy prometheus-server:80 in namespace " +
					"monitoring (403)",
				`{apiGroups: [""], resources: [services/proxy], verbs: [get], resourceNames: ["prometheus-server:80"]}`,
			},
		},
		"no right to create": {
			long, forbid, promapi.KindDenied,
			[]string{
				"you are not allowed to create services/proxy prometheus-server:80 in namespace " +
					"monitoring (403)",
				"bytes needs, because it is too long for a GET",
				`verbs: [create], resourceNames: ["prometheus-server:80"]`,
			},
		},
		"an expired token": {
			"up", status(401, metav1.StatusReasonUnauthorized, "Unauthorized"), promapi.KindDenied,
			[]string{"unauthorized (401)", "log in again"},
		},
		"no such service": {
			"up",
			status(404, metav1.StatusReasonNotFound, `services "prometheus-server" not found`),
			promapi.KindNotFound, []string{
				`services "prometheus-server" not found (404)`,
				"kubectl -n monitoring get services",
			},
		},
		"no endpoints": {
			"up", status(503, metav1.StatusReasonServiceUnavailable,
				`no endpoints available for service "prometheus-server"`), promapi.KindBusy,
			[]string{"no endpoints available", "is ready and listens on that port"},
		},
		"the API server's patience": {
			"up", status(504, metav1.StatusReasonTimeout, "Timeout: request did not complete "+
				"within requested timeout"), promapi.KindGaveUp, []string{
				"gave up: narrow the query",
			},
		},
		"Prometheus wants a password": {
			"up", func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "Unauthorized", http.StatusUnauthorized)
			}, promapi.KindDenied,
			[]string{
				"monitoring/prometheus-server:80 requires credentials",
				"does not pass credentials on",
			},
		},
		"Prometheus' own error": {
			"up", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w,
					`{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`)
			}, promapi.KindTimeout, []string{"query timed out", "give it more time"},
		},
		"an answer that is cut off": {
			"up", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, matrix[:60])
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, promapi.KindNetwork, []string{
				"the API server's proxy cut off the answer", "load balancer",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := behindProxy(t)
			target, err := s.open(t, "").FindPrometheus(t.Context(), named)
			if err != nil {
				t.Fatal(err)
			}
			s.on(proxyPath+rangePath, c.answer)
			_, err = ask(t, target, c.expr)
			var e *promapi.Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Errorf("got error %v, want kind %s", err, c.kind)
			}
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nis without %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("got error %v, want it without the token", err)
			}
		})
	}
}

func TestTheAPIServerGoesAway(t *testing.T) {
	s := behindProxy(t)
	target, err := s.open(t, "").FindPrometheus(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	s.CloseClientConnections()
	s.Close()
	_, _ = ask(t, target, "up") // may still find the old connection, broken
	_, err = ask(t, target, "up")
	var e *promapi.Error
	if !errors.As(err, &e) || e.Kind != promapi.KindRefused ||
		!strings.Contains(err.Error(), "the API server of seoul at ") ||
		!strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("got error %v, want that the API server cannot be reached", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client, err := promapi.New(target.URL, target.Transport, promapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Range(ctx, promapi.Query{Expr: "up", Grid: grid},
		func(series.Series) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// kubelet forwards streams to an address, like the API server and a kubelet. It supports only SPDY.
func kubelet(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
			return
		}
		problems := make(chan httpstream.Stream, 10)
		conn := spdy.NewResponseUpgrader().UpgradeResponse(w,
			r, func(s httpstream.Stream, _ <-chan struct{}) error {
				if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
					problems <- s
					return nil
				}
				go pipe(s, <-problems, address)
				return nil
			})
		if conn != nil {
			<-conn.CloseChan()
		}
	}
}

// pipe copies a stream to an address and back.
func pipe(data, problems httpstream.Stream, address string) {
	defer func() { _, _ = data.Close(), problems.Close() }()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Fprintf(problems, "error forwarding port: %v", err)
		return
	}
	defer func() { _ = conn.Close() }()
	go func() {
		_, _ = io.Copy(conn, data)
		_ = conn.Close()
	}()
	_, _ = io.Copy(data, conn)
}

const podPath = "/api/v1/namespaces/monitoring/pods"

// behindForward returns an API server whose service proxy is forbidden and which forwards to an
// address.
func behindForward(t *testing.T, address string) *apiServer {
	t.Helper()
	s := newAPIServer(t)
	o := service(t, "monitoring/prometheus-server", community,
		`[{"name":"http","port":80,"targetPort":"web"}]`)
	o.Spec.Selector = map[string]string{"app": "prometheus"}
	s.serveServices(o)
	s.on(proxyPath+buildInfo, forbid)
	pod := func(name string, ready corev1.ConditionStatus) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "monitoring", Name: name},
			Spec: corev1.PodSpec{
				Containers: []corev1.Container{
					{Name: "sidecar"}, {
						Name: "server", Ports: []corev1.ContainerPort{
							{Name: "web", ContainerPort: 9090},
						},
					},
				},
			},
			Status: corev1.PodStatus{
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
			},
		}
	}
	pods := corev1.PodList{
		TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: []corev1.Pod{
			pod("starting", corev1.ConditionFalse), pod("prometheus-0", corev1.ConditionTrue),
		},
	}
	s.on(podPath, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("labelSelector") != "app=prometheus" {
			refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, r.URL.RawQuery)
			return
		}
		answer(pods)(w, r)
	})
	s.on(podPath+"/prometheus-0/portforward", kubelet(address))
	return s
}

func TestByPortForward(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc(buildInfo, answer(map[string]string{"status": "success"}))
	mux.HandleFunc(rangePath, prometheus)
	behind := httptest.NewServer(mux)
	defer behind.Close()
	s := behindForward(t, behind.Listener.Addr().String())
	target, err := s.open(t, "").FindPrometheus(t.Context(), kube.Service{
		Namespace: "monitoring", Name: "prometheus-server",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := target.String(); got != "monitoring/prometheus-server:80 (prometheus chart) "+
		"through a port-forward to monitoring/prometheus-0" {
		t.Errorf("got target %q, want it through a port-forward", got)
	}
	for range 3 {
		if meta, err := ask(t, target, long); err != nil || meta.Series != 1 {
			t.Fatalf("got %+v, %v, want one series", meta, err)
		}
	}
	forwards := 0
	for _, asked := range s.requests() {
		if strings.HasPrefix(asked, http.MethodPost) && strings.Contains(asked, "portforward") {
			forwards++
		}
	}
	if forwards != 1 {
		t.Errorf("%d port-forwards were made, want one for all connections", forwards)
	}
	behind.CloseClientConnections() // as if Prometheus restarted
	if meta, err := ask(t, target, "up"); err != nil || meta.Series != 1 {
		t.Errorf("on a new connection: got %+v, %v, want one series", meta, err)
	}
	target.Close()
	target.Close()
}

func TestThePortForwardFails(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, c := range map[string]struct {
		breakIt func(*apiServer)
		want    string
	}{
		"forbidden": {func(s *apiServer) {
			s.on(podPath+"/prometheus-0/portforward", forbid)
		},
			`forbidden (403); grant the RBAC rule {apiGroups: [""], resources: [pods/portforward], verbs: [create], resourceNames: ["prometheus-0"]}`},
		"no right to list": {func(s *apiServer) {
			s.on(podPath, forbid)
		}, "list pods in namespace monitoring: forbidden (403)"},
		"no right to read": {func(s *apiServer) {
			s.on("/api/v1/namespaces/monitoring/services/prometheus-server", forbid)
		}, "get services prometheus-server in namespace monitoring: forbidden (403)"},
		"nothing listens": {func(*apiServer) {}, "connection refused"},
		"no pod that is ready": {func(s *apiServer) {
			s.on(podPath,
				answer(json.RawMessage(`{"kind":"PodList","apiVersion":"v1","items":[]}`)))
		}, "no pod of the service monitoring/prometheus-server:80 is ready (it has 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := behindForward(t, closed.Addr().String())
			c.breakIt(s)
			_, err := s.open(t, "").FindPrometheus(t.Context(), named)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nis without %q", err, c.want)
			}
			// callers decide by the proxy's own refusal
			var e *promapi.Error
			if !errors.As(err, &e) || e.Kind != promapi.KindDenied ||
				!strings.Contains(err.Error(), "you are not allowed to get services/proxy") {
				t.Errorf("got %v, want a denial that says you are not allowed to get "+
					"services/proxy", err)
			}
		})
	}
}

// TestThePortForwardIsGivenUp checks that a dial ends with its context, however long the API server
// takes.
func TestThePortForwardIsGivenUp(t *testing.T) {
	s := behindForward(t, "127.0.0.1:1")
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	s.on(podPath+"/prometheus-0/portforward", func(http.ResponseWriter, *http.Request) {
		select {
		case arrived <- struct{}{}:
		default:
		}
		<-release
	})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := s.open(t, "").FindPrometheus(ctx, named); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}
