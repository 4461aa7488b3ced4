// Command report is promsnap as an AWS Lambda function. It gets an event, runs what the command
// runs with --deliver, and returns a result. It contains no Kubernetes code. docs/lambda.md says
// how to install it.
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

// limitMemory sets the memory limit of the garbage collector to a share of the function's memory.
// The rest is for the program itself, and for memory outside the heap. GOMEMLIMIT overrides it.
func limitMemory() {
	size, err := strconv.ParseInt(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err != nil || size <= 0 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	const percent = 60
	debug.SetMemoryLimit(size << 20 / 100 * percent)
}
