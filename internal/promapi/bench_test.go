//go:build unix

package promapi

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/series"
)

// replayVar is the environment variable that makes this program replay one of the answers.
const (
	replayVar   = "PROMAPI_TEST_REPLAY"
	replayDay   = "day"
	replayMonth = "month"
)

func TestMain(m *testing.M) {
	switch os.Getenv(replayVar) {
	case "":
		os.Exit(m.Run())
	case replayDay:
		replay(recorded())
	case replayMonth:
		replay(recordedMonth())
	}
}

var benchGrid = series.Grid{
	Start: time.Unix(1_700_000_040, 0).UTC(), Step: 2 * time.Minute, Len: 720,
}

const benchSeries = 5000

// recorded is an answer of 5,000 series of 720 samples in the format of Prometheus. Half of the
// values are integers, half are fractions of 16 digits.
func recorded() []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 0, 110<<20)
	b = append(b, `{"status":"success","data":{"resultType":"matrix","result":[`...)
	for i := range benchSeries {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b,
			`{"metric":{"__name__":"container_memory_working_set_bytes","cluster":"prod","container":"main","namespace":"ns-%02d","node":"ip-10-0-%d-%d","pod":"app-%05d"},"values":[`,
			i%40, i%7, i%250, i)
		for j := range benchGrid.Len {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, '[')
			b = strconv.AppendInt(b, benchGrid.At(j).Unix(), 10)
			b = append(b, `,"`...)
			if (i+j)%2 == 0 {
				b = strconv.AppendInt(b, 1e8+rnd.Int64N(9e8), 10)
			} else {
				b = append(b, '0', '.')
				b = strconv.AppendInt(b, 1e15+rnd.Int64N(9e15), 10)
			}
			b = append(b, `"]`...)
		}
		b = append(b, "]}"...)
	}
	return append(b, "]}}"...)
}

// replay answers every request with body until its input ends. It is a separate process, so that
// its CPU time does not count for the reader.
func replay(body []byte) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		os.Exit(0)
	}()
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
}

// startReplay starts the replay of an answer and returns its URL.
func startReplay(b *testing.B, answer string) *url.URL {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), replayVar+"="+answer)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &url.URL{Scheme: "http", Host: strings.TrimSpace(addr)}
}

// The targets for Range compared to client_golang's QueryRange: how many times less CPU time and
// fewer allocated bytes.
const (
	lessCPU, lessCPUStretch       = 12, 20
	fewerBytes, fewerBytesStretch = 15, 100
)

// cost is the lowest cost of an operation.
type cost struct {
	cpu   time.Duration // of this process, and of the kernel for it
	bytes uint64        // allocated
}

// add runs f once more. It must read every sample.
func (c *cost) add(b *testing.B, samples int, f func() int) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC() // what the other side has left behind is not this one's
	runtime.ReadMemStats(&before)
	start := cpuTime(b)
	if got := f(); got != samples {
		b.Fatalf("got %d samples, want %d", got, samples)
	}
	cpu := cpuTime(b) - start
	runtime.ReadMemStats(&after)
	bytes := after.TotalAlloc - before.TotalAlloc
	if c.cpu == 0 {
		*c = cost{cpu, bytes}
	}
	c.cpu, c.bytes = min(c.cpu, cpu), min(c.bytes, bytes)
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// queryRange reads an answer with client_golang and returns the number of samples.
func queryRange(b *testing.B, client api.Client, g series.Grid) int {
	b.Helper()
	r := v1.Range{Start: g.Start, End: g.End(), Step: g.Step}
	v, _, _, err := v1.NewAPI(client).QueryRange(b.Context(), "x", r)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for _, s := range v.(model.Matrix) {
		n += len(s.Values)
	}
	return n
}

// BenchmarkDecode reads 5,000 series of 720 samples over loopback with Range and with
// client_golang's QueryRange in turn. It fails if Range misses its targets.
func BenchmarkDecode(b *testing.B) {
	base := startReplay(b, replayDay)
	c, err := New(base, nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	client, err := api.NewClient(api.Config{Address: base.String()})
	if err != nil {
		b.Fatal(err)
	}
	ranged := func() int {
		var sum float64
		meta, err := c.Range(b.Context(), Query{Expr: "x", Grid: benchGrid},
			func(s series.Series) error {
				sum += s.Values[0]
				return nil
			})
		if err != nil || sum == 0 {
			b.Fatal(err)
		}
		return meta.Samples
	}
	queried := func() int { return queryRange(b, client, benchGrid) }
	ranged() // the connection, and the pages of the heap
	var ours, theirs cost
	for b.Loop() {
		for range 5 { // Range is soon done
			ours.add(b, benchSeries*benchGrid.Len, ranged)
		}
		theirs.add(b, benchSeries*benchGrid.Len, queried)
	}
	cpu, bytes := float64(theirs.cpu)/float64(ours.cpu), float64(theirs.bytes)/float64(ours.bytes)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(cpu, "x-less-cpu")
	b.ReportMetric(bytes, "x-fewer-bytes")
	b.Logf("reading an answer against client_golang: Range %v, %.1f MB; QueryRange %v, %.1f MB",
		ours.cpu, float64(ours.bytes)/1e6, theirs.cpu, float64(theirs.bytes)/1e6)
	b.Logf("%.1f times less processor time; the bound is %d, strive for %d", cpu, lessCPU,
		lessCPUStretch)
	b.Logf("%.0f times fewer bytes; the bound is %d, strive for %d", bytes, fewerBytes,
		fewerBytesStretch)
	if cpu < lessCPU || bytes < fewerBytes {
		b.Errorf("got %.1f times less processor time, want %d; %.0f times fewer bytes, want %d",
			cpu, lessCPU, bytes, fewerBytes)
	}
}

// BenchmarkRange measures Range alone, for profiles.
func BenchmarkRange(b *testing.B) {
	c, err := New(startReplay(b, replayDay), nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		meta, err := c.Range(b.Context(), Query{Expr: "x", Grid: benchGrid},
			func(series.Series) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(meta.Bytes)
	}
}
