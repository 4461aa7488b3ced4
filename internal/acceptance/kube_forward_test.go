//go:build acceptance

package acceptance

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/promsnap/promsnap/internal/kube"
)

// startKubelet runs the part of a kubelet that a port-forward needs on the node "worker": SPDY
// streams to ports of this machine, for clients with the API server's own certificate.
func (p *controlPlane) startKubelet(t *testing.T) (forwards *atomic.Int32) {
	t.Helper()
	forwards = new(atomic.Int32)
	host := outwardIP(t)
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(p.authority.issue(t, pkix.Name{CommonName: "system:node:worker"},
		host))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/portForward/monitoring/prometheus-server-0") {
			http.NotFound(w, r)
			return
		}
		forwards.Add(1)
		forwardStreams(w, r, host)
	}))
	s.Listener, s.TLS = l, &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert,
	}
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })

	p.apply(t, "{apiVersion: v1, kind: Node, metadata: {name: worker}}")
	p.must(t, http.MethodPatch, "/api/v1/nodes/worker/status",
		map[string]any{"status": map[string]any{
			"addresses": []any{map[string]string{"type": "InternalIP", "address": host}},
			"daemonEndpoints": map[string]any{
				"kubeletEndpoint": map[string]int{"Port": l.Addr().(*net.TCPAddr).Port},
			},
		}})
	return forwards
}

// forwardStreams serves the streams of one port-forward.
func forwardStreams(w http.ResponseWriter, r *http.Request, host string) {
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		return
	}
	problems := make(chan httpstream.Stream, 10)
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w,
		r, func(s httpstream.Stream, _ <-chan struct{}) error {
			if s.Headers().Get("streamType") == "error" {
				problems <- s
				return nil
			}
			go func() {
				said := <-problems
				defer func() { _, _ = s.Close(), said.Close() }()
				to, err := net.Dial("tcp", net.JoinHostPort(host, s.Headers().Get("port")))
				if err != nil {
					fmt.Fprint(said, err)
					return
				}
				defer func() { _ = to.Close() }()
				go func() {
					_, _ = io.Copy(to, s)
					_ = to.Close()
				}()
				_, _ = io.Copy(s, to)
			}()
			return nil
		})
	if conn != nil {
		<-conn.CloseChan()
	}
}

// TestKubernetesPortForward checks that a real API server forwards to the Pod behind the Service if
// the service proxy is forbidden, with exactly the rights that the errors name.
func TestKubernetesPortForward(t *testing.T) {
	t.Parallel()
	p := startControlPlane(t)
	forwards := p.startKubelet(t)
	p.serve(t, "monitoring", "prometheus-server", communityLabels, outwardPrometheus(t))
	kim := openCluster(t, p.user(t, "kim"))
	named := kube.Service{Namespace: "monitoring", Name: "prometheus-server", Port: "80"}
	for _, missing := range []struct{ what, rule string }{
		{
			"get services prometheus-server in namespace monitoring",
			`{apiGroups: [""], resources: [services], verbs: [get], resourceNames: ["prometheus-server"]}`,
		},
		{
			"list pods in namespace monitoring",
			`{apiGroups: [""], resources: [pods], verbs: [list]}`,
		},
		{
			"create pods/portforward prometheus-server-0 in namespace monitoring",
			`{apiGroups: [""], resources: [pods/portforward], verbs: [create], resourceNames: ["prometheus-server-0"]}`,
		},
	} {
		await(t, "the error about "+missing.what, func() error {
			_, err := kim.FindPrometheus(t.Context(), named)
			if err == nil || !strings.Contains(err.Error(), missing.what+": forbidden (403); "+
				"grant the RBAC rule "+missing.rule) {
				return fmt.Errorf("got %w\nwant %q in it", err, missing.what)
			}
			return nil
		})
		p.allow(t, "kim", "monitoring", missing.rule)
	}
	var target *kube.Target
	await(t, "the port-forward", func() (err error) {
		target, err = kim.FindPrometheus(t.Context(), named)
		return err
	})
	defer target.Close()
	if got := target.String(); got != "monitoring/prometheus-server:80 through a port-forward to "+
		"monitoring/prometheus-server-0" {
		t.Errorf("the target is %q, want a port-forward to prometheus-server-0", got)
	}
	before := forwards.Load()
	for _, expr := range []string{"vector(1)", longQuery, "vector(2)"} {
		if meta, err := askTarget(t, target, expr); err != nil || meta.Samples != 60 {
			t.Errorf("%.40s: %+v, %v; want 60 samples", expr, meta, err)
		}
	}
	if again := forwards.Load() - before; again != 0 {
		t.Errorf("%d more port-forwards for three queries, want 0", again)
	}
}
