//go:build acceptance

package acceptance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
)

// heavy keeps the fixture's Prometheus busy for minutes: it sorts every series at each second for
// each step.
const heavy = `count(quantile_over_time(0.5, {__name__=~".+"}[3h:1s]))`

// TestGentleClient runs the program against a real Prometheus under load and reads the load from
// that server's own metrics.
func TestGentleClient(t *testing.T) {
	s := startFixture(t, community, nil)
	t.Run("concurrency", func(t *testing.T) { testConcurrency(t, s) })
	t.Run("interrupt", func(t *testing.T) {
		testCancelled(t, s, "5m", "1m", func(r *running) { r.signal(os.Interrupt) })
	})
	t.Run("terminate", func(t *testing.T) {
		testCancelled(t, s, "5m", "1m", func(r *running) { r.signal(syscall.SIGTERM) })
	})
	t.Run("kill", func(t *testing.T) {
		testCancelled(t, s, "5m", "1m", func(r *running) { r.signal(os.Kill) })
	})
	t.Run("the run's timeout", func(t *testing.T) {
		testCancelled(t, s, "5m", "10s", func(*running) {})
	})
	t.Run("the query's timeout", func(t *testing.T) {
		testCancelled(t, s, "4s", "1m", func(*running) {})
	})
}

// signal sends a signal to the program.
func (r *running) signal(s os.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// testConcurrency runs twenty panels, three at a time. Neither the engine nor the network may have
// more at once, each query must have its timeout, and the server must count as many requests as
// were sent.
func testConcurrency(t *testing.T, s *server) {
	const most = 3
	var panels strings.Builder
	for i := range 20 {
		fmt.Fprintf(&panels, "      - {name: p%d, query: "+
			"'count(last_over_time({__name__=~\"node_.+\"}[%ds:5s]))'}\n", i, 600+i)
	}
	config := func(url string) string {
		return configFile(t, fmt.Sprintf("version: 1\nprometheus: {url: %s, timeout: 90s, "+
			"concurrency: %d}\nreports:\n  - name: gentle\n    range: 1h\n    panels:\n%s", url,
			most, panels.String()))
	}
	before := counted(t, s)
	proxy := newCounter(t, s.url)
	r := begin(t, append([]string{"run", "-c", config(proxy.url)}, atSlot...)...)
	done := make(chan struct{})
	engine := make(chan float64, 1)
	go func() {
		highest := 0.0
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			if now, err := s.metric("prometheus_engine_queries", ""); err == nil {
				highest = max(highest, now)
			}
			select {
			case <-tick.C:
			case <-done:
				tick.Stop()
				engine <- highest
				return
			}
		}
	}()
	o := r.wait()
	close(done)
	o.want(t, 0)
	proxy.Lock()
	defer proxy.Unlock()
	computed := <-engine
	t.Logf("%d queries, %d at once in the proxy, %.0f by the engine's own metric, %v",
		proxy.queries,
		proxy.most, computed, o.took)
	if proxy.most != most || computed < 1 || computed > most {
		t.Errorf("%d queries at once, want %d; the engine had %.0f, want 1 to %d", proxy.most, most,
			computed, most)
	}
	for timeout, n := range proxy.timeouts {
		if timeout != "90" {
			t.Errorf("%d queries have the timeout %q, want 90", n, timeout)
		}
	}
	if got := counted(t, s) - before; got != float64(proxy.queries) || proxy.queries < 20 {
		t.Errorf("the server counts %v range queries, want the %d that were sent, at least 20", got,
			proxy.queries)
	}
}

// testCancelled starts a run whose queries would keep the server busy for minutes and ends it. The
// server must end the queries too.
func testCancelled(t *testing.T, s *server, query, timeout string, end func(*running)) {
	config := configFile(t, fmt.Sprintf(`version: 1
prometheus: {url: %s, timeout: %s}
reports:
  - name: busy
    range: 6h
    panels:
      - {use: node-memory}
      - {name: one, query: '%s'}
      - {name: two, query: '%s + 1'}
`, s.url, query, heavy, heavy))
	r := begin(t, append([]string{"run", "-c", config, "--timeout", timeout}, atSlot...)...)
	await(t, "two queries to be computed", func() error {
		if n, err := s.metric("prometheus_engine_queries", ""); err != nil || n != 2 {
			return fmt.Errorf("the engine has %v, %w", n, err)
		}
		return nil
	})
	await(t, "the third panel", func() error {
		if said := r.stdout.String(); !strings.Contains(said, "node-memory ") {
			return fmt.Errorf("stdout is %q", said)
		}
		return nil
	})
	began := time.Now()
	end(r)
	o := r.wait()
	ended := time.Now()
	await(t, "the engine to be idle", func() error {
		if n, err := s.metric("prometheus_engine_queries", ""); err != nil || n != 0 {
			return fmt.Errorf("the engine still has %v, %w", n, err)
		}
		return nil
	})
	idle := time.Since(ended)
	t.Logf("exit %d after %v, the engine is idle %v later", o.code, ended.Sub(began), idle)
	if took := ended.Sub(began); took > 15*time.Second || idle > 5*time.Second {
		t.Errorf("the run ended after %v and the queries %v later, want 15s and 5s at most", took,
			idle)
	}
	if o.code == -1 {
		return // it was killed
	}
	o.want(t, 1)
	if strings.Contains(t.Name(), "interrupt") {
		return // it stops without a report
	}
	doc := o.document(t, "busy", slot)
	if p := panelOf(t, doc, "node-memory"); p.Data != "complete" {
		t.Errorf("node-memory is %s, want complete: %s", p.Data, p.Error)
	}
	if len(doc.Failures) != 2 {
		t.Errorf("%d panels failed, want 2", len(doc.Failures))
	}
}

// metric returns the sum of the server's own metric over the series whose labels contain labels.
func (s *server) metric(name, labels string) (float64, error) {
	body, err := s.get("/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' ||
			!strings.Contains(rest, labels) {
			continue
		}
		v, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+v, true
	}
	if !found && labels == "" {
		return 0, fmt.Errorf("the server has no metric %s", name)
	}
	return sum, nil
}

// counted returns how many range queries the server has answered.
func counted(t *testing.T, s *server) float64 {
	t.Helper()
	n, err := s.metric("prometheus_http_requests_total", `handler="/api/v1/query_range"`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// output collects what a program prints and can be read while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *output) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *output) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// counter counts the requests and bytes that pass to a Prometheus.
type counter struct {
	url string
	sync.Mutex
	queries, now, most int
	timeouts           map[string]int // queries by their parameter timeout
	others             int            // other requests
	bytes              int64          // of all answers
}

func newCounter(t testing.TB, to string) *counter {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return countOn(t, httputil.NewSingleHostReverseProxy(u))
}

// countOn counts what passes to h.
func countOn(t testing.TB, h http.Handler) *counter {
	t.Helper()
	c := &counter{timeouts: map[string]int{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // the server behind reports a short body
		r.Body = io.NopCloser(bytes.NewReader(body))
		defer c.enter(r, string(body))()
		h.ServeHTTP(&counting{w, c}, r)
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

// enter counts a request as begun and returns a function that counts it as ended.
func (c *counter) enter(r *http.Request, body string) func() {
	c.Lock()
	defer c.Unlock()
	if !strings.HasSuffix(r.URL.Path, "/query_range") {
		c.others++
		return func() {}
	}
	form, _ := url.ParseQuery(body) // promsnap writes it
	c.queries++
	c.now++
	c.most = max(c.most, c.now)
	c.timeouts[form.Get("timeout")]++
	return func() {
		c.Lock()
		defer c.Unlock()
		c.now--
	}
}

// counting counts the bytes of an answer.
type counting struct {
	http.ResponseWriter
	counter *counter
}

func (c *counting) Write(b []byte) (int, error) {
	c.counter.Lock()
	c.counter.bytes += int64(len(b))
	c.counter.Unlock()
	return c.ResponseWriter.Write(b)
}

// Unwrap gives net/http the underlying writer.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// fleetMemory bounds the memory of twenty panels with 100,000 series together. A row of each series
// is kept until the report is written.
var fleetMemory = bound{"peak memory of 20 panels of 5,000 nodes", 200, 150, "peak-MiB"}

// BenchmarkTwentyPanels prints the cost of a report of twenty panels on 5,000 nodes: half an hour
// of the built-in node panels and of plain node metrics. Most of the wall time belongs to the
// simulated Prometheus on the same machine. promsnap's own cost is its CPU time.
func BenchmarkTwentyPanels(b *testing.B) {
	l, err := lab.New(lab.Options{
		Now: slot, Nodes: lab.MaxNodes, MaxSamples: 500_000_000, Timeout: 10 * time.Minute,
	})
	if err != nil {
		b.Fatal(err)
	}
	var panels strings.Builder
	builtin := []string{
		"node-memory", "node-cpu", "node-disk", "node-inodes", "node-readonly", "node-conditions",
		"node-network", "node-network-errors", "node-pressure", "scrape-health", "coverage",
	}
	for _, name := range builtin {
		fmt.Fprintf(&panels, "      - {use: %s}\n", name)
	}
	for i := range 20 - len(builtin) {
		fmt.Fprintf(&panels, "      - {name: load-%d, query: 'node_memory_MemAvailable_bytes + "+
			"%d', unit: bytes, rules: [{alertname: Low%d, below: {warning: 1}, for: 5m}]}\n", i, i,
			i)
	}
	for range b.N {
		c := countOn(b, l.Handler())
		config := configFile(b, fmt.Sprintf("version: 1\ncluster: big\nprometheus: {url: %s, "+
			"timeout: 5m}\nreports:\n  - name: big\n    range: 30m\n    panels:\n%s", c.url,
			panels.String()))
		o := begin(b, "run", "-c", config, "--time", slot.Format(time.RFC3339), "--timeout", "20m",
			"--output-dir", "out").wait()
		o.want(b, 0)
		series, samples := 0, 0
		doc := o.document(b, "big", slot)
		for _, p := range doc.Panels {
			series += p.Total
			samples += p.Total * p.Grid.Len
		}
		c.Lock()
		b.Logf("%d panels of 5,000 nodes, half an hour:\n"+
			"  queries  %8d, %d at once at most, and %d other requests\n  series   %8d of at "+
			"most %d points\n  bytes    %8.1f MB\n  wall     %8.1f s, of which promsnap's CPU "+
			"%.1f s\n  resident %8.1f MiB",
			len(doc.Panels), c.queries, c.most, c.others, series, samples, float64(c.bytes)/1e6,
			o.took.Seconds(),
			(o.state.UserTime() + o.state.SystemTime()).Seconds(), o.resident)
		c.Unlock()
		if len(doc.Panels) != 20 || c.most > 4 || series < 90_000 {
			b.Errorf("%d panels, want 20; %d queries at once, want at most 4; %d series, want "+
				"90,000 or more", len(doc.Panels), c.most, series)
		}
		fleetMemory.hold(b, o.resident)
		b.ReportMetric(float64(c.queries), "queries")
	}
	b.ReportMetric(0, "ns/op") // the simulated Prometheus' time means nothing
}
