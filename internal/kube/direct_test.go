package kube_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/promapi"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"monitoring/prometheus-server:80":               "http://prometheus-server.monitoring.svc:80",
		"monitoring/https:prometheus:9091":              "https://prometheus.monitoring.svc:9091",
		"monitoring/vmselect:8481/select/0/prometheus/": "http://vmselect.monitoring.svc:8481/select/0/prometheus",
		"monitoring/prometheus-server:http-web":         "",
		"monitoring/prometheus-server":                  "",
	} {
		s, err := kube.ParseService(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if u := s.Address(); u != nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("%s has the address %q, want %q", text, got, want)
		}
	}
}

// clusterDNS is a cluster DNS with one name, which is this machine. It uses the format of DNS over
// TCP.
func clusterDNS(t *testing.T, name string) {
	t.Helper()
	had := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = had })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string,
		string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = ours.Close() }()
			var size uint16
			if binary.Read(ours, binary.BigEndian, &size) != nil {
				return
			}
			question := make([]byte, size)
			if _, err := io.ReadFull(ours, question); err != nil {
				return
			}
			answer := answerDNS(question, name)
			_, _ = ours.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))),
				answer...))
		}()
		return theirs, nil
	}}
}

// answerDNS answers a message with one question (RFC 1035, section 4.1): 127.0.0.1 for the known
// name, and no such name for others.
func answerDNS(question []byte, name string) []byte {
	const header = 12
	var asked []string
	end := header
	for question[end] != 0 {
		size := int(question[end])
		asked = append(asked, string(question[end+1:end+1+size]))
		end += 1 + size
	}
	end += 1 + 4 // the root's label, type, class
	known := strings.EqualFold(strings.Join(asked, "."), name)
	a := append([]byte{}, question[:end]...)
	a[2], a[3] = 0x84, 0x80                     // an answer, with authority
	copy(a[4:], []byte{0, 1, 0, 0, 0, 0, 0, 0}) // one question
	switch kind := binary.BigEndian.Uint16(question[end-4:]); {
	case !known:
		a[3] |= 3 // NXDOMAIN
	case kind == 1: // A
		a[7] = 1
		a = append(a, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 1)
	}
	return a
}

// TestAPodAsksTheServiceItself checks that a Pod uses the Service's own address before the proxy,
// without the API server. A user outside of the cluster does not use that address.
func TestAPodAsksTheServiceItself(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/prometheus"+buildInfo, answer(map[string]string{"status": "success"}))
	mux.HandleFunc("/prometheus"+rangePath, prometheus)
	behind := httptest.NewServer(mux)
	defer behind.Close()
	_, port, err := net.SplitHostPort(behind.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	clusterDNS(t, "prometheus-server.monitoring.svc")
	s := newAPIServer(t)
	there := kube.Service{
		Namespace: "monitoring", Name: "prometheus-server", Port: port, Path: "/prometheus",
	}
	target, err := s.open(t, "").InPod().FindPrometheus(t.Context(), there)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if want := there.String() + " through its address in the cluster"; target.String() != want {
		t.Errorf("got target %q, want %q", target, want)
	}
	for _, expr := range []string{"up", long} {
		if meta, err := ask(t, target, expr); err != nil || meta.Series != 1 {
			t.Errorf("%.20s: got %+v, %v, want one series", expr, meta, err)
		}
	}
	if asked := s.requests(); len(asked) > 0 {
		t.Errorf("got requests %q to the API server, want none", asked)
	}

	_, err = s.open(t, "").FindPrometheus(t.Context(), there)
	if asked := s.requests(); err == nil || len(asked) == 0 ||
		strings.Contains(err.Error(), ".svc") {
		t.Errorf("outside of the cluster: got error %v after requests %q, want one of the API "+
			"server", err, asked)
	}
}

// TestAPodAsksThroughTheProxy checks that a Pod uses the proxy if the Service's address does not
// answer.
func TestAPodAsksThroughTheProxy(t *testing.T) {
	clusterDNS(t, "")
	target, err := behindProxy(t).open(t, "").InPod().FindPrometheus(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	if got := target.String(); got != "monitoring/prometheus-server:80 through the API server's "+
		"service proxy" {
		t.Errorf("got target %q, want it through the proxy", got)
	}
}

// TestAPodHasNoWay checks that the error, as reports show it, also says why the address did not
// answer.
func TestAPodHasNoWay(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	_, port, err := net.SplitHostPort(closed.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	clusterDNS(t, "prometheus-server.monitoring.svc")
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake
	secure.StartTLS()
	defer secure.Close()
	_, securePort, err := net.SplitHostPort(secure.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(nil)
	defer plain.Close()
	_, plainPort, err := net.SplitHostPort(plain.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	const policy, chart = "a NetworkPolicy", "let promsnap use the API server's proxy, with " +
		"rbac.serviceProxy=true of the chart: grant the RBAC rule "
	for name, c := range map[string]struct {
		service   string
		proxy     http.HandlerFunc
		want, not []string
	}{
		"nothing listens": {
			"monitoring/prometheus-server:" + port, forbid,
			[]string{"http://prometheus-server.monitoring.svc:" + port + " does not answer (dial " +
				"tcp 127.0.0.1:" + port +
				": connect: connection refused), and you are not allowed to get services/proxy",
				"check that no NetworkPolicy blocks promsnap's Pods from that address, " +
					"or " + chart}, nil,
		},
		"no such host": {
			"monitoring/prom:80", forbid,
			[]string{"http://prom.monitoring.svc:80 does not answer (", "no such host", "and " +
				"you are not allowed to get services/proxy prom:80",
				"check `kubectl -n monitoring get services`, and " +
					"correct kubernetes.service"}, []string{policy, chart},
		},
		"a certificate of the cluster's own": {
			"monitoring/https:prometheus-server:" + securePort, forbid,
			[]string{
				"certificate", "set prometheus.url: " +
					"https://prometheus-server.monitoring.svc:" + securePort +
					", with http_config: {tls_config: {ca_file: …}}",
			}, []string{policy, chart},
		},
		"not HTTPS": {
			"monitoring/https:prometheus-server:" + plainPort, forbid,
			[]string{"remove https: from kubernetes.service"}, []string{policy, chart},
		},
		"a named port": {
			"monitoring/prometheus-server:web", forbid,
			[]string{
				"monitoring/prometheus-server:web has no address, because its port is a name, " +
					"and you are not allowed to",
				"write the port's number in kubernetes.service, or " + chart,
			}, []string{policy},
		},
		"no such service": {
			"monitoring/prom:80", nil,
			[]string{
				"http://prom.monitoring.svc:80 does not answer (", "and the API server says: ",
				"not found (404); check `kubectl",
			}, []string{policy, chart},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			want, err := kube.ParseService(c.service)
			if err != nil {
				t.Fatal(err)
			}
			_, id, _ := strings.Cut(c.service, "/")
			if c.proxy != nil {
				s.on("/api/v1/namespaces/monitoring/services/"+id+"/proxy"+buildInfo, c.proxy)
			}
			_, err = s.open(t, "").InPod().FindPrometheus(t.Context(), want)
			var e *promapi.Error // all that a report shows
			if !errors.As(err, &e) {
				t.Fatalf("got %T %v, want a *promapi.Error", err, err)
			}
			for _, words := range c.want {
				if !strings.Contains(e.Error(), words) {
					t.Errorf("got %v\nwant it to contain %q", e, words)
				}
			}
			for _, words := range c.not {
				if strings.Contains(e.Error(), words) {
					t.Errorf("got error %v, want it without %q", e, words)
				}
			}
		})
	}
}
