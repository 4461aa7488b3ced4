//go:build acceptance

package acceptance

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testDirect installs the chart with its default rights, without the API server's proxy. The Pods
// resolve names and query Prometheus' Service itself.
func (r *cronRun) testDirect(t *testing.T) {
	address := serveLab(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	r.serve(t, "direct", "prometheus", communityLabels, address)
	// Nothing maps a Service's port to its Pods' port here, so they are equal.
	r.apply(t,
		fmt.Sprintf(
			`{apiVersion: v1, kind: Service, metadata: {name: prometheus, namespace: direct, labels: %s}, spec: {selector: {app: prometheus}, ports: [{name: http, port: %s, targetPort: web}]}}`, communityLabels, port))
	r.node.names = map[string]string{"prometheus.direct.svc": host}
	service := "direct/prometheus:" + port
	for _, c := range []struct{ name, kubernetes, says string }{
		{
			"found", "{namespace: direct}",
			service + " (prometheus chart) through its address in the cluster",
		},
		{"named", "{service: '" + service + "'}", service + " through its address in the cluster"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.helm(t, "upgrade", "--force-conflicts", "-f", r.values(t, c.kubernetes, false))
			if r.can(t, "get", "direct", "/services/proxy", "prometheus:"+port) {
				t.Error("promsnap may use the API server's proxy, want this forbidden")
			}
			proxied := r.proxied(t)
			for _, report := range []string{"daily", "long"} { // a GET and a POST
				r.forget(t)
				before := r.sent()
				o := r.node.run(t, r.byHand(t, "direct-"+c.name+"-"+report, report)).want(t, 0)
				says(t, o.stdout, c.says)
				if got := r.sent(); got != before+1 {
					t.Errorf("%s: %d messages, want 1", report, got-before)
				}
				if got := r.kept(t, report); len(got) != 1 {
					t.Errorf("%s: kept reports of %v, want one", report, got)
				}
				r.remembered(t, report)
			}
			if got := r.proxied(t); got != proxied {
				t.Errorf("the API server's proxy got %d requests, want 0", got-proxied)
			}
		})
	}
	t.Run("proxied requests are counted", func(t *testing.T) {
		before := r.proxied(t)
		r.must(t, http.MethodGet, "/api/v1/namespaces/direct/services/prometheus:"+port+
			"/proxy/api/v1/status/buildinfo", nil)
		await(t, "the request to be counted", func() error {
			if got := r.proxied(t); got != before+1 {
				return fmt.Errorf("%d requests went through the proxy, want one", got-before)
			}
			return nil
		})
	})
	t.Run("unreachable", func(t *testing.T) {
		r.node.names = nil
		r.forget(t)
		before := r.sent()
		o := r.node.run(t, r.byHand(t, "no-way", "daily")).want(t, 1)
		for _, where := range []string{o.stdout, r.page(t, "daily")} {
			says(t, where, "http://prometheus.direct.svc:"+port+" does not answer (",
				"you are not allowed to get services/proxy prometheus:"+port,
				"rbac.serviceProxy=true of the chart")
		}
		if r.sent() == before {
			t.Error("no message that Prometheus does not answer, want one")
		}
	})
}

// proxied counts the requests that the API server has forwarded to Services.
func (r *cronRun) proxied(t *testing.T) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(string(r.must(t, http.MethodGet, "/metrics", nil))) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok || !strings.HasPrefix(series, "apiserver_request_total{") {
			continue
		}
		if labels := strings.Split(series[strings.Index(series, "{")+1:],
			","); slices.Contains(labels, `resource="services"`) &&
			slices.Contains(labels, `subresource="proxy"`) {
			count, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			n += count
		}
	}
	return n
}
