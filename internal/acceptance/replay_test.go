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

// replayEnv makes the test binary a replay server that keeps its recordings in the named directory.
// It is a separate process, so that its cost is not measured.
const replayEnv = "PROMSNAP_REPLAY_DIR"

// replayClimbs makes the replay server answer every range query with all its series, whose values
// climb.
const replayClimbs = "PROMSNAP_REPLAY_CLIMBS"

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
	if len(os.Args) == 3 && historySides[os.Args[1]] != nil {
		if err := historySides[os.Args[1]](os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(measureEnv) != "" {
		if err := reportSpent(os.NewFile(3, "spent"), os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(stockEnv) != "" {
		if err := reportStock(os.Stdout, os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// replay answers range queries of the metric bench with recorded bytes and everything else with an
// empty success.
type replay struct {
	dir    string
	climbs bool // every range query is answered
	month  bool // with a history of any grid

	mu   sync.Mutex
	last string // the newest recording
}

func serveReplay(dir, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	r := &replay{
		dir: dir, climbs: os.Getenv(replayClimbs) != "", month: os.Getenv(replayMonth) != "",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/-/ready", func(http.ResponseWriter, *http.Request) {})
	if address := os.Getenv("PROMSNAP_REPLAY_UPSTREAM"); address != "" {
		mux.Handle("/", &upstream{url: address, known: map[string][]byte{}})
		return http.Serve(l, mux)
	}
	mux.HandleFunc("/recording", func(w http.ResponseWriter, req *http.Request) {
		r.send(w, r.last)
	})
	mux.HandleFunc("/api/v1/query_range", r.queryRange)
	mux.HandleFunc("/api/v1/query", always(`{"resultType":"vector","result":[]}`))
	mux.HandleFunc("/api/v1/status/buildinfo", always(`{"version":"3.15.0"}`))
	mux.HandleFunc("/", always(`[]`))
	return http.Serve(l, mux)
}

// always answers with the same data. It ignores write errors, which mean that the client has left.
func always(data string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":`+data+`}`)
	}
}

func (r *replay) queryRange(w http.ResponseWriter, req *http.Request) {
	if !r.climbs && !strings.Contains(req.FormValue("query"), "bench") {
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

// recording returns the file for a grid. The first request makes it.
func (r *replay) recording(start, end, step string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, err1 := strconv.ParseFloat(start, 64)
	to, err2 := strconv.ParseFloat(end, 64)
	by, err3 := strconv.ParseFloat(step, 64)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return "", fmt.Errorf("start, end and step must be seconds: %w", err)
	}
	points, of := int((to-from)/by)+1, waving
	if r.month {
		of = historyFrom(int64(from), int64(by))
	} else if r.climbs {
		of = climbing
	} else if points != benchPoints {
		return "", fmt.Errorf("asked for %d points, want %d", points, benchPoints)
	}
	r.last = filepath.Join(r.dir, fmt.Sprintf("%.0f-%.0f-%d.json", from, by, points))
	if _, err := os.Stat(r.last); err == nil {
		return r.last, nil
	}
	return r.last, writeMatrix(r.last, of, int64(from), int64(by), points)
}

// recorded describes the series of an answer: the labels and the successive samples of series i.
type recorded struct {
	labels func(i int) [][2]string
	values func(i int) func() string
}

var (
	waving   = recorded{benchLabels, benchValues}
	climbing = recorded{climbingLabels, climbingValues}
)

// climbingLabels returns the labels of a node.
func climbingLabels(i int) [][2]string {
	return [][2]string{
		{"__name__", "node_memory_Active_bytes"},
		{"instance", fmt.Sprintf("10.0.%d.%d:9100", i/256, i%256)},
		{"job", "node"},
		{"node", fmt.Sprintf("ip-10-0-%d-%d.ec2.internal", i/256, i%256)},
	}
}

// climbingValues returns bytes for every odd series, more for each later one: 1,420 of 5,000 series
// are above 10 GiB. The even series are fractions of one.
func climbingValues(i int) func() string {
	j := -1
	return func() string {
		j++
		if i%2 == 1 {
			return strconv.Itoa(8_000_000_000 + i*1_234_567 + j*98_765)
		}
		return strconv.FormatFloat(float64((i*7919+j*104729)%1_000_003)/1_000_003, 'g', -1, 64)
	}
}

// benchLabels returns the labels of series i, as long as those of a container.
func benchLabels(i int) [][2]string {
	return [][2]string{
		{"__name__", "bench"},
		{"namespace", fmt.Sprintf("team-%02d", i%40)},
		{"pod", fmt.Sprintf("service-%04d-6c8d7f9b54-x2x9k", i)},
		{"container", "app"},
	}
}

// benchValues makes the samples of series i, a slow wave around its own level. Even series have
// whole numbers, odd ones fractions with 16 digits.
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

// writeMatrix writes an answer of benchSeries series with this many points, as Prometheus would.
func writeMatrix(path string, of recorded, start, step int64, points int) error {
	return writeSeries(path, `{"status":"success","data":{"resultType":"matrix","result":[`, `]}}`,
		func(b []byte, i int) []byte {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"metric":{`...)
			for k, l := range of.labels(i) {
				if k > 0 {
					b = append(b, ',')
				}
				b = fmt.Appendf(b, "%q:%q", l[0], l[1])
			}
			b = append(b, `},"values":[`...)
			next := of.values(i)
			for j := range int64(points) {
				if j > 0 {
					b = append(b, ',')
				}
				b = fmt.Appendf(b, `[%d,"%s"]`, start+j*step, next())
			}
			return append(b, `]}`...)
		})
}

// writeBenchMetrics writes the same series as OpenMetrics text. Each has a bench_limit of 1, so the
// quotient equals the series.
func writeBenchMetrics(path string, start, step int64) error {
	return writeSeries(path, "", "# EOF\n", func(b []byte, i int) []byte {
		l := benchLabels(i)
		labels := fmt.Sprintf("{%s=%q,%s=%q,%s=%q}", l[1][0], l[1][1], l[2][0], l[2][1], l[3][0],
			l[3][1])
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

// writeSeries writes a file one series at a time so that the process stays small: a child's peak
// memory starts at its parent's.
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
