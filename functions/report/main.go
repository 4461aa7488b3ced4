// Command report is promsnap as an AWS Lambda function: an event in, the run of the command's
// --deliver in the middle, a result out. It has no Kubernetes side. docs/lambda.md says how it is
// put up.
package main

import (
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // Lambda's runtime has no zones

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/promsnap/promsnap/internal/app"
)

// version is set by the build.
var version = "dev"

func main() {
	limitMemory()
	stop := make(chan struct{})
	h := &handler{
		version: version, getenv: os.Getenv, now: time.Now,
		log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), stop: stop,
		reading: app.ConfigOptions(os.Getenv, time.Now), loading: loadTime,
	}
	lambda.StartWithOptions(h.report, lambda.WithEnableSIGTERM(sync.OnceFunc(func() {
		close(stop)
	})))
}

// limitMemory lets the garbage collector know how large the function is. The rest is the program
// itself, and what the kernel counts for it beside the heap. GOMEMLIMIT goes before it.
func limitMemory() {
	size, err := strconv.ParseInt(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err != nil || size <= 0 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	const ofHundred = 60
	debug.SetMemoryLimit(size << 20 / 100 * ofHundred)
}
