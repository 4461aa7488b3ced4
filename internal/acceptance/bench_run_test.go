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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/words"
)

// before is the commit that runs are compared with: promsnap before the latest work on its
// speed.
const before = "f106a5e"

// The bounds of complete runs.
var (
	timesBefore = bound{
		"processor time of the program, against promsnap of " + before, 1.1, 1, "×before",
	}
	runMemory      = bound{"peak memory of a complete run", 150, 120, "peak-MiB"}
	timesForesight = bound{
		"processor time of a daily report, against the same without foresight", 1.3, 1.2,
		"×without",
	}
)

// workload is a complete run: one configuration's report from a server that answers with recorded
// bytes.
type workload struct {
	name, config, url string
	seen              string // what standard output holds if every series was read
}

// A report that only sends what changed has no foresight: it queries no history and does not
// compare requests with use. The commit before has neither, so that both do the same work. With
// --output-dir, nothing else is different.
const (
	withoutForesight = "send: changes"
	withForesight    = "send: summary"
)

// workloads starts the servers of two runs. The first has 6 panels of 5,000 series of 720 samples
// and tests reading. The second has the built-in panels of both programs and one more on 42 nodes
// over a day and tests drawing.
func workloads(b *testing.B) []workload {
	var wide, small strings.Builder
	for i := range 6 {
		fmt.Fprintf(&wide, "      - {name: wide-%d, query: 'bench', legend: "+
			"'{{namespace}}/{{pod}}', rules: [{alertname: High%d, above: {warning: 999999}, for: "+
			"15m}]}\n", i, i)
	}
	for _, p := range panels.In(words.English) {
		if p.Name != "alerts" { // the commit before does not have it
			fmt.Fprintf(&small, "      - {use: %s}\n", p.Name)
		}
	}
	const header = "version: 1\ncluster: bench\nprometheus: {query_offset: 0s}\nstate: {dir: " +
		"state}\nreceivers: [{name: team, slack: {channel: C0123456789}}]\nreports:\n  - name: " +
		"bench\n    range: %dm\n    " + withoutForesight + "\n    receivers: [team]\n    " +
		"panels:\n%s"
	return []workload{
		{
			"fleet", fmt.Sprintf(header, benchPoints-1, wide.String()), startReplay(b),
			fmt.Sprintf("%d series", benchSeries),
		},
		{
			"small", fmt.Sprintf(header, 24*60, small.String()+"      - {name: load, query: "+
				"'node_load5', legend: '{{instance}}'}\n"),
			startReplay(b, "PROMSNAP_REPLAY_UPSTREAM="+startPromlab(b, 42, benchEnd).url), "41/42 nodes",
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

// startPromlab starts promlab in a process of its own.
func startPromlab(t testing.TB, nodes int, now time.Time) *server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "promlab")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/promlab").
		CombinedOutput(); err != nil {
		t.Fatalf("building promlab: %v\n%s", err, out)
	}
	address := freePort(t)
	p := start(t, nil, path, "--nodes", strconv.Itoa(nodes), "--profile", "kps", "--listen",
		address, "--now", now.Format(time.RFC3339))
	s := &server{url: "http://" + address, client: http.DefaultClient, process: p}
	await(t, "promlab", func() error {
		_, err := s.get("/api/v1/query", url.Values{"query": {"1"}})
		return err
	})
	return s
}

// upstream answers every request as the server behind it did the first time.
type upstream struct {
	url string

	mu    sync.Mutex
	known map[string][]byte
}

// ServeHTTP identifies a request by its query and ignores its timeout. It does not cache failures.
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

// BenchmarkRun alternates this program and that of the commit before, each run in its own
// process. It compares the lowest processor times and the highest peaks of resident memory.
func BenchmarkRun(b *testing.B) {
	now, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	then := programBefore(b)
	for _, w := range workloads(b) {
		b.Run(w.name, func(b *testing.B) {
			config := configFile(b, w.config)
			w.run(b, now, config) // makes the server record its answers
			var ours, theirs usage
			for range b.N {
				for range rounds {
					theirs.add(w.run(b, then, config))
					ours.add(w.run(b, now, config))
				}
			}
			b.Logf("the lowest processor time and the highest peak of %d runs:\n  now     %6d "+
				"ms, user "+
				"%6d ms, %6.1f MiB\n  %s %6d ms, user %6d ms, %6.1f MiB", rounds*b.N,
				ours.cpu.Milliseconds(), ours.user.Milliseconds(), ours.resident, before,
				theirs.cpu.Milliseconds(), theirs.user.Milliseconds(), theirs.resident)
			timesBefore.hold(b, ours.cpu.Seconds()/theirs.cpu.Seconds())
			runMemory.hold(b, ours.resident)
			b.ReportMetric(theirs.resident, "before-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkRunForesight alternates the daily report of a small cluster with and without forecasts,
// changes since last week, and requests against use.
func BenchmarkRunForesight(b *testing.B) {
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	w := workloads(b)[1]
	without := configFile(b, w.config)
	with := configFile(b, strings.Replace(w.config, withoutForesight, withForesight, 1))
	w.recordForesight(b, path, with)
	var ours, theirs usage
	for range b.N {
		for range rounds {
			theirs.add(w.run(b, path, without))
			ours.add(w.run(b, path, with))
		}
	}
	b.Logf("the lowest processor time and the highest peak of %d runs:\n  with    %6d ms, user %6d "+
		"ms, %6.1f MiB\n  without %6d ms, user %6d ms, %6.1f MiB", rounds*b.N,
		ours.cpu.Milliseconds(), ours.user.Milliseconds(), ours.resident,
		theirs.cpu.Milliseconds(), theirs.user.Milliseconds(), theirs.resident)
	timesForesight.hold(b, ours.cpu.Seconds()/theirs.cpu.Seconds())
	runMemory.hold(b, ours.resident)
	b.ReportMetric(0, "ns/op")
}

// recordForesight makes the server record its answers. The first runs may not wait until it has
// computed four weeks.
func (w workload) recordForesight(b *testing.B, path, config string) {
	b.Helper()
	var missing string
	for range 10 {
		o, _ := w.spend(b, path, config)
		page := string(o.file(b, "bench", benchEnd, "index.html"))
		switch {
		case strings.Contains(page, "four weeks are unknown"):
			missing = "the history of some panels"
		case !strings.Contains(page, "Fills next"):
			missing = "forecasts"
		case !strings.Contains(page, "Changed since last week"):
			missing = "changes"
		case !strings.Contains(page, "Requests against use"):
			missing = "requests against use"
		default:
			return
		}
	}
	b.Fatalf("the report is without %s", missing)
}

// usage is the lowest processor time and the highest memory of several runs.
type usage struct {
	cpu, user time.Duration
	resident  float64 // MiB
}

func (u *usage) add(one usage) {
	if u.cpu == 0 || one.cpu < u.cpu {
		u.cpu = one.cpu
	}
	if u.user == 0 || one.user < u.user {
		u.user = one.user
	}
	u.resident = max(u.resident, one.resident)
}

// run runs the program at path once and checks that it read every series.
func (w workload) run(b *testing.B, path, config string) usage {
	b.Helper()
	_, s := w.spend(b, path, config)
	return usage{s.cpu(), s.User, s.peak(b)}
}

func (w workload) spend(b *testing.B, path, config string) (outcome, spent) {
	b.Helper()
	o, s := spend(b, path, "run", "bench", "-c", config, "--prometheus-url", w.url, "--time",
		benchEnd.Format(time.RFC3339), "--output-dir", "out")
	if !strings.Contains(o.stdout, w.seen) {
		b.Fatalf("%s prints, want %q:\n%s", path, w.seen, o.stdout)
	}
	return o, s
}

// programBefore returns the path of promsnap of the commit before. It builds it once from the
// repository's history and keeps it in .cache. It fails if that history is missing, because then
// nothing is compared.
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
			b.Fatalf("building promsnap of %s, to compare with: %s: "+
				"%v\n%s", before, strings.Join(args, " "), err, out)
		}
	}
	if err := os.Rename(path+".making", path); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkRunProfiled does the same runs in this process, so that -cpuprofile and -memprofile show
// promsnap alone.
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
					b.Fatalf("the run failed, want none to and 6 panels: %+v", o.Results)
				}
			}
		})
	}
}
