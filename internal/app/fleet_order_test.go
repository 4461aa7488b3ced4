package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/testdata/race"
)

// troubledFleet is the Prometheus servers of eight clusters, at /c01 to /c08. One waits, and one
// says that its answers are incomplete.
type troubledFleet struct {
	lab  http.Handler
	wait func() // before each answer of the slow cluster
}

func (f *troubledFleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/c03/"):
		f.wait()
	case strings.HasPrefix(r.URL.Path, "/c04/"):
		r.Header.Del("Accept-Encoding")
		answer := httptest.NewRecorder()
		f.lab.ServeHTTP(answer, r)
		body := bytes.Replace(answer.Body.Bytes(), []byte(`{"status":"success",`),
			[]byte(`{"status":"success","warnings":["store-2 did not answer"],`), 1)
		answer.Header().Del("Content-Length")
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
		return
	}
	f.lab.ServeHTTP(w, r)
}

// TestFleetInAnyOrder makes the report of eight clusters: one is down, one is slow, one has
// incomplete data, and the part of one is of a newer version. The report says so, and has the same
// bytes whatever the order in which the clusters ran.
func TestFleetInAnyOrder(t *testing.T) {
	t.Parallel()
	servers := &troubledFleet{
		lab: labtest.Handler(t, "--clusters=8", "--nodes=3", "--now="+slot.Format(time.RFC3339)),
	}
	url := serve(t, servers)
	text := `
version: 1
reports:
  - name: daily
    range: 1h
    trends: false
    panels:
      - {use: node-memory, rules: [{alertname: NodeMemoryHigh, above: {critical: 0.6}, for: 5m}]}
      - {use: node-disk}
fleet:
  name: acme
  clusters:
    - {name: down, labels: {stage: dev}, prometheus: {url: 'http://127.0.0.1:1'}}
`
	for i, name := range []string{"one", "two", "slow", "partial", "five", "six", "newer"} {
		text += fmt.Sprintf("    - {name: %s, labels: {stage: prod}, prometheus: {url: '%s/c%02d'}}\n",
			name, url, i+1)
	}
	cfg := load(t, "", text)
	var want map[string][]byte
	tries := 6
	if race.Enabled {
		tries = 2
	}
	for try := range tries {
		order := rand.New(rand.NewPCG(uint64(try), 6)).Perm(8)
		last := make(chan struct{})
		servers.wait = func() { <-last }
		if try == 0 { // the slow cluster does not end as the last one
			servers.wait = func() {}
		}
		got := runInOrder(t, cfg, order, last)
		if want == nil {
			want = got
			continue
		}
		for name := range want {
			if !bytes.Equal(got[name], want[name]) {
				t.Errorf("order %v: got another %s than of the first order, want the same bytes", order,
					name)
			}
		}
	}
	for _, says := range []string{
		"connection refused", "promsnap v9.9.9 wrote its part, and this one is older; update it",
		"store-2 did not answer",
	} {
		if !bytes.Contains(want["index.html"], []byte(says)) {
			t.Errorf("the page: got no %q, want it", says)
		}
	}
}

// runInOrder runs the clusters of a plan in an order, and returns the files of the fleet's report.
// When only clusters that wait are left, it closes last.
func runInOrder(t *testing.T, cfg *config.Config, order []int,
	last chan struct{}) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	f, err := app.OpenFleet(t.Context(), cfg, app.Options{
		Version: "test", Slot: slot, To: app.Files{Dir: dir}, Timeout: 5 * time.Minute, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Plan(t.Context(), "daily")
	if err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup // for a server, most of the time
	for _, i := range order {
		name := p.Clusters[i].Name
		run := func() {
			if _, err := f.Map(t.Context(), p, name); err != nil {
				t.Errorf("cluster %s: got %v, want a part", name, err)
			}
		}
		if name == "slow" || name == "down" {
			waiting.Go(run)
			continue
		}
		run()
	}
	close(last)
	waiting.Wait()
	makeNewer(t, filepath.Join(dir, "parts", "daily", "20261122T000000Z", "parts", "newer.part"))
	if _, err := f.Reduce(t.Context(), p, false); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, name := range []string{"index.html", "report.json"} {
		out[name], err = os.ReadFile(filepath.Join(dir, "acme", "daily", "20261122T000000Z", name))
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// makeNewer makes a part one of a later version, by a promsnap v9.9.9.
func makeNewer(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(`"version":1,`), []byte(`"version":99,`), 1)
	data = bytes.Replace(data, []byte(`"version":"test"`), []byte(`"version":"v9.9.9"`), 1)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
