//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The bounds of the function.
var (
	functionStart = bound{
		"median time from a sandbox's start to its first request", 60, 40, "start-ms",
	}
	functionMemory = bound{
		"peak memory of a function of 128 MiB with 6 panels of 5,000 series", 110, 100, "peak-MiB",
	}
)

const starts = 20

// BenchmarkLambdaStart measures the time from a sandbox's start to its first request for an
// invocation, in turn with a function that does nothing.
func BenchmarkLambdaStart(b *testing.B) {
	path, err := bootstrap()
	if err != nil {
		b.Fatal(err)
	}
	hello := filepath.Join(b.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w",
		"-o", hello, "./testdata/hello")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building hello: %v\n%s", err, out)
	}
	for range b.N {
		var ours, theirs []time.Duration
		for range starts {
			ours, theirs = append(ours, startTime(b, path)), append(theirs, startTime(b, hello))
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		b.Logf("start to first next, the fastest, the median and the slowest of %d:\n  promsnap "+
			"%v %v %v\n  hello    %v %v %v", starts,
			ours[0], ours[starts/2], ours[starts-1], theirs[0], theirs[starts/2], theirs[starts-1])
		functionStart.hold(b, float64(ours[starts/2].Microseconds())/1000)
		b.ReportMetric(float64(theirs[starts/2].Microseconds())/1000, "hello-ms")
	}
	b.ReportMetric(0, "ns/op")
}

// startTime starts a function and returns the time until it requested an invocation.
func startTime(b *testing.B, path string) time.Duration {
	b.Helper()
	f := startFunction(b, path, "AWS_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128")
	defer f.kill()
	select {
	case at := <-f.first:
		return at.Sub(f.began)
	case <-f.ended:
		b.Fatalf("the function ended, want a request for an invocation:\n%s", f.logged())
	case <-time.After(patience):
		b.Fatalf("no request for an invocation after %s, want one", patience)
	}
	return 0
}

// BenchmarkLambdaMemory runs a report of 6 panels of 5,000 series each in a function of 128 MiB,
// twice in one sandbox.
func BenchmarkLambdaMemory(b *testing.B) {
	path, err := bootstrap()
	if err != nil {
		b.Fatal(err)
	}
	url := startReplay(b)
	var panels strings.Builder
	for i := range 6 {
		fmt.Fprintf(&panels, "      - {name: wide-%d, query: 'bench', legend: "+
			"'{{namespace}}/{{pod}}', rules: [{alertname: High%d, above: {warning: 999999}, for: "+
			"15m}]}\n", i, i)
	}
	config := configFile(b, fmt.Sprintf(`version: 1
cluster: bench
prometheus: {url: %s, query_offset: 0s}
reports:
  - name: wide
    range: %dm
    receivers: [archive]
    panels:
%sreceivers: [{name: archive, dir: {path: archive}}]
state: {dir: state}
`, url, benchPoints-1, panels.String()))
	for range b.N {
		f := startFunction(b, path, "AWS_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
			"LAMBDA_TASK_ROOT="+filepath.Dir(config))
		var took []time.Duration
		for i := range 2 {
			begin := time.Now()
			kind, v := f.invoke(b,
				fmt.Sprintf(`{"time": %q}`,
					benchEnd.Add(time.Duration(i)*time.Minute).Format(time.RFC3339)))
			took = append(took, time.Since(begin))
			if kind != "response" || v.Verdict != "ok" || len(v.Reports) != 1 ||
				v.Reports[0].OK != 6*benchSeries {
				b.Fatalf("%s %+v, want ok and %d series", kind, v, 6*benchSeries)
			}
		}
		resident := f.kill()
		b.Logf("6 panels of %d series × %d points in a function of 128 MiB: peak %.1f MiB, %v",
			benchSeries, benchPoints, resident, took)
		if resident == 0 {
			b.Fatal("the function ended before its memory could be read, want it alive")
		}
		functionMemory.hold(b, resident)
	}
	b.ReportMetric(0, "ns/op")
}
