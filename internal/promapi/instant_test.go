package promapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/series"
)

// at is the time of the instant queries of these tests.
var at = time.Unix(1700000040, 500e6).UTC()

// vector is an answer to an instant query.
func vector(result string) string {
	return `{"status":"success","data":{"resultType":"vector","result":[` + result + `]}}`
}

func TestInstantAsks(t *testing.T) {
	c := tripClient(t, Options{
		Matchers: prod(), Params: map[string]string{"dedup": "true"}, QueryTimeout: 2 * time.Second,
	}, func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		want := url.Values{
			"query": {`up{cluster="prod"}`}, "time": {"1700000040.5"}, "timeout": {"2"},
			"limit": {"8"}, "dedup": {"true"},
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("form (-want +got):\n%s", diff)
		}
		if got := r.Method + " " + r.URL.Path; got != "POST /api/v1/query" {
			t.Errorf("got %s, want POST /api/v1/query", got)
		}
		return answer(r, 200, strings.TrimSuffix(vector(""), "}")+`,"warnings":["w"]}`), nil
	})
	got, meta, err := c.Instant(t.Context(), Instant{Expr: "up", Time: at, Limit: 7})
	want := Meta{Expr: `up{cluster="prod"}`, Warnings: []string{"w"}, Partial: true}
	if diff := cmp.Diff(want, meta, cmpopts.IgnoreFields(Meta{}, "Bytes")); err != nil ||
		len(got) != 0 || diff != "" {
		t.Errorf("got %v, %v; meta (-want +got):\n%s", got, err, diff)
	}
}

func TestInstantDecodes(t *testing.T) {
	sample := func(value float64, nv ...string) Sample {
		return Sample{series.FromPairs(nv...), value, at}
	}
	for _, tt := range []struct {
		name, body string
		want       []Sample
		kind       Kind // of the error; "" for none
		says       string
	}{
		{
			name: "samples in the server's order",
			body: vector(`{"metric":{"n":"b"},"value":[1700000040.5,"2"]},` +
				`{"metric":{"__name__":"up","n":"a","empty":""},"value":[1700000040.5,"-1e3"]}`),
			want: []Sample{sample(2, "n", "b"), sample(-1000, "__name__", "up", "n", "a")},
		},
		{
			name: "a scalar",
			body: `{"status":"success","data":{"resultType":"scalar","result":[1700000040.5,"3"]}}`,
			want: []Sample{{nil, 3, at}},
		},
		{
			name: "keys in another order",
			body: `{"data":{"result":[{"value":[1700000040.5,"1"],"x":[{}],"metric":{}}],` +
				`"resultType":"vector"},"status":"success"}`,
			want: []Sample{sample(1)},
		},
		{name: "nothing", body: vector("")},
		{
			name: "null", body: `{"status":"success","data":{"resultType":"vector","result":null}}`,
		},
		{
			name: "a matrix",
			body: `{"status":"success","data":{"resultType":"matrix","result":[]}}`,
			kind: KindQuery, says: "the answer is a matrix, not one value a series",
		},
		{
			name: "a string",
			body: `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`,
			kind: KindQuery, says: "the answer is a string",
		},
		{
			name: "values", body: vector(`{"metric":{},"values":[[1,"1"]]}`), kind: KindQuery,
			says: "the answer is a matrix",
		},
		{
			name: "no type", body: `{"status":"success","data":{"result":[]}}`, kind: KindBadAnswer,
			says: "the answer has no result type",
		},
		{
			name: "a type that is not true",
			body: `{"status":"success","data":{"resultType":"scalar","result":[{"value":[1,"1"]}]}}`,
			kind: KindBadAnswer, says: "not the scalar that the answer says",
		},
		{
			name: "no result", body: `{"status":"success","data":{"resultType":"vector"}}`,
			kind: KindBadAnswer, says: "the answer has no result",
		},
		{
			name: "no value", body: vector(`{"metric":{"n":"a"}}`), kind: KindBadAnswer,
			says: "a sample has no value",
		},
		{
			name: "two values", body: vector(`{"value":[1,"1"],"value":[1,"1"]}`),
			kind: KindBadAnswer, says: "a value twice",
		},
		{
			name: "no number", body: vector(`{"value":[1,"one"]}`), kind: KindBadAnswer,
			says: `"one" is not a sample's value`,
		},
		{
			name: "no time", body: vector(`{"value":[1e99,"1"]}`), kind: KindBadAnswer,
			says: "is not a time in seconds",
		},
		{
			name: "a histogram", body: vector(`{"metric":{"n":"a"},"histogram":[1,{}]}`),
			kind: KindHistogram, says: `{n="a"} has native histograms`,
		},
		{
			name: "a series twice", body: vector(`{"value":[1,"1"]},{"value":[1,"2"]}`),
			kind: KindBadAnswer, says: "twice",
		},
		{
			name: "an error",
			body: `{"status":"error","errorType":"bad_data","error":"parse error"}`,
			kind: KindQuery, says: "instant query at http://prometheus.test:9090: bad_data: parse error",
		},
		{
			name: "a web page", body: "<html></html>", kind: KindNotFound, says: "a web page",
		},
		{
			name: "cut off", body: vector("")[:40], kind: KindBadAnswer, says: "the answer ends at",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, whole := range []bool{true, false} {
				c := tripClient(t, Options{Attempts: 1}, func(r *http.Request) (*http.Response,
					error) {
					res := answer(r, 200, tt.body)
					if !whole {
						res.Body = io.NopCloser(iotest.OneByteReader(res.Body))
					}
					return res, nil
				})
				got, _, err := c.Instant(t.Context(), Instant{Expr: "up", Time: at})
				var e *Error
				if tt.kind != "" {
					if !errors.As(err, &e) || e.Kind != tt.kind ||
						!strings.Contains(e.Error(), tt.says) {
						t.Errorf("got %s, want %s: %s", describe(err), tt.kind, tt.says)
					}
					continue
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			}
		})
	}
}

func TestInstantLimit(t *testing.T) {
	c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
		return answer(r, 200, vector(`{"metric":{"n":"1"},"value":[1,"1"]},`+
			`{"metric":{"n":"2"},"value":[1,"1"]},{"metric":{"n":"3"},"value":[1,"1"]}`)), nil
	})
	var limit *LimitError
	if got, _, err := c.Instant(t.Context(), Instant{Expr: "up", Limit: 2}); !errors.As(err,
		&limit) || limit.Limit != 2 || got != nil {
		t.Errorf("got %v, %v; want a limit of 2", got, err)
	}
	got, meta, err := c.Instant(t.Context(), Instant{Expr: "up", Limit: 3})
	if err != nil || len(got) != 3 || meta.Series != 3 {
		t.Errorf("got %v, %d series, %v; want 3", got, meta.Series, err)
	}
}

// An instant query is retried as a range query is, and its errors hold no secret.
func TestInstantRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return answer(r, 503, ""), nil
			}
			return answer(r, 200, vector(`{"value":[1,"1"]}`)), nil
		})
		if got, _, err := c.Instant(t.Context(), Instant{Expr: "up"}); err != nil ||
			len(got) != 1 || tries != 3 {
			t.Errorf("got %v, %v after %d tries, want one sample after 3", got, err, tries)
		}
	})
	var asked []string
	c := newClient(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		_, _ = io.WriteString(w, vector(""))
	})
	if _, _, err := c.Instant(t.Context(), Instant{Expr: "up"}); err != nil ||
		fmt.Sprint(asked) != "[POST GET]" {
		t.Errorf("got %v after %v, want no error after POST and GET", err, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := tripClient(t, Options{}, nil).Instant(ctx,
		Instant{Expr: "up"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// collect returns a function that appends copies of samples.
func collect(to *[]Sample) func(Sample) {
	return func(s Sample) {
		s.Labels = s.Labels.Clone()
		*to = append(*to, s)
	}
}

// FuzzInstant compares the decoder with encoding/json: what it accepts is JSON with the same
// samples, whether it arrives at once or byte by byte.
func FuzzInstant(f *testing.F) {
	for _, seed := range []string{
		vector(`{"metric":{"a":"1","b":""},"value":[1700000040.5,"-1e3"]},{"value":[1,"NaN"]}`),
		`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]},"warnings":["w"]}`,
		`{"data":{"result":[{"value":[1.7e9,"+Inf"],"x":{}}],"resultType":"vector"},"status":"success"}`,
		`{"status":"error","errorType":"timeout","error":"query timed out"}`,
		vector(`{"metric":{},"histogram":[1,{}]}`), said(`["a","b"]`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var samples, slowly []Sample
		d := newInstantDecoder(bytes.NewReader(body), 100, collect(&samples))
		err := d.decode()
		slow := newInstantDecoder(iotest.OneByteReader(bytes.NewReader(body)), 100,
			collect(&slowly))
		slowErr := slow.decode()
		if describe(err) != describe(slowErr) ||
			!cmp.Equal(samples, slowly, cmpopts.EquateNaNs()) {
			t.Fatalf("byte by byte: got %v, %v\nwant what the whole gives: %v, %v", slowly,
				slowErr, samples, err)
		}
		if err != nil {
			return
		}
		if d.pair || len(samples) == 0 {
			if !json.Valid(body) {
				t.Fatalf("got no error for %q, want one: it is not JSON", body)
			}
			return
		}
		var want struct {
			Data struct {
				Result []struct {
					Metric map[string]string
					Value  [2]any
				}
			}
		}
		if err := json.Unmarshal(body, &want); err != nil ||
			len(want.Data.Result) != len(samples) {
			t.Fatalf("got %d samples, want %d, %v", len(samples), len(want.Data.Result), err)
		}
	})
}
