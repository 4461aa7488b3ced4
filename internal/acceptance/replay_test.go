//go:build acceptance

package acceptance

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// replayEnv makes the test binary a replay server that keeps its recordings in the directory of that name: a process of its own, so
// that what it spends is not the measurer's.
const replayEnv = "PROMSNAP_REPLAY_DIR"

// The size of the measured answer.
const (
	benchSeries = 5000
	benchPoints = 720
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(replayEnv); dir != "" {
		if err := serveReplay(dir, os.Getenv("PROMSNAP_REPLAY_ADDRESS")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// replay answers range queries of the metric bench with recorded bytes, and whatever else it is asked with an empty success.
type replay struct {
	dir string

	mu   sync.Mutex
	last string // the newest recording
}

func serveReplay(dir, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	r := &replay{dir: dir}
	mux := http.NewServeMux()
	mux.HandleFunc("/-/ready", func(http.ResponseWriter, *http.Request) {})
	if address := os.Getenv("PROMSNAP_REPLAY_UPSTREAM"); address != "" {
		mux.Handle("/", &upstream{url: address, known: map[string][]byte{}})
		return http.Serve(l, mux)
	}
	mux.HandleFunc("/recording", func(w http.ResponseWriter, req *http.Request) { r.send(w, r.last) })
	mux.HandleFunc("/api/v1/query_range", r.queryRange)
	mux.HandleFunc("/api/v1/query", always(`{"resultType":"vector","result":[]}`))
	mux.HandleFunc("/api/v1/status/buildinfo", always(`{"version":"3.15.0"}`))
	mux.HandleFunc("/", always(`[]`))
	return http.Serve(l, mux)
}

// always answers with the same data. Where the client is gone there is nobody to tell of an error.
func always(data string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":`+data+`}`)
	}
}

func (r *replay) queryRange(w http.ResponseWriter, req *http.Request) {
	if !strings.Contains(req.FormValue("query"), "bench") {
		always(`{"resultType":"matrix","result":[]}`)(w, req)
		return
	}
	path, err := r.recording(req.FormValue("start"), req.FormValue("end"), req.FormValue("step"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.send(w, path)
}

func (r *replay) send(w http.ResponseWriter, path string) {
	f, err := os.Open(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil {
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.Copy(w, f)
}

// recording returns the file for a grid; the first request for it makes it, and every other replays it.
func (r *replay) recording(start, end, step string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, err1 := strconv.ParseFloat(start, 64)
	to, err2 := strconv.ParseFloat(end, 64)
	by, err3 := strconv.ParseFloat(step, 64)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return "", fmt.Errorf("start, end and step are seconds here: %w", err)
	}
	if n := int((to-from)/by) + 1; n != benchPoints {
		return "", fmt.Errorf("asked for %d points, want %d", n, benchPoints)
	}
	r.last = filepath.Join(r.dir, fmt.Sprintf("%.0f-%.0f.json", from, by))
	if _, err := os.Stat(r.last); err == nil {
		return r.last, nil
	}
	return r.last, writeMatrix(r.last, int64(from), int64(by))
}

// benchLabels are those of series i, as long as a container's are.
func benchLabels(i int) [4][2]string {
	return [4][2]string{
		{"__name__", "bench"},
		{"namespace", fmt.Sprintf("team-%02d", i%40)},
		{"pod", fmt.Sprintf("service-%04d-6c8d7f9b54-x2x9k", i)},
		{"container", "app"},
	}
}

// benchValues makes the samples of series i, a slow wave about a level of its own: whole numbers in every other series, fractions with
// 16 digits in the rest.
func benchValues(i int) func() string {
	rnd := rand.New(rand.NewPCG(uint64(i), 7))
	level, j := 0.2+0.6*rnd.Float64(), 0
	return func() string {
		j++
		thousandths := int(1000 * (level + 0.1*math.Sin(float64(i+j)/60)))
		if i%2 == 0 {
			return fmt.Sprintf("%d%03d", thousandths, rnd.IntN(1000))
		}
		return fmt.Sprintf("0.%03d%013d", thousandths, rnd.Int64N(1e13))
	}
}

// writeMatrix writes an answer of benchSeries by benchPoints as Prometheus would.
func writeMatrix(path string, start, step int64) error {
	return writeSeries(path, `{"status":"success","data":{"resultType":"matrix","result":[`, `]}}`, func(b []byte, i int) []byte {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"metric":{`...)
		for k, l := range benchLabels(i) {
			if k > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, "%q:%q", l[0], l[1])
		}
		b = append(b, `},"values":[`...)
		next := benchValues(i)
		for j := range int64(benchPoints) {
			if j > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `[%d,"%s"]`, start+j*step, next())
		}
		return append(b, `]}`...)
	})
}

// writeBenchMetrics writes the same series as OpenMetrics text, and for each a bench_limit of 1, so that their quotient is the same
// answer again.
func writeBenchMetrics(path string, start, step int64) error {
	return writeSeries(path, "", "# EOF\n", func(b []byte, i int) []byte {
		l := benchLabels(i)
		labels := fmt.Sprintf("{%s=%q,%s=%q,%s=%q}", l[1][0], l[1][1], l[2][0], l[2][1], l[3][0], l[3][1])
		next := benchValues(i)
		for j := range int64(benchPoints) {
			b = fmt.Appendf(b, "bench%s %s %d\n", labels, next(), start+j*step)
		}
		for j := range int64(benchPoints) {
			b = fmt.Appendf(b, "bench_limit%s 1 %d\n", labels, start+j*step)
		}
		return b
	})
}

// writeSeries writes a file one series at a time, so that the process stays small: a child's peak of memory begins with its parent's.
func writeSeries(path, head, foot string, appendSeries func([]byte, int) []byte) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	b := []byte(head)
	for i := range benchSeries {
		b = appendSeries(b, i)
		if _, err := f.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err = f.WriteString(foot)
	return err
}
