//go:build acceptance

package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/words"
)

// before is the commit that whole runs are compared with: promsnap as it was before its speed was
// last worked on.
const before = "f106a5e"

// The bounds of whole runs.
var (
	timesBefore = bound{
		"processor time of the whole program, against promsnap of " + before, 1.1, 1, "×before",
	}
	wholeMemory = bound{"peak memory of a whole run", 150, 120, "peak-MiB"}
)

// workload is a whole run: a report of one configuration from a server that answers with recorded
// bytes.
type workload struct {
	name, config, url string
	seen              string // what standard output says where everything was seen
}

// workloads starts the servers of the two runs: 6 panels of 5,000 series of 720 samples, which
// takes reading; and all the built-in panels and one more on 42 nodes over a day, which takes
// drawing.
func workloads(b *testing.B) []workload {
	var wide, small strings.Builder
	for i := range 6 {
		fmt.Fprintf(&wide, "      - {name: wide-%d, query: 'bench', legend: "+
			"'{{namespace}}/{{pod}}', rules: [{alertname: High%d, above: {warning: 999999}, for: "+
			"15m}]}\n", i, i)
	}
	for _, p := range panels.In(words.English) {
		fmt.Fprintf(&small, "      - {use: %s}\n", p.Name)
	}
	const header = "version: 1\ncluster: bench\nprometheus: {query_offset: 0s}\nreports:\n  - " +
		"name: bench\n    range: %dm\n    panels:\n%s"
	return []workload{
		{
			"fleet", fmt.Sprintf(header, benchPoints-1, wide.String()), startReplay(b),
			fmt.Sprintf("%d series", benchSeries),
		},
		{
			"small", fmt.Sprintf(header, 24*60, small.String()+"      - {name: load, query: "+
				"'node_load5', legend: '{{instance}}'}\n"),
			startReplay(b, "PROMSNAP_REPLAY_UPSTREAM="+startLab(b)), "41/42 nodes",
		},
	}
}

// startReplay starts a replay server and returns its URL.
func startReplay(b *testing.B, env ...string) string {
	b.Helper()
	address := freePort(b)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p := start(b, append(env, replayEnv+"="+b.TempDir(), "PROMSNAP_REPLAY_ADDRESS="+address), self)
	s := &server{url: "http://" + address, client: http.DefaultClient, process: p}
	await(b, "the replay server", func() error {
		_, err := s.get("/-/ready", nil)
		return err
	})
	return s.url
}

// startLab starts promlab, a process of its own, with 42 nodes.
func startLab(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "promlab")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/promlab").
		CombinedOutput(); err != nil {
		b.Fatalf("building promlab: %v\n%s", err, out)
	}
	address := freePort(b)
	p := start(b, nil, path, "--nodes", "42", "--profile", "kps", "--listen", address, "--now",
		benchEnd.Format(time.RFC3339))
	s := &server{url: "http://" + address, client: http.DefaultClient, process: p}
	await(b, "promlab", func() error {
		_, err := s.get("/api/v1/query", url.Values{"query": {"1"}})
		return err
	})
	return s.url
}

// upstream answers every question as the server behind it did the first time.
type upstream struct {
	url string

	mu    sync.Mutex
	known map[string][]byte
}

// ServeHTTP knows a question by what it asks, and not by how long the asker waits. Answers that are
// no success are not kept.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key := r.URL.Path
	for _, part := range []string{
		"query", "time", "start", "end", "step", "match[]", "metric", "limit",
	} {
		key += "\n" + strings.Join(r.Form[part], "\n")
	}
	u.mu.Lock()
	body := u.known[key]
	u.mu.Unlock()
	if body == nil {
		resp, err := http.Get(u.url + r.URL.Path + "?" + r.Form.Encode())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		if body, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			http.Error(w, string(body), resp.StatusCode)
			return
		}
		u.mu.Lock()
		u.known[key] = body
		u.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

// BenchmarkWholeRun runs this program and the one of the commit before in turn, each in a process
// of its own, and compares the processor time of the fastest of each, and the highest peaks of
// resident memory.
func BenchmarkWholeRun(b *testing.B) {
	now, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	then := programBefore(b)
	for _, w := range workloads(b) {
		b.Run(w.name, func(b *testing.B) {
			config := configFile(b, w.config)
			w.run(b, now, config) // has the server make its recordings
			var ours, theirs taken
			for range b.N {
				for range rounds {
					theirs.add(w.run(b, then, config))
					ours.add(w.run(b, now, config))
				}
			}
			b.Logf("the least processor time and the highest peak of %d:\n  now     %6d ms, user "+
				"%6d ms, %6.1f MiB\n  %s %6d ms, user %6d ms, %6.1f MiB", rounds*b.N,
				ours.cpu.Milliseconds(), ours.user.Milliseconds(), ours.resident, before,
				theirs.cpu.Milliseconds(), theirs.user.Milliseconds(), theirs.resident)
			timesBefore.hold(b, ours.cpu.Seconds()/theirs.cpu.Seconds())
			wholeMemory.hold(b, ours.resident)
			b.ReportMetric(theirs.resident, "before-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// taken is what runs have taken of the processors at least, and of memory at most.
type taken struct {
	cpu, user time.Duration
	resident  float64 // MiB
}

func (t *taken) add(one taken) {
	if t.cpu == 0 || one.cpu < t.cpu {
		t.cpu = one.cpu
	}
	if t.user == 0 || one.user < t.user {
		t.user = one.user
	}
	t.resident = max(t.resident, one.resident)
}

// run runs the program at path once, and makes sure that it saw everything.
func (w workload) run(b *testing.B, path, config string) taken {
	b.Helper()
	o, s := spend(b, path, "run", "bench", "-c", config, "--prometheus-url", w.url, "--time",
		benchEnd.Format(time.RFC3339), "--output-dir", "out")
	if !strings.Contains(o.stdout, w.seen) {
		b.Fatalf("%s does not say %q:\n%s", path, w.seen, o.stdout)
	}
	return taken{s.cpu(), s.User, s.peak(b)}
}

// programBefore is promsnap of the commit before, built once out of the repository's history and
// kept in .cache. Where there is no such history, nothing can be compared, and nobody is to take
// that for a comparison.
func programBefore(b *testing.B) string {
	b.Helper()
	cache, err := filepath.Abs("../../.cache")
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(cache, "before", "promsnap-"+before)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	archive, sources := filepath.Join(b.TempDir(), "before.tar"), b.TempDir()
	for _, args := range [][]string{
		{"git", "-C", "../..", "archive", "--output", archive, before},
		{"tar", "-x", "-C", sources, "-f", archive},
		{
			"go", "build", "-C", sources, "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o",
			path + ".making", "./cmd/promsnap",
		},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("promsnap of %s, with which this one is compared, cannot be built here: %s: "+
				"%v\n%s", before, strings.Join(args, " "), err, out)
		}
	}
	if err := os.Rename(path+".making", path); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkRunProfiled does the same runs in this process: what -cpuprofile and -memprofile then
// show is promsnap's and nobody else's.
func BenchmarkRunProfiled(b *testing.B) {
	for _, w := range workloads(b) {
		b.Run(w.name, func(b *testing.B) {
			cfg, err := config.Load("promsnap.yaml", []byte(w.config), config.Options{
				Builtin: panels.In, URL: w.url,
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				a, err := app.New(b.Context(), cfg, app.Options{
					Version: "bench", Slot: benchEnd, Timeout: 5 * time.Minute, Now: time.Now,
					To: app.Files{Dir: b.TempDir()},
				})
				if err != nil {
					b.Fatal(err)
				}
				if o := a.Run(b.Context()); o.Failed() ||
					slices.ContainsFunc(o.Results, func(r app.Result) bool {
						return len(r.Report.Panels) < 6
					}) {
					b.Fatalf("it failed: %+v", o.Results)
				}
			}
		})
	}
}
