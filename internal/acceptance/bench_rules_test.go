//go:build acceptance

package acceptance

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var rulesTime = bound{
	"time of 500 rules over a day, against the server's own time for their queries", 1.2, 1.1,
	"×server",
}

// benchRules is how many rules are run, and benchRounds how often each side runs. The fastest
// rounds are compared.
const (
	benchRules  = 500
	benchRounds = 2
	// benchAtOnce is how many queries the program sends at once.
	benchAtOnce = 4
)

// BenchmarkRules runs 500 rules over 24 hours on promlab, and compares the time with that of the
// same queries whose answers nobody reads. The report is drawn and written.
func BenchmarkRules(b *testing.B) {
	s := startPromlab(b, 9, rulesEnd)
	var file strings.Builder
	file.WriteString("groups:\n- name: bench\n  interval: 1m\n  rules:\n")
	var queries []string
	for i := range benchRules {
		expr := []string{
			"node_load5 > %d", "node_memory_MemAvailable_bytes < %d", "up == %d",
			"sum by (instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])) > %d",
			"node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.0%d",
		}[i%5]
		expr = fmt.Sprintf(expr, 2+i/5)
		queries = append(queries, expr)
		fmt.Fprintf(&file, "  - {alert: Rule%d, expr: %s, for: 5m}\n", i, strconv.Quote(expr))
	}
	path := filepath.Join(b.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ours, server := time.Hour, time.Hour
		for range benchRounds {
			server = min(server, askAll(b, s, queries))
			o := execute(b, "run", "--rules", path, "--prometheus-url", s.url, "--output-dir", "out",
				"--time", rulesEnd.Format(time.RFC3339)).want(b, 0)
			ours = min(ours, o.took)
		}
		b.Logf("%d rules in %v, their queries alone in %v", benchRules, ours, server)
		rulesTime.hold(b, ours.Seconds()/server.Seconds())
	}
}

// askAll sends the range queries of rules as promsnap does, and returns how long that took.
func askAll(b *testing.B, s *server, queries []string) time.Duration {
	b.Helper()
	end := rulesEnd.Add(-time.Minute)
	start := end.Add(-24*time.Hour - 5*time.Minute)
	next := make(chan string)
	var all sync.WaitGroup
	began := time.Now()
	for range benchAtOnce {
		all.Go(func() {
			for expr := range next {
				if _, err := s.get("/api/v1/query_range", url.Values{
					"query": {expr}, "start": {strconv.FormatInt(start.Unix(), 10)},
					"end": {strconv.FormatInt(end.Unix(), 10)}, "step": {"60"},
				}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, expr := range queries {
		next <- expr
	}
	close(next)
	all.Wait()
	return time.Since(began)
}
