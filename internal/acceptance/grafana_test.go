//go:build acceptance

package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/value/valuetest"
)

// grafana is the directory of the packages that Grafana's own code judges.
var grafana = filepath.Join("..", "grafana")

// Unit tests compare our packages with these files, without Node. Here Node and Grafana's code
// write them again, so that a new version that answers differently shows.
func TestGrafanaGoldens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ script, golden string }{
		{"jsregexp/testdata/judge.mjs", "jsregexp/testdata/javascript.jsonl"},
		{"value/testdata/units.mjs", "value/testdata/units.jsonl"},
		{"value/testdata/display.mjs", "value/testdata/display.jsonl"},
		{"testdata/intervals.mjs", "testdata/intervals.json"},
	} {
		t.Run(c.golden, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(grafana, c.golden))
			if err != nil {
				t.Fatal(err)
			}
			got := judged(t, c.script)
			if bytes.Equal(got, want) {
				return
			}
			gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
			for i := range min(len(gotLines), len(wantLines)) {
				if !bytes.Equal(gotLines[i], wantLines[i]) {
					t.Fatalf("line %d:\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
				}
			}
			t.Fatalf("got %d lines, want %d", len(gotLines), len(wantLines))
		})
	}
}

// Units on 320 values each, and 6,000 fields with mappings, thresholds and colours of every kind.
func TestGrafanaValues(t *testing.T) {
	t.Parallel()
	t.Run("units", func(t *testing.T) {
		answers := judged(t, "value/testdata/units.mjs", "all")
		if n := valuetest.Units(t, bytes.NewReader(answers)); n < 500_000 {
			t.Errorf("got %d results, want more than 500,000", n)
		}
	})
	t.Run("display", func(t *testing.T) {
		answers := judged(t, "value/testdata/display.mjs", "all")
		if n := valuetest.Displays(t, bytes.NewReader(answers)); n < 80_000 {
			t.Errorf("got %d values, want more than 80,000", n)
		}
	})
}

// judged runs a script of internal/grafana with @grafana/data, and returns what it writes.
func judged(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	args = append([]string{
		filepath.Join(grafana, script), filepath.Dir(installed(t, "grafana-data/node_modules")),
	}, args...)
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LANG=C.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", script, err, stderr.Bytes())
	}
	return out
}
