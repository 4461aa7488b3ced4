//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/lab"
	reportjson "github.com/promsnap/promsnap/internal/report/json"
)

// inMilliseconds is the time at the end of a sample in Prometheus' text format. OpenMetrics has
// seconds.
var inMilliseconds = regexp.MustCompile(`(?m)(\d{3})$`)

// TestChanges runs the program against a real Prometheus with the cases from the field that have
// changes, and wants what promlab gives.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"change_rollout", "change_honor_false", "pass_change_gap"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("../../testdata/field/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			var w struct{ Want []struct{ Changes []string } }
			if err := yaml.Unmarshal(text, &w); err != nil {
				t.Fatal(err)
			}
			r, err := lab.ReadRecording(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			var samples bytes.Buffer
			if err := r.WriteText(&samples); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			om, blocks := filepath.Join(dir, "om"), filepath.Join(dir, "data")
			body := inMilliseconds.ReplaceAll(samples.Bytes(), []byte(".$1"))
			body = bytes.ReplaceAll(body, []byte(`", `), []byte(`",`)) // no blanks between labels
			if err := os.WriteFile(om, append(body, "# EOF\n"...), 0o644); err != nil {
				t.Fatal(err)
			}
			makeBlocks(t, om, blocks)
			s := startPrometheus(t, installed(t, "prometheus"), nil, blockFlags(t, blocks)...)

			o := promsnap(t, "run", "--prometheus-url", s.url, "--time",
				r.End.Format(time.RFC3339), "--range", "3h", "--output-dir", "out").want(t, 0)
			var doc reportjson.Document
			if err := json.Unmarshal(o.file(t, "default", r.End, "report.json"), &doc); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range doc.Findings {
				for _, c := range f.Changes {
					got = append(got, f.Panel+" "+f.Name+": "+c)
				}
			}
			if want := w.Want[0].Changes; !slices.Equal(got, want) {
				t.Errorf("got the changes\n%s\nwant\n%s", strings.Join(got, "\n"),
					strings.Join(want, "\n"))
			}
		})
	}
}
