package promapi

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/testdata/hostile"
)

func metadataOf(t *testing.T, status int, body, metric string) ([]Metadata, Meta, error) {
	t.Helper()
	c := tripClient(t, Options{Attempts: 1, Matchers: prod()},
		func(r *http.Request) (*http.Response, error) {
			if q := r.URL.Query(); r.Method != http.MethodGet || r.URL.Path != "/api/v1/metadata" ||
				q.Get("metric") != metric || q.Get("limit_per_metric") != "1" {
				t.Errorf("got request %s %s, want the metadata of %q", r.Method, r.URL, metric)
			}
			return answer(r, status, body), nil
		})
	return c.Metadata(context.Background(), metric)
}

func TestMetadata(t *testing.T) {
	for _, tt := range []struct {
		name, metric, body string
		status             int
		want               []Metadata
	}{
		{
			name: "all", body: said(`{"b_total":[{"type":"counter","help":"B\n  of\ta.","unit":""}],
				"a":[{"unit":"bytes","help":"first","type":"gauge","x":[1]},{"type":"counter"}]}`),
			want: []Metadata{{"a", "gauge", "first", "bytes"}, {"b_total", "counter", "B of a.", ""}},
		},
		{
			name: "one", metric: "up", body: said(`{"up":[{"type":null}]}`),
			want: []Metadata{{Metric: "up"}},
		},
		{name: "none, as VictoriaMetrics", body: said(`{}`)},
		{name: "null", body: said(`null`)},
		{name: "a metric without entries", body: said(`{"up":[],"x":null}`)},
		{name: "twice", body: said(`{"up":[{"type":"gauge"}],"up":[{"type":"counter"}]}`),
			want: []Metadata{{Metric: "up", Type: "gauge"}}},
		{name: "no such path", status: 404, body: "404 page not found"},
	} {
		got, _, err := metadataOf(t, stdcmp.Or(tt.status, 200), tt.body, tt.metric)
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestMetadataErrors(t *testing.T) {
	many := &strings.Builder{}
	for i := range maxListed + 1 {
		fmt.Fprintf(many, `%s"m%d":[{}]`, map[bool]string{true: ","}[i > 0], i)
	}
	long := &strings.Builder{}
	for i := range 20 << 10 {
		fmt.Fprintf(long, `%s"m%d":[{"help":"%s"}]`, map[bool]string{true: ","}[i > 0], i,
			strings.Repeat("x", maxHelp))
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		kind   Kind
		says   string
	}{
		{"down", 503, "", KindBusy, "HTTP 503"},
		{"denied", 403, "", KindDenied, "HTTP 403"},
		{"no data", 200, `{"status":"success"}`, KindBadAnswer, "no data"},
		{"a list", 200, said(`["up"]`), KindBadAnswer, "expected the data"},
		{"cut", 200, `{"status":"success","data":{"up":[`, KindBadAnswer, "ends at byte"},
		{"many", 200, said("{" + many.String() + "}"), KindTooMuch, "more than 100000 metrics"},
		{"long", 200, said("{" + long.String() + "}"), KindTooMuch, "longer than 16 MiB"},
		{
			"one long text", 200, said(`{"up":[{"help":"` + strings.Repeat("x", maxHelpBytes+1) +
				`"}]}`), KindBadAnswer, "a metric's help",
		},
	} {
		_, _, err := metadataOf(t, tt.status, tt.body, "")
		var e *Error
		if !errors.As(err, &e) || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.says) {
			t.Errorf("%s: got %s, want %s: …%s…", tt.name, describe(err), tt.kind, tt.says)
		}
	}
}

func TestMetadataOfHostileWords(t *testing.T) {
	all := map[string][]map[string]string{}
	for _, w := range hostile.Words() {
		all[w.Text] = []map[string]string{{"type": w.Text, "help": w.Text, "unit": w.Text}}
	}
	body, err := json.Marshal(map[string]any{"status": "success", "data": all})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := metadataOf(t, 200, string(body), "")
	if err != nil || len(got) == 0 {
		t.Fatalf("got %d metrics, %v, want one for each word", len(got), err)
	}
	for _, m := range got {
		for _, text := range []string{m.Type, m.Help, m.Unit} {
			if r, bad := hostile.Unprintable(text); bad {
				t.Errorf("got %.100q, want none of %U", text, r)
			}
		}
	}
}

func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{
		`{"a":[{"type":"gauge","help":"h","unit":"bytes"},{"type":"counter"}],"b":[]}`,
		`{"a":[{"help":"\u202e\n"}],"a":null}`, `null`, `[]`, `{"a":{}}`,
	} {
		f.Add([]byte(said(seed)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := tripClient(t, Options{}, nil)
		whole, _, err := c.readMetadata(bytes.NewReader(body))
		slowly, _, slowErr := c.readMetadata(iotest.OneByteReader(bytes.NewReader(body)))
		if describe(err) != describe(slowErr) || !cmp.Equal(whole, slowly) {
			t.Fatalf("byte by byte: got %v, %v\nwant what the whole gives: %v, %v", slowly, slowErr,
				whole, err)
		}
		if err == nil && !json.Valid(body) {
			t.Fatalf("got no error for %q, want one: it is not JSON", body)
		}
	})
}
