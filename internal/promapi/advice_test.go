package promapi

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/series"
)

// TestAdviceFitsTheCause checks the hints for real answers of servers and proxies. The field not is
// a part of a wrong hint.
func TestAdviceFitsTheCause(t *testing.T) {
	said := func(errorType, message string) string {
		return fmt.Sprintf(`{"status":"error","errorType":%q,"error":%q}`, errorType, message)
	}
	const (
		limit = "the server's own limit for a query is reached: narrow the selectors"
		html  = "text/html"
		nginx = "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	)
	page := func(title string) string { return fmt.Sprintf(nginx, title, title) }
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		kind        Kind
		want, not   string
	}{
		{
			"Mimir without a tenant", 401, "", "no org id", KindDenied,
			"Mimir requires a tenant: http_config: {http_headers: {X-Scope-OrgID: {values: " +
				"[TENANT]}}}", "basic_auth",
		},
		{
			"Mimir with two tenants", 422, "", said("execution", "multiple org IDs present"),
			KindDenied, "one tenant at a time", "cannot be computed",
		},
		{
			"Mimir's series", 422, "", said("execution", "expanding series: the query exceeded "+
				"the maximum number of series (limit: 3 series) "+
				"(err-mimir-max-series-per-query). To adjust the related per-tenant limit, "+
				"configure -querier.max-fetched-series-per-query, or contact your service "+
				"administrator."), KindTooMuch, limit, "",
		},
		{
			"Mimir's chunks", 422, "", said("execution", "the query exceeded the aggregated "+
				"chunks size limit (limit: 2 bytes) (err-mimir-max-chunks-bytes-per-query)"),
			KindTooMuch, limit, "",
		},
		{
			"Mimir's memory", 422, "", said("execution", "the query exceeded the maximum allowed "+
				"estimated amount of memory consumed by a single query (limit: 8 bytes) "+
				"(err-mimir-max-estimated-memory-consumption-per-query)"), KindTooMuch, limit, "",
		},
		{
			"Mimir's range", 422, "", said("execution", "the total query time range exceeds the "+
				"limit (query length: 18h0m0s, limit: 12h0m0s) (err-mimir-max-total-query-length)"),
			KindTooMuch, "shorten the range", "cannot be computed",
		},
		{
			"Mimir's answer", 413, "", said("too_large_entry", "response larger than the max "+
				"message size (105 vs 100)"), KindTooMuch, limit, "client_max_body_size",
		},
		{
			"Mimir's old limit", 422, "", said("execution", "the query hit the max number of "+
				"series limit (limit: 100000 series)"), KindTooMuch, limit, "",
		},
		{
			"Mimir's queue", 429, "", said("too_many_requests", "too many outstanding requests"),
			KindBusy, "lower concurrency", "",
		},
		{
			"Mimir's ring", 500, "",
			said("internal", "at least 2 live replicas required, could only find 1"), KindBusy,
			"check that they run", "",
		},
		{
			"VictoriaMetrics' series", 422, "",
			said("422", "cannot fetch data: the number of matching timeseries exceeds 30000; "+
				"either narrow down the search or increase -search.max* command-line flag values"),
			KindTooMuch, limit, "this may not be a Prometheus server",
		},
		{
			"VictoriaMetrics' series in words of 2019", 422, "",
			said("422", "the number of unique timeseries exceeds 300000; either narrow down the "+
				"search or increase -search.maxUniqueTimeseries"), KindTooMuch, limit, "",
		},
		{
			"VictoriaMetrics' samples", 422, "",
			said("422", `error when executing query="`+strings.Repeat("sum by (node) (x) + ", 200)+
				`" for (time=1, step=60000): cannot select more than -search.maxSamplesPerQuery=1000000000 samples; possible solutions: to increase the -search.maxSamplesPerQuery`), KindTooMuch, limit, "",
		},
		{
			"VictoriaMetrics' reason at the end", 422, "",
			said("422", `error when executing query="`+strings.Repeat("sum by (node) (x) + ", 200)+
				`": duplicate timeseries on the right side`), KindQuery,
			"name more labels in on (…)", "this may not be a Prometheus server",
		},
		{
			"VictoriaMetrics' parser", 400, "",
			said("400", `error when executing query="sum((": singleExpr: unexpected token ""`),
			KindQuery, "correct the query", "this may not be a Prometheus server",
		},
		{
			"VictoriaMetrics' memory", 422, "",
			said("422", "not enough memory for processing 5 data points across 1 time series "+
				"with 5 points in each time series"), KindTooMuch, limit, "",
		},
		{
			"VictoriaMetrics' points", 422, "",
			said("422", "too many points for the given start, end and step: 43200; the maximum "+
				"number of points is 30000; see -search.maxPointsPerTimeseries command-line flag"),
			KindTooMuch, "larger step or a shorter range", "",
		},
		{
			"VictoriaMetrics' query", 400, "",
			said("400", "too long query; got 20000 bytes; mustn't exceed "+
				"`-search.maxQueryLen=16384` bytes"), KindTooMuch, "shorten the query", "narrow",
		},
		{
			"VictoriaMetrics' time", 422, "",
			said("422",
				"timeout exceeded while fetching data block #5 from storage: 30.000 seconds"),
			KindTimeout, "gave up after the query's time limit", "",
		},
		{
			"VictoriaMetrics' queue", 429, "", said("429", "couldn't start executing the request "+
				"in 10.000 seconds, since -search.maxConcurrentRequests=16 concurrent requests "+
				"are executed. Possible solutions: to increase -search.maxQueueDuration=10s; to "+
				"increase -search.maxQueryDuration=30s"), KindBusy, "at its limit of concurrent queries", "",
		},
		{
			"VictoriaMetrics' cluster", 400, "",
			`unsupported path requested: "/api/v1/query_range"`, KindNotFound,
			"/select/0/prometheus", "",
		},
		{
			"Thanos' series", 422, "", said("execution", "expanding series: proxy Series(): rpc "+
				"error: code = Aborted desc = fetch series for block 01H: exceeded series limit: "+
				"limit 10 violated (got 11)"), KindTooMuch, limit, "cannot be computed",
		},
		{
			"Thanos' message", 422, "", said("execution", "rpc error: code = ResourceExhausted "+
				"desc = grpc: received message larger than max (5000000 vs. 4194304)"), KindTooMuch,
			limit, "",
		},
		{
			"Thanos' store", 422, "", said("execution", "proxy Series(): rpc error: code = "+
				"Unavailable desc = connection error: dial tcp 10.0.0.1:10901: connect: "+
				"connection refused"), KindBusy, "check that they run", "cannot be computed",
		},
		{
			"Prometheus' samples", 422, "", said("execution", "query processing would load too "+
				"many samples into memory in query execution"), KindTooMuch, limit, "",
		},
		{
			"Prometheus' agent", 500, "", said("internal", "unavailable with Prometheus Agent"),
			KindQuery, "runs as an agent", "log says more",
		},
		{
			"Prometheus 3's engine", 422, "",
			said("execution", "found duplicate series for the match group {} on the right "+
				"hand-side of the operation"), KindQuery, "name more labels in on (…)", "",
		},
		{
			"Prometheus' group", 422, "",
			said("execution", "multiple matches for labels: many-to-one matching must be explicit "+
				"(group_left/group_right)"), KindQuery, "write group_left behind on (…)", "",
		},
		{
			"Prometheus' other reasons", 422, "",
			said("execution", "vector cannot contain metrics with the same labelset"), KindQuery,
			"cannot be computed over this data", "",
		},
		{
			"OpenShift's tenancy", 400, "",
			said("prom-label-proxy", `the "namespace" query parameter must be provided.`),
			KindDenied, "params: {namespace: NAMESPACE}", "this may not be a Prometheus server",
		},
		{
			"OpenShift's kube-rbac-proxy", 403, "", "Forbidden (user=system:serviceaccount:a:b, " +
				"verb=get, resource=, subresource=)", KindDenied, "cluster-monitoring-view",
			"basic_auth",
		},
		{
			"Istio's policy", 403, "", "RBAC: access denied", KindDenied, "AuthorizationPolicy",
			"basic_auth",
		},
		{
			"Envoy's patience", 504, "", "upstream request timeout", KindGaveUp,
			"the proxy in front of Prometheus gave up after 30s: raise the proxy's timeout", "pod",
		},
		{
			"Envoy without an upstream", 503, "", "no healthy upstream", KindBusy,
			"check that its pod runs", "",
		},
		{
			"nginx's patience", 504, html, page("504 Gateway Time-out"), KindGaveUp,
			"gave up after 30s", "pod",
		},
		{
			"nginx's size", 413, html, page("413 Request Entity Too Large"), KindTooMuch,
			"client_max_body_size", "this may not be a Prometheus server",
		},
		{
			"nginx's certificate", 400, html, page("400 No required SSL certificate was sent"),
			KindTLS, "cert_file", "this may not be a Prometheus server",
		},
		{
			"nginx's upstream", 404, "", "default backend - 404", KindNotFound,
			"the ingress has no such host or path", "check whether a path prefix is missing",
		},
		{
			"oauth2-proxy's login", 403, html,
			`<!DOCTYPE html><title>Sign In</title><form action="/oauth2/start">`, KindDenied,
			"the login in front of Prometheus is for people", "",
		},
		{
			"oauth2-proxy's login with 200", 200, html,
			`<!DOCTYPE html><title>Sign In</title><form action="/oauth2/start">`, KindDenied,
			"a login page for people instead of JSON", "",
		},
		{
			"oauth2-proxy's patience", 502, html, "<!DOCTYPE html><title>502 Bad Gateway</title>",
			KindGaveUp, "gave up after 30s", "pod",
		},
		{
			"ALB's patience", 504, html, "<html><head><title>504 Gateway " +
				"Time-out</title></head></html>", KindGaveUp, "gave up after 30s", "pod",
		},
		{
			"a forward proxy", 407, "", "Proxy Authentication Required", KindDenied, "proxy_url",
			"basic_auth",
		},
		{"a cache", 304, "", "", KindBadAnswer, "a cache in front of Prometheus", "this may not be a Prometheus server"},
		{
			"a success that is an error", 200, "application/json",
			`{"status":"success","data":{"resultType":"matrix","result":[]},"errorType":"timeout","error":"query timed out"}`, KindTimeout, "query timed out", "",
		},
		{
			"a success that is an error before its data", 200, "application/json",
			`{"error":"half of the stores are gone","status":"success","data":{"resultType":"matrix","result":[]}}`, KindServer, "half of the stores are gone", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := tripClient(t, Options{Attempts: 1, Now: time.Now},
					func(r *http.Request) (*http.Response, error) {
						if tt.kind == KindGaveUp {
							time.Sleep(30 * time.Second) // in the test's own time
						}
						return answer(r, tt.status, tt.body, "Content-Type", tt.contentType), nil
					})
				_, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
				var e *Error
				if !errors.As(err, &e) || e.Kind != tt.kind ||
					!strings.Contains(e.Error(), tt.want) ||
					tt.not != "" && strings.Contains(e.Error(), tt.not) {
					t.Errorf("got  %s\nwant %s: %q, without %q", describe(err), tt.kind, tt.want,
						tt.not)
				}
			})
		})
	}
}

// The other requests also detect an error in a successful answer.
func TestSuccessBesideAnErrorOfLabels(t *testing.T) {
	c := tripClient(t, Options{Attempts: 1}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200,
			`{"status":"success","data":[],"errorType":"timeout","error":"query timed out"}`), nil
	})
	var e *Error
	if found, err := c.Present(context.Background(), []string{"up"}, time.Unix(0, 0),
		time.Unix(60, 0)); !errors.As(err, &e) || e.Kind != KindTimeout {
		t.Errorf("got %v, %s, want a timeout", found, describe(err))
	}
}

// For a URL with a path that the client adds itself, or with that of a page, the hint says what to
// remove. A working URL gets no such hint.
func TestTailsOfURLs(t *testing.T) {
	for _, tt := range []struct{ path, leave string }{
		{"/graph", "/graph"}, {"/prometheus/graph/", "/graph"}, {"/query", "/query"}, {
			"/classic/graph", "/classic/graph",
		},
		{"/api/v1", "/api/v1"}, {"/prom/api/v1/query_range", "/api/v1/query_range"},
		{"/api/v1/push", "/api/v1/push"}, {"/api", "/api"},
		{"/select/0/vmui", "/vmui"}, {"/-/ready", "/-/ready"}, {"", ""}, {"/prometheus", ""},
		{"/subgraph", ""},
	} {
		c, err := New(&url.URL{Scheme: "http", Host: "prometheus.test:9090", Path: tt.path},
			trip(func(r *http.Request) (*http.Response, error) {
				return answer(r, 404, "404 page not found\n"), nil
			}), Options{Attempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := "remove " + tt.leave + " from the URL: promsnap adds /api/v1 itself"
		if tt.leave == "" {
			want = "check whether a path prefix is missing"
		}
		if _, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid},
			none); err == nil || !strings.HasSuffix(err.Error(), want) &&
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", tt.path, err, want)
		}
	}
}

// For a redirect, the hint has the URL to write, without the path that the client adds. For a
// redirect to a login it has no URL.
func TestRedirectAdvice(t *testing.T) {
	for _, tt := range []struct {
		to        string
		status    int
		follow    bool
		want, not string
	}{
		{
			"https://prometheus.test/api/v1/query_range", 301, true,
			"write https://prometheus.test as the URL", "query_range as",
		},
		{
			"http://prometheus.test:9090/new/api/v1/query_range", 301, true,
			"write http://prometheus.test:9090/new as the URL", "query_range as",
		},
		{
			"http://prometheus.test:9090/new/api/v1/query_range", 307, false,
			"follow_redirects is off: write http://prometheus.test:9090/new as the URL", "",
		},
		{"http://prometheus.test:9090/", 302, true, "check the URL", "write http"},
		{
			"https://accounts.google.com/o/oauth2/v2/auth?client_id=1", 302, true, "is for people",
			"as the URL",
		},
		{
			"https://login.microsoftonline.com/x/oauth2/authorize", 302, true, "is for people",
			"as the URL",
		},
		{
			"https://keycloak.test/realms/a/protocol/openid-connect/auth", 302, true,
			"is for people", "as the URL",
		},
		{"http://prometheus.test:9090/login", 302, true, "is for people", "as the URL"},
		{
			"http://prometheus.test:9090/oauth2/start?rd=x", 302, false, "is for people",
			"as the URL",
		},
		{
			"https://team.cloudflareaccess.com/cdn-cgi/access/x", 302, true, "is for people",
			"as the URL",
		},
	} {
		c := tripClient(t, Options{Attempts: 1, FollowRedirects: tt.follow},
			func(r *http.Request) (*http.Response, error) {
				return answer(r, tt.status, "", "Location", tt.to), nil
			})
		_, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
		if err == nil || !strings.Contains(err.Error(), tt.want) ||
			tt.not != "" && strings.Contains(err.Error(), tt.not) {
			t.Errorf("%s: got %v\nwant %q, without %q", tt.to, err, tt.want, tt.not)
		}
	}
}

// TestRangeDeflate checks that deflate is read with and without the zlib header, and that its
// length is bounded.
func TestRangeDeflate(t *testing.T) {
	packers := map[string]func(io.Writer) io.WriteCloser{
		"zlib": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"raw": func(w io.Writer) io.WriteCloser {
			z, err := flate.NewWriter(w, flate.DefaultCompression)
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	}
	for name, packer := range packers {
		pack := func(text string) string {
			var b bytes.Buffer
			z := packer(&b)
			_, _ = io.WriteString(z, text)
			_ = z.Close()
			return b.String()
		}
		ask := func(body string) (Meta, error) {
			c := tripClient(t, Options{MaxBytes: 1 << 20, Attempts: 1},
				func(r *http.Request) (*http.Response, error) {
					return answer(r, 200, body, "Content-Encoding", "Deflate"), nil
				})
			return c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
		}
		if meta, err := ask(pack(one)); err != nil || meta.Series != 1 ||
			meta.Bytes != int64(len(one)) {
			t.Errorf("%s: got %+v, %v, want the answer", name, meta, err)
		}
		var e *Error
		if _, err := ask(pack(`{"x":"` + strings.Repeat("x", 4<<20))); !errors.As(err, &e) ||
			e.Kind != KindTooMuch {
			t.Errorf("%s: a bomb: got %s, want too much", name, describe(err))
		}
		if _, err := ask(pack(one)[:20]); err == nil {
			t.Errorf("%s: got half an answer as a whole one, want an error", name)
		}
	}
}

// Large finite values stay finite.
func TestHugeValues(t *testing.T) {
	body := matrixHead + `{"metric":{},"values":[[1763769600,"1.7e308"]]}` + matrixTail
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200, body), nil
	})
	g := grid
	g.Start = time.Unix(1763769600, 0).UTC()
	_, err := c.Range(context.Background(), Query{Expr: "up", Grid: g},
		func(s series.Series) error {
			if s.Values[0] != 1.7e308 {
				t.Errorf("got %v, want 1.7e308", s.Values[0])
			}
			return nil
		})
	if err != nil {
		t.Errorf("got error %v, want none", err)
	}
}

func TestCertificateWithoutNames(t *testing.T) {
	got := networkError(&tls.CertificateVerificationError{Err: x509.HostnameError{
		Certificate: &x509.Certificate{Subject: pkix.Name{CommonName: "prometheus"}},
		Host:        "prometheus",
	}})
	if got.Kind != KindTLS || got.Hint != exchange.NamelessAdvice {
		t.Errorf("got kind %v and hint %q, want %v and %q", got.Kind, got.Hint, KindTLS,
			exchange.NamelessAdvice)
	}
}
