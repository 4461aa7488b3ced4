package app_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panels"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// cutAnswer returns the complete answer for the panels of TestAnswersCutAtEveryByte: two series on
// a grid of ten minutes.
func cutAnswer() string {
	at := slot.Add(-10 * time.Minute).Unix()
	return fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"n":"a"},"values":[[%d,"1"],[%d,"2"]]},{"metric":{"n":"b"},"values":[[%d,"3"]]}]}}`,
		at, at+600, at+600)
}

// Each panel of a run gets an answer that ends at another byte: as the end of the body, as a broken
// connection, and compressed. Every cut fails its panel and is never read as a shorter answer.
// Panels with a complete answer have their data.
func TestAnswersCutAtEveryByte(t *testing.T) {
	t.Parallel() // it waits
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, cutAnswer())
	_ = z.Close()
	for _, tt := range []struct {
		name, body, encoding string
		breaks               bool // the connection, instead of ending the body
		say                  string
	}{
		{
			"ends", cutAnswer(), "", false, "the answer was cut off: check the time and size " +
				"limits of the proxies in between",
		},
		{"breaks", cutAnswer(), "", true, "the connection failed or broke off"},
		{"packed", packed.String(), "gzip", false, ""}, // the error is from gzip or from JSON
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, whole := cutPanels(t, len(tt.body)), 0
			cfg.Prometheus.URL = serve(t,
				http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					number, ok := strings.CutPrefix(r.FormValue("query"), "cut == ")
					if !ok {
						_, _ = io.WriteString(w,
							`{"status":"success","data":{"resultType":"matrix","result":[]}}`)
						return
					}
					n, _ := strconv.Atoi(number)
					if tt.encoding != "" {
						w.Header().Set("Content-Encoding", tt.encoding)
					}
					if tt.breaks {
						w.Header().Set("Content-Length", strconv.Itoa(len(tt.body)))
					}
					_, _ = io.WriteString(w, tt.body[:min(n, len(tt.body))])
				}))
			// A webhook needs no drawing: under the race detector, drawing placeholders for 180
			// panels takes a minute.
			a, err := app.New(t.Context(), cfg, app.Options{
				Version: "test", Slot: slot, Timeout: 10 * time.Minute, Now: time.Now,
				To: app.Receivers{},
			})
			if err != nil {
				t.Fatal(err)
			}
			res := a.Run(t.Context()).Results[0]
			for n, p := range res.Report.Panels {
				switch {
				case n < len(tt.body) && (p.Data != snapshot.DataFailed || p.Failure == nil ||
					!strings.Contains(p.Failure.Error(), tt.say) || p.Total != 0 ||
					len(p.Rows) != 0):
					t.Errorf("cut at byte %d: got data %v of %d series, %v; want a failure with %q",
						n, p.Data, p.Total, p.Failure, tt.say)
				case n >= len(tt.body) && (p.Failure != nil || p.Total != 2 ||
					p.Rows[0].Stats.Last != 3 || p.Rows[1].Stats.Last != 2):
					t.Errorf("complete: got %+v, %v; want two series", p.Rows, p.Failure)
				case n >= len(tt.body):
					whole++
				}
			}
			if whole != 2 || len(res.Report.Failures) != len(tt.body) || res.Err != nil {
				t.Errorf("got data in %d panels, %d failures, %v; want 2, %d", whole,
					len(res.Report.Failures), res.Err, len(tt.body))
			}
		})
	}
}

// cutPanels returns a configuration with a panel for each byte at which an answer of a size is cut,
// and two panels with a complete answer.
func cutPanels(t *testing.T, size int) *config.Config {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\ncluster: test\nprometheus: {query_offset: 0s, concurrency: " +
		"64}\nreports:\n  - name: cut\n    range: 10m\n    panels:\n")
	for n := range size + 2 {
		fmt.Fprintf(&b, "      - {name: cut-%d, query: 'cut == %d', step: 10m}\n", n, n)
	}
	program := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	fmt.Fprintf(&b, "    receivers: [program]\nreceivers: [{name: program, webhook: {url: "+
		"'%s'}}]\nstate: {dir: '%s'}\n", program, t.TempDir())
	cfg, err := config.Load("promsnap.yaml", []byte(b.String()), config.Options{
		Builtin: panels.In, URL: "http://127.0.0.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
