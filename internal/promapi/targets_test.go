package promapi

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/series"
)

// The targets of a Prometheus 3, in short. The second has credentials in its URL and in its error.
const targetsAnswer = `{"status":"success","data":{"activeTargets":[
{"discoveredLabels":{"__address__":"10.0.1.12:9100"},
"labels":{"job":"node","instance":"10.0.1.12:9100","empty":""},"scrapePool":"node",
"scrapeUrl":"http://10.0.1.12:9100/metrics","globalUrl":"x","lastError":"",
"lastScrape":"2026-03-10T12:00:00.123456789Z","lastScrapeDuration":0.021,"health":"up",
"scrapeInterval":"30s","scrapeTimeout":"10s"},
{"labels":{"job":"probe","instance":"a"},"scrapePool":"probe",
"scrapeUrl":"https://u:s3cret@h/probe?token=s3cret","lastError":
"Get \"https://u:s3cret@h/probe?token=s3cret\": context deadline exceeded\n\u001b[31m",
"lastScrape":"0001-01-01T00:00:00Z","lastScrapeDuration":0,"health":"down",
"scrapeInterval":"1m","scrapeTimeout":"bad","lastSamplesScraped":12}
],"droppedTargets":[{"discoveredLabels":{}}],"droppedTargetCounts":{"node":1}}}`

func collectTargets(to *[]Target) func(Target) {
	return func(t Target) {
		t.Labels = t.Labels.Clone()
		*to = append(*to, t)
	}
}

func TestTargets(t *testing.T) {
	up := Target{
		Labels: series.FromPairs("instance", "10.0.1.12:9100", "job", "node"), Pool: "node",
		URL: "http://10.0.1.12:9100/metrics", Health: HealthUp, Duration: .021,
		Samples: math.NaN(), Interval: 30 * time.Second, Timeout: 10 * time.Second,
		LastScrape: time.Date(2026, 3, 10, 12, 0, 0, 123456789, time.UTC),
	}
	down := Target{
		Labels: series.FromPairs("instance", "a", "job", "probe"), Pool: "probe",
		URL: "https://h/probe?…", Health: HealthDown, Samples: 12, Interval: time.Minute,
		LastError: `Get "https://h/probe?…": context deadline exceeded [31m`,
	}
	for name, tc := range map[string]struct {
		status   int
		answer   string
		o        Options
		served   bool
		want     []Target
		kind     Kind
		requests int
	}{
		"two":           {200, targetsAnswer, Options{}, true, []Target{up, down}, "", 1},
		"none":          {200, said(`{"activeTargets":[]}`), Options{}, true, nil, "", 1},
		"null":          {200, said(`{"activeTargets":null}`), Options{}, true, nil, "", 1},
		"no such path":  {404, "404 page not found", Options{}, false, nil, "", 1},
		"another API":   {200, said(`["a"]`), Options{}, false, nil, "", 1},
		"no list":       {200, said(`{}`), Options{}, false, nil, "", 1},
		"a page":        {200, "<html></html>", Options{}, false, nil, "", 1},
		"forbidden":     {403, "no", Options{}, false, nil, KindDenied, 1},
		"not available": {503, "later", Options{Attempts: 2, Backoff: 1}, false, nil, KindBusy, 2},
		"only some": {
			200, targetsAnswer,
			Options{Matchers: []*labels.Matcher{
				labels.MustNewMatcher(labels.MatchEqual, "job", "probe"),
			}},
			true, []Target{down}, "", 1,
		},
		"odd values": {
			200, said(`{"activeTargets":[{"health":"asleep","lastScrape":"soon","labels":null,
				"lastScrapeDuration":-1,"lastError":null,"scrapeInterval":"1.5s","new":[{}]}]}`),
			Options{}, true,
			[]Target{{
				Health: HealthUnknown, Duration: math.NaN(), Samples: math.NaN(),
				Interval: 1500 * time.Millisecond,
			}}, "", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			c := newClient(t, tc.o, func(w http.ResponseWriter, r *http.Request) {
				requests++
				if got := r.URL.String(); got != "/api/v1/targets?state=active" {
					t.Errorf("got request %s, want /api/v1/targets?state=active", got)
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			})
			var got []Target
			served, _, err := c.Targets(t.Context(), func() { got = nil }, collectTargets(&got))
			if served != tc.served || kindOf(err) != tc.kind || requests != tc.requests {
				t.Errorf("got served %v, %v after %d requests; want %v, %q after %d", served, err,
					requests, tc.served, tc.kind, tc.requests)
			}
			if d := cmp.Diff(tc.want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("targets (-want +got):\n%s", d)
			}
		})
	}
}

func kindOf(err error) Kind {
	if e, ok := err.(*Error); ok { //nolint:errorlint // Targets returns it unwrapped
		return e.Kind
	}
	return ""
}

// An error of a target may have any length, and the text around a cut has no part of a secret.
func TestTargetsLongError(t *testing.T) {
	long := strings.Repeat("ü", 100_000)
	c := newClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(said(`{"activeTargets":[{"lastError":"` + long + `"}]}`)))
	})
	var got []Target
	served, _, err := c.Targets(t.Context(), func() {}, collectTargets(&got))
	if !served || err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v, %v; want one target", served, got, err)
	}
	if n := len([]rune(got[0].LastError)); n != maxMessage {
		t.Errorf("got an error of %d characters, want %d", n, maxMessage)
	}
}

func TestTargetsBound(t *testing.T) {
	c := newClient(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(said(`{"activeTargets":[{}` +
			strings.Repeat(",{}", maxTargets) + `]}`)))
	})
	count := 0
	_, _, err := c.Targets(t.Context(), func() {}, func(Target) { count++ })
	if kindOf(err) != KindTooMuch || count != maxTargets {
		t.Errorf("got %d targets, %v; want %d and %q", count, err, maxTargets, KindTooMuch)
	}
}

// FuzzTargets compares the decoder with encoding/json: what it accepts is JSON with the same
// targets, whether it arrives at once or byte by byte.
func FuzzTargets(f *testing.F) {
	f.Add([]byte(targetsAnswer))
	f.Add([]byte(said(`{"activeTargets":[{"labels":{"a":"` + "\xff" + `"},"lastError":"\ud83d"}]}`)))
	f.Add([]byte(said(`{"droppedTargets":null,"activeTargets":null}`)))
	f.Add([]byte(`{"status":"error","errorType":"timeout","error":"query timed out"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var all, slowly []Target
		err := newTargetDecoder(bytes.NewReader(body), collectTargets(&all)).decode()
		slowErr := newTargetDecoder(iotest.OneByteReader(bytes.NewReader(body)),
			collectTargets(&slowly)).decode()
		if describe(err) != describe(slowErr) ||
			!cmp.Equal(all, slowly, cmpopts.EquateNaNs()) {
			t.Fatalf("byte by byte: got %v, %v\nwant what the whole gives: %v, %v", slowly,
				slowErr, all, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("got no error for %q, want one: it is not JSON", body)
		}
		for _, target := range all {
			if !(target.Duration >= 0 || math.IsNaN(target.Duration)) ||
				len(target.LastError) > 4*maxText || target.Interval < 0 {
				t.Fatalf("got %+v, want values within bounds", target)
			}
		}
	})
}
