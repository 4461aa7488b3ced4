package promapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// trip is a transport without a network.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is an HTTP answer; head is name, value, name, value, …
func answer(r *http.Request, status int, body string, head ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
		Request: r,
	}
	for i := 0; i < len(head); i += 2 {
		resp.Header.Set(head[i], head[i+1])
	}
	return resp
}

func tripClient(t testing.TB, o Options, f trip) *Client {
	t.Helper()
	c, err := New(&url.URL{Scheme: "http", Host: "prometheus.test:9090"}, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func none(series.Series) error { return nil }

func TestRetries(t *testing.T) {
	const (
		timeout   = `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`
		canceled  = `{"status":"error","errorType":"canceled","error":"query was canceled in expression evaluation"}`
		execution = `{"status":"error","errorType":"execution","error":"found duplicate series"}`
		internal  = `{"status":"error","errorType":"internal","error":"boom"}`
	)
	date := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return date.Add(d).Format(http.TimeFormat) }
	type reply func(*http.Request) (*http.Response, error)
	says := func(status int, body string, head ...string) reply {
		return func(r *http.Request) (*http.Response, error) {
			return answer(r, status, body, head...), nil
		}
	}
	later := func(d time.Duration, then reply) reply {
		// in the time of the test
		return func(r *http.Request) (*http.Response, error) { time.Sleep(d); return then(r) }
	}
	breaks := func(err error) reply {
		return func(*http.Request) (*http.Response, error) { return nil, err }
	}
	cutAfter := func(body string) reply {
		return func(r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body),
				iotest.ErrReader(io.ErrUnexpectedEOF)))
			return resp, nil
		}
	}
	good := says(200, one)
	tests := []struct {
		name     string
		replies  []reply
		tries    int
		kind     Kind // "" for success
		min, max time.Duration
		deadline time.Duration
	}{
		{"at once", []reply{good}, 1, "", 0, 0, 0},
		{"429", []reply{says(429, ""), good}, 2, "", time.Second / 2, time.Second, 0},
		{
			"502, 503", []reply{says(502, "<html>"), says(503, ""), good}, 3, "",
			1500 * time.Millisecond, 3 * time.Second, 0,
		},
		{
			"503 without Prometheus' words", []reply{says(503, "Service Unavailable"), good}, 2, "",
			time.Second / 2, time.Second, 0,
		},
		{
			"503 internal", []reply{says(503, internal), good}, 2, "", time.Second / 2, time.Second,
			0,
		},
		{
			"for ever", []reply{says(503, "")}, 3, KindBusy, 1500 * time.Millisecond,
			3 * time.Second, 0,
		},
		{"query timeout", []reply{says(503, timeout), good}, 1, KindTimeout, 0, 0, 0},
		{
			"query timeout through a gateway", []reply{says(504, timeout), good}, 1, KindTimeout,
			0, 0, 0,
		},
		{"a proxy's timeout", []reply{says(504, "<html>"), good}, 1, KindGaveUp, 0, 0, 0},
		{"Envoy's timeout", []reply{says(408, "stream timeout"), good}, 1, KindGaveUp, 0, 0, 0},
		{
			"Cloudflare's timeout", []reply{says(524, "error code: 524"), good}, 1, KindGaveUp, 0,
			0, 0,
		},
		{
			"a 502 after a proxy's patience", []reply{
				later(30*time.Second, says(502, "<html>")), good,
			}, 1, KindGaveUp, 30 * time.Second, 30 * time.Second, 0,
		},
		{"canceled", []reply{says(503, canceled), good}, 1, KindCanceled, 0, 0, 0},
		{"execution", []reply{says(503, execution), good}, 1, KindQuery, 0, 0, 0},
		{"500", []reply{says(500, internal), good}, 1, KindServer, 0, 0, 0},
		{
			"400", []reply{
				says(400, `{"status":"error","errorType":"bad_data","error":"x"}`), good,
			}, 1, KindQuery, 0, 0, 0,
		},
		{"an error in a success", []reply{says(200, timeout), good}, 1, KindTimeout, 0, 0, 0},
		{
			"refused", []reply{breaks(syscall.ECONNREFUSED), good}, 2, "", time.Second / 2,
			time.Second, 0,
		},
		{
			"reset", []reply{breaks(syscall.ECONNRESET), breaks(io.EOF), good}, 3, "",
			1500 * time.Millisecond, 3 * time.Second, 0,
		},
		{
			"broken before the first series", []reply{
				cutAfter(`{"status":"success","data":{"res`), good,
			}, 2, "", time.Second / 2, time.Second, 0,
		},
		{
			"broken behind the first series", []reply{cutAfter(one[:len(one)-2]), good}, 1,
			KindNetwork, 0, 0, 0,
		},
		{"not JSON", []reply{says(200, "{]"), good}, 1, KindBadAnswer, 0, 0, 0},
		{
			"Retry-After", []reply{says(429, "", "Retry-After", "7"), good}, 2, "", 7 * time.Second,
			7 * time.Second, 0,
		},
		{
			"Retry-After 0", []reply{says(429, "", "Retry-After", "0"), good}, 2, "",
			time.Second / 2, time.Second, 0,
		},
		{
			"Retry-After by date", []reply{
				says(503, "", "Retry-After", at(9*time.Second), "Date", at(0)), good,
			}, 2, "", 9 * time.Second, 9 * time.Second, 0,
		},
		{
			"Retry-After by date, no Date", []reply{
				says(503, "", "Retry-After", at(9*time.Second)), good,
			}, 2, "", time.Second / 2, time.Second, 0,
		},
		{
			"Retry-After in the past", []reply{
				says(503, "", "Retry-After", at(-time.Hour), "Date", at(0)), good,
			}, 2, "", time.Second / 2, time.Second, 0,
		},
		{
			"Retry-After too long", []reply{says(429, "", "Retry-After", "3600"), good}, 1,
			KindBusy, 0, 0, 0,
		},
		{
			"Retry-After of nonsense", []reply{says(429, "", "Retry-After", "soon"), good}, 2, "",
			time.Second / 2, time.Second, 0,
		},
		{
			"the deadline is nearer", []reply{says(429, "", "Retry-After", "7"), good}, 1, KindBusy,
			0, 0, 6 * time.Second,
		},
		{
			"the deadline is farther", []reply{says(429, "", "Retry-After", "7"), good}, 2, "",
			7 * time.Second, 7 * time.Second, 8 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				c := tripClient(t, Options{Backoff: time.Second, Now: time.Now},
					func(r *http.Request) (*http.Response, error) {
						body, err := io.ReadAll(r.Body)
						if err != nil || !strings.Contains(string(body), "query=up") {
							t.Errorf("try %d: got %q, %v, want the query up", tries, body, err)
						}
						tries++
						return tt.replies[min(tries, len(tt.replies))-1](r)
					})
				ctx := context.Background()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				start, count := time.Now(), 0
				_, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, func(series.Series) error {
					count++
					return nil
				})
				took := time.Since(start)
				if tries != tt.tries || took < tt.min || took > tt.max {
					t.Errorf("%d tries in %v, want %d in %v to %v", tries, took, tt.tries, tt.min,
						tt.max)
				}
				var e *Error
				switch {
				case tt.kind == "" && (err != nil || count != 1):
					t.Errorf("got %d series, error %v, want 1 and none", count, err)
				case tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind):
					t.Errorf("got %s, want %s", describe(err), tt.kind)
				}
			})
		})
	}
}

// TestRetryIsCanceled checks that the wait for a retry ends with its context.
func TestRetryIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
			return answer(r, 429, "", "Retry-After", "20"), nil
		})
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		_, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, none)
		if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("got the end after %v with %v, want 3s with %v", took, err, context.Canceled)
		}
	})
}

// TestRunsEnd checks that the error of a call that its context ended contains the cause of the
// context.
func TestRunsEnd(t *testing.T) {
	over := errors.New("the run's 5m are over")
	for _, cause := range []error{nil, over} {
		synctest.Test(t, func(t *testing.T) {
			c := tripClient(t, Options{}, func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, cause)
			defer cancel()
			_, err := c.Range(ctx, Query{Expr: "up", Grid: grid}, none)
			var e *Error
			if !errors.As(err, &e) || e.Kind != KindTimeout ||
				!errors.Is(err, context.DeadlineExceeded) ||
				cause != nil &&
					(!errors.Is(err, cause) || !strings.Contains(err.Error(), cause.Error())) {
				t.Errorf("got %s, want %s and cause %v", describe(err), KindTimeout, cause)
			}
		})
	}
}

// TestSlowAnswers checks that a server that sends nothing, or one byte a second, costs a bounded
// time.
func TestSlowAnswers(t *testing.T) {
	tests := []struct {
		name string
		trip trip
	}{
		{"no head", func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}},
		{"one byte a second", func(r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body = io.NopCloser(slow{r.Context()})
			return resp, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := tripClient(t, Options{QueryTimeout: 10 * time.Second}, tt.trip)
				start := time.Now()
				_, err := c.Range(context.Background(), Query{Expr: "up", Grid: grid}, none)
				var e *Error
				if took := time.Since(start); took != 20*time.Second || !errors.As(err, &e) ||
					e.Kind != KindTimeout ||
					!strings.Contains(e.Error(), "no complete answer after 20s") {
					t.Errorf("got the end after %v with %s, want 20s with a timeout", took,
						describe(err))
				}
			})
		})
	}
}

// slow is a body of white space, one byte a second.
type slow struct{ ctx context.Context }

func (s slow) Read(b []byte) (int, error) {
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-time.After(time.Second):
		b[0] = ' '
		return 1, nil
	}
}
