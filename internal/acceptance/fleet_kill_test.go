//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/lab"
)

// killedFleet is a fleet whose steps are killed again and again.
type killedFleet struct {
	outside
	random *rand.Rand
	config string
	dir    string            // where the program runs now
	want   map[string]string // the files of the fleet if no step is killed
	plan   string            // of this directory; "": there is none yet

	longest           map[string]int // steps of the longest run of a command
	where             map[string]int // kills by command and step
	killed            map[string]int // kills by command
	runs, kills, late int
}

const killedSlot = "20261122T000000Z"

// The places that this test names.
const (
	killedPlan   = "parts/daily/" + killedSlot + "/plan.json"
	killedReport = "out/acme/daily/" + killedSlot + "/report.json"
)

// TestKilledFleet kills the real program at random steps of its input and output in each command of
// a fleet, and runs it again. In the end the report of the fleet is delivered, with the same bytes
// as if no run was killed. No file with the name of a plan, a part or a report is incomplete at any
// time, and the plan never changes.
func TestKilledFleet(t *testing.T) {
	t.Parallel()
	const kills = 200
	f := newKilledFleet(t)
	t.Run("undisturbed", func(t *testing.T) {
		f.begin(t)
		for _, command := range f.commands(false) {
			f.once(t, command, 0)
		}
		f.want = f.files(t)
		for _, name := range []string{
			killedPlan, killedReport, "parts/daily/" + killedSlot + "/parts/small.part",
			"out/acme/daily/" + killedSlot + "/index.html",
			"out/large/daily/" + killedSlot + "/index.html",
		} {
			if f.want[name] == "" {
				t.Fatalf("got %q, want %s too", slices.Sorted(maps.Keys(f.want)), name)
			}
		}
	})
	// How often a step is seen depends on the load, so go on until enough kinds of them were.
	for i := 0; (f.kills < kills || !f.isVaried()) && f.kills < 3*kills && !t.Failed(); i++ {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			f.begin(t)
			f.live(t)
		})
	}
	t.Logf("%d runs, %d killed (%v) at %d kinds of steps, %d of them with the fleet's report in "+
		"place", f.runs, f.kills, f.killed, len(f.where), f.late)
	if !t.Failed() && !f.isVaried() {
		t.Errorf("got kills at %v, %d of them with the fleet's report in place; want 40 kinds of "+
			"steps of 4 commands, and 1", f.where, f.late)
	}
}

// isVaried reports whether runs were killed at 40 kinds of steps of all four commands, and one with
// the report of the fleet in place.
func (f *killedFleet) isVaried() bool {
	return len(f.where) >= 40 && len(f.killed) == 4 && f.late > 0
}

func newKilledFleet(t *testing.T) *killedFleet {
	t.Logf("-crash-seed %d", *crashSeed)
	f := &killedFleet{
		random:  rand.New(rand.NewPCG(*crashSeed, 5)),
		longest: map[string]int{}, where: map[string]int{}, killed: map[string]int{},
	}
	var clusters strings.Builder
	for i, name := range []string{"small", "medium", "large"} {
		l, err := lab.New(lab.Options{
			Now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Profile: lab.KPS, Nodes: 3 + i,
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&clusters, "    - {name: %s, prometheus: {url: '%s'}}\n", name,
			f.serve(t, remembering(l.Handler())))
	}
	f.config = `version: 1
reports:
  - name: daily
    range: 1h
    trends: false
    receivers: [archive]
    panels:
      - {use: node-memory, rules: [{alertname: NodeMemoryHigh, above: {critical: 0.6}, for: 5m}]}
      - {use: node-disk}
receivers: [{name: archive, dir: {path: out}}]
state: {dir: state}
fleet:
  name: acme
  receivers: [archive]
  store: {dir: parts}
  clusters:
` + clusters.String()
	return f
}

// remembering answers a repeated request from memory, because simulating takes longer than a run.
func remembering(h http.Handler) http.Handler {
	var mu sync.Mutex
	answers := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // its sender was killed
		}
		mu.Lock()
		defer mu.Unlock()
		request := r.Method + " " + r.URL.String() + " " + string(body)
		if answers[request] == nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			answers[request] = httptest.NewRecorder()
			h.ServeHTTP(answers[request], r)
		}
		maps.Copy(w.Header(), answers[request].Header())
		w.WriteHeader(answers[request].Code)
		_, _ = w.Write(answers[request].Body.Bytes())
	})
}

// begin gives the fleet an empty directory.
func (f *killedFleet) begin(t *testing.T) {
	t.Helper()
	f.dir, f.plan = t.TempDir(), ""
	if err := os.WriteFile(filepath.Join(f.dir, "promsnap.yaml"), []byte(f.config),
		0o600); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(f.dir, "parts", "daily")
	dirs := []string{home, filepath.Join(home, killedSlot), filepath.Join(home, killedSlot, "parts")}
	for _, name := range []string{"acme", "small", "medium", "large"} {
		dirs = append(dirs, filepath.Join(f.dir, "state", name),
			filepath.Join(f.dir, "out", name, "daily"))
	}
	f.watch(t, dirs...)
}

// commands returns commands that make the whole report: the steps, with the clusters in any order,
// or one for all of them.
func (f *killedFleet) commands(atOnce bool) [][]string {
	if atOnce {
		return [][]string{{"run", "daily", "--deliver", "--parallel", "2"}}
	}
	out := [][]string{{"plan", "daily"}}
	names := []string{"small", "medium", "large"}
	for _, i := range f.random.Perm(len(names)) {
		out = append(out, []string{"map", "daily", names[i], "--deliver"})
	}
	return append(out, []string{"reduce", "daily", "--deliver"})
}

// live makes the report. Whenever a run is killed, it repeats that command or begins again.
func (f *killedFleet) live(t *testing.T) {
	t.Helper()
	commands := f.commands(f.random.IntN(3) == 0)
	for at, inARow := 0, 0; at < len(commands); {
		killAt := 0
		if inARow < 12 && f.random.IntN(6) > 0 {
			killAt = 1 + f.random.IntN(max(f.longest[commands[at][0]], 6))
		}
		done := f.once(t, commands[at], killAt)
		f.check(t)
		if t.Failed() {
			return
		}
		if done {
			at++
			continue
		}
		f.endClaims(t)
		if inARow++; f.random.IntN(3) == 0 {
			at, commands = 0, f.commands(f.random.IntN(3) == 0)
		}
	}
	got := f.files(t)
	for name := range f.want {
		if got[name] == "" {
			t.Errorf("got no %s, want it as without a kill", name)
		}
	}
	left, err := filepath.Glob(filepath.Join(f.dir, "parts", "daily", killedSlot, "*", "*.new"))
	if err != nil || len(left) > 0 {
		t.Errorf("got %q left, %v; want each to be removed by the run that replaces it", left, err)
	}
}

// once runs a command once and may kill it. It reports whether the run ended by itself.
func (f *killedFleet) once(t *testing.T, command []string, killAt int) (done bool) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, slices.Concat([]string{"fleet"}, command,
		[]string{"--time", "2026-11-22T00:00:00Z", "-c", "promsnap.yaml"})...)
	var said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, &said, &said
	cmd.Env = []string{"HOME=" + f.dir, "AWS_EC2_METADATA_DISABLED=true"}
	steps, killed := f.run(t, cmd, killAt)
	f.runs++
	code := cmd.ProcessState.ExitCode()
	if killed == "" {
		f.longest[command[0]] = max(f.longest[command[0]], steps)
	} else if code == -1 {
		f.kills++
		f.killed[command[0]]++
		f.where[command[0]+": "+placeOf(killed)]++
		if _, err := os.Stat(filepath.Join(f.dir, killedReport)); err == nil {
			f.late++
		}
		return false
	}
	if code != 0 {
		t.Errorf("promsnap fleet %q: got exit code %d, want 0\n%s", command, code,
			tail(said.String(), 2000))
	}
	return true
}

// endClaims ends the claims that killed runs hold, as time does.
func (f *killedFleet) endClaims(t *testing.T) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(f.dir, "state", "*", "daily.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		body, err := os.ReadFile(path)
		if err == nil {
			body = claimEnd.ReplaceAll(body, []byte("$1"+claimPast))
			err = os.WriteFile(path, body, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// check checks what must hold at any time: whatever has the name of a part or a report is one, and
// the plan is as it was.
func (f *killedFleet) check(t *testing.T) {
	t.Helper()
	got := f.files(t)
	if plan := got[killedPlan]; f.plan == "" {
		f.plan = plan
	} else if plan != f.plan {
		t.Errorf("the plan: got\n%s\nwant it as before\n%s", plan, f.plan)
	}
	for name, data := range got {
		want, known := f.want[name]
		switch {
		case !known:
			t.Errorf("got a file %s, which a run that is not killed does not leave", name)
		case name != killedPlan && data != want:
			t.Errorf("%s: got other bytes than without a kill\n%s", name,
				firstDifference([]byte(data), []byte(want)))
		}
	}
	for name := range f.want {
		dir := filepath.Dir(name)
		if _, err := os.Stat(filepath.Join(f.dir, dir)); err == nil && got[name] == "" &&
			strings.HasPrefix(dir, "out/") {
			t.Errorf("got no %s, want a report to be there as a whole or not at all", name)
		}
	}
}

// files returns the store and the reports, without locks and files whose names say that they are
// being written.
func (f *killedFleet) files(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := os.DirFS(f.dir)
	for _, top := range []string{"parts", "out"} {
		err := fs.WalkDir(root, top, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(d.Name(), "."):
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case d.IsDir() || slices.Contains([]string{".lock", ".new"}, filepath.Ext(path)):
				return nil
			}
			data, err := fs.ReadFile(root, path)
			out[path] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
