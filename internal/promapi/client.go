// Package promapi asks a Prometheus server, or one that speaks its HTTP API (Thanos, Mimir,
// VictoriaMetrics), range queries and hands on the answer series by series while it arrives, so
// that no answer is ever in memory as a whole.
package promapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/series"
)

// What holds where Options or Query say nothing.
const (
	DefaultLimit        = 10_000 // series of an answer
	DefaultConcurrency  = 4
	DefaultQueryTimeout = time.Minute
	DefaultAttempts     = 3
	DefaultBackoff      = 500 * time.Millisecond
	DefaultMaxBytes     = 1 << 30
)

// maxMetadata bounds the answers that client_golang reads as a whole, in bytes: a server that
// ignores match[] names 100,000 metrics in it.
const maxMetadata = 4 << 20

// maxWait is the longest that is waited before another try. A server that asks for more is not
// asked again.
const maxWait = 30 * time.Second

// maxSteps bounds a query's grid, and with it the memory of a series. Prometheus itself allows
// 11,000.
const maxSteps = 1 << 18

// Options are how a Client asks. The zero value is good.
type Options struct {
	Matchers    []*labels.Matcher // put into every selector of every query
	Params      map[string]string // sent along with every request: dedup, partial_response
	Concurrency int               // most calls at once; more wait
	// the server's for one query; the client waits twice as long for the whole answer
	QueryTimeout time.Duration
	Attempts     int // most tries of one call, the first among them
	// before the second try, doubled before each further one; half of it is left to chance
	Backoff         time.Duration
	MaxBytes        int64 // of one answer, uncompressed
	FollowRedirects bool  // within the same scheme and host; others are never followed
	UserAgent       string
	// the wall clock, by which errors say how long something took; nil: they do not
	Now func() time.Time
}

// Client asks one server. It is safe for use by several goroutines at once; each of Range must not
// call the client that calls it, as both would hold a place of its concurrency.
type Client struct {
	base    *url.URL
	http    *http.Client
	api     v1.API
	o       Options
	sent    secret.Sent // in all its requests
	places  chan struct{}
	getOnly atomic.Bool // the server has refused a POST and answered the same as a GET
}

// New returns a client of the server at base, which may have a path prefix. rt sends its requests,
// see Transport, and knows the credentials; nil is http.DefaultTransport. An *Error of rt's is the
// client's own, but for Op and URL.
func New(base *url.URL, rt http.RoundTripper, o Options) (*Client, error) {
	if err := checkBase(base); err != nil {
		return nil, err
	}
	for _, m := range o.Matchers {
		if m.Name == model.MetricNameLabel {
			return nil, &Error{
				Kind:    KindBadConfig,
				Message: fmt.Sprintf("the matcher %s matches the metric name", m),
				Hint:    "match a label that all metrics have, such as cluster",
			}
		}
	}
	for name := range o.Params {
		switch name {
		case "query", "start", "end", "step", "timeout", "limit", "match[]":
			return nil, &Error{
				Kind: KindBadConfig, Message: fmt.Sprintf("promsnap sets the parameter %q itself",
					name), Hint: "remove it from params",
			}
		}
	}
	if rt == nil {
		rt = http.DefaultTransport
	}
	o = o.withDefaults()
	c := &Client{base: base, o: o, places: make(chan struct{}, o.Concurrency)}
	w := wire{
		next: exchange.Plain{Next: rt}, agent: o.UserAgent, max: o.MaxBytes,
		advice: "query a larger step or fewer series", sent: &c.sent, now: o.Now,
	}
	c.http = &http.Client{Transport: &w, CheckRedirect: stay(o.FollowRedirects)}
	return c, c.openAPI(w)
}

// CloseIdleConnections closes what is kept open for the next request.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// openAPI makes client_golang's client, which reads the parameters of each of its requests from the
// URL that it is given.
func (c *Client) openAPI(w wire) error {
	u := *c.base
	u.RawQuery = c.params().Encode()
	w.max, w.advice = min(w.max, maxMetadata), "answers of Prometheus are much shorter: a proxy "+
		"may have answered instead"
	plain, err := api.NewClient(api.Config{
		Address: u.String(), Client: &http.Client{
			Transport: truthful{&w}, CheckRedirect: c.http.CheckRedirect,
		},
	})
	if err != nil {
		return &Error{Kind: KindBadConfig, URL: c.base.String(), Message: err.Error()}
	}
	c.api = v1.NewAPI(plain)
	return nil
}

func checkBase(base *url.URL) error {
	if _, err := exchange.BaseURL(base.String()); err != nil {
		return &Error{Kind: KindBadConfig, Message: "the URL: " + err.Error()}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.QueryTimeout <= 0 {
		o.QueryTimeout = DefaultQueryTimeout
	}
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.Backoff <= 0 {
		o.Backoff = DefaultBackoff
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.UserAgent == "" {
		o.UserAgent = "promsnap"
	}
	return o
}

// Range hands every series of a range query to each, in the server's order. A Series, its labels
// and its values, is valid during the call; the strings of its labels may be kept. Range tries
// again only before the first series; what was folded counts only where it returned nil. An error
// of each ends it at once and is returned as it is; the others are *Error or *LimitError.
func (c *Client) Range(ctx context.Context, q Query, each func(series.Series) error) (Meta, error) {
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	form, err := c.form(q)
	if err != nil {
		return Meta{Grid: q.Grid}, c.explain(ctx, "range query", err)
	}
	if err := c.enter(ctx); err != nil {
		return Meta{Grid: q.Grid}, c.explain(ctx, "range query", err)
	}
	defer c.leave()
	for n := 1; ; n++ {
		meta, err := c.rangeOnce(ctx, q, form, each)
		meta.Expr = form.Get("query")
		if err == nil || meta.Series > 0 {
			return meta, err
		}
		if err := c.pause(ctx, n, err); err != nil {
			return meta, err
		}
	}
}

// form is a range query's parameters. start and end are whole milliseconds, as the server's times
// are.
func (c *Client) form(q Query) (url.Values, error) {
	expr, err := AddMatchers(q.Expr, c.o.Matchers)
	if err != nil {
		return nil, err
	}
	g := q.Grid
	if g.Len < 1 || g.Len > maxSteps || g.Step < time.Millisecond || g.Step%time.Millisecond != 0 ||
		g.Start.Nanosecond()%int(time.Millisecond) != 0 {
		return nil, &Error{
			Kind: KindBadConfig, Message: fmt.Sprintf("cannot query %d steps of %v from %v",
				g.Len, g.Step, g.Start), Hint: fmt.Sprintf("query 1 to %d steps of whole "+
				"milliseconds", maxSteps),
		}
	}
	form := c.params()
	form.Set("query", expr)
	form.Set("start", seconds(g.Start.UnixMilli()))
	form.Set("end", seconds(g.End().UnixMilli()))
	form.Set("step", seconds(g.Step.Milliseconds()))
	form.Set("timeout", seconds(c.o.QueryTimeout.Milliseconds()))
	form.Set("limit", strconv.Itoa(q.Limit+1))
	return form, nil
}

func (c *Client) params() url.Values {
	v := make(url.Values)
	for name, value := range c.o.Params {
		v.Set(name, value)
	}
	return v
}

// seconds writes milliseconds as the API's decimal seconds.
func seconds(ms int64) string {
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64)
}

// rangeOnce tries a range query once.
func (c *Client) rangeOnce(ctx context.Context, q Query, form url.Values,
	each func(series.Series) error) (Meta, error) {
	const op = "range query"
	limit := 2 * c.o.QueryTimeout
	timed, cancel := context.WithTimeoutCause(ctx, limit, errSlow(limit))
	defer cancel()
	resp, err := c.send(timed, form)
	if err != nil {
		return Meta{Grid: q.Grid}, c.explain(timed, op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	d := newDecoder(resp.Body, q, each)
	meta, err := d.decode()
	for _, notes := range [][]string{meta.Warnings, meta.Infos} {
		for i := range notes {
			notes[i] = outside.Middle(c.sent.Scrub(notes[i]), maxMessage)
		}
	}
	if err != nil && !d.stopped {
		err = c.explain(timed, op, err)
	}
	return meta, err
}

// send posts a range query's form, or asks by GET where a server or what stands before it allows
// nothing else.
func (c *Client) send(ctx context.Context, form url.Values) (*http.Response, error) {
	u := *c.base.JoinPath("api/v1/query_range")
	if !c.getOnly.Load() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(),
			strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// net/http may send it anew on another connection where the first was already closed
		req.Header["Idempotency-Key"] = nil
		resp, err := c.http.Do(req)
		var e *Error
		if !errors.As(err, &e) ||
			e.Status != http.StatusForbidden && e.Status != http.StatusMethodNotAllowed &&
				e.Status != http.StatusNotImplemented {
			return resp, err
		}
	}
	u.RawQuery = form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err == nil {
		c.getOnly.Store(true)
	}
	return resp, err
}

// enter waits for a place among the calls at once; leave gives it back.
func (c *Client) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) leave() { <-c.places }

// pause waits before try n+1, or returns why there is none: err itself where another try cannot
// help, where there were enough, or where the wait would not end before ctx does.
func (c *Client) pause(ctx context.Context, n int, err error) error {
	var e *Error
	if !errors.As(err, &e) || !e.Again || n >= c.o.Attempts || e.after > maxWait {
		return err
	}
	backoff := min(c.o.Backoff<<min(n-1, 16), maxWait)
	wait := max(backoff/2+rand.N(backoff/2+1), e.after)
	// A context that ends after wait ends with its parent where that is sooner: this compares both
	// without a clock of our own.
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	end, _ := waiting.Deadline()
	if deadline, ok := ctx.Deadline(); ok && !end.Before(deadline) {
		return err
	}
	<-waiting.Done()
	if ctx.Err() != nil {
		return c.explain(ctx, e.Op, ctx.Err())
	}
	return nil
}

// The bounds of an error's and a note's words, in characters.
const (
	maxType    = 50
	maxMessage = 1000
)

// explain makes an *Error of whatever ended op, or leaves a *LimitError. What the server was sent
// is in none of its words.
func (c *Client) explain(ctx context.Context, op string, err error) error {
	var (
		e      *Error
		limit  *LimitError
		syntax *syntaxError
		api    *v1.Error
	)
	switch {
	case errors.As(err, &limit):
		return err
	case errors.As(err, &e):
	case ctx.Err() != nil:
		if !errors.As(context.Cause(ctx), &e) {
			e = endError(ctx)
		}
	case errors.As(err, &syntax):
		e = &Error{Kind: KindBadAnswer, Message: syntax.Error(), Hint: hintNoAPI, Err: err}
		if syntax.cut {
			e.Hint = "the answer was cut off: check the time and size limits of the proxies in " +
				"between"
		}
	case errors.As(err, &api):
		e = answerError(string(api.Type), api.Msg)
	default:
		e = networkError(err)
	}
	e.Op = op
	e.URL = c.base.String()
	if tail := addedTail(c.base.Path); tail != "" &&
		(e.Kind == KindNotFound || e.Kind == KindRedirect ||
			e.Kind == KindBadAnswer && e.Status != 0) {
		e.Hint = fmt.Sprintf("remove %s from the URL: promsnap adds /api/v1 itself", tail)
	}
	message := c.sent.Scrub(e.Message)
	if message != e.Message {
		e.Err = nil // which says the same
	}
	e.Type, e.Message = outside.Middle(c.sent.Scrub(e.Type), maxType), outside.Middle(message,
		maxMessage)
	return e
}

// endError is the error of a call that our own side ended. It is ctx.Err() and ctx's cause.
func endError(ctx context.Context) *Error {
	err, cause := ctx.Err(), context.Cause(ctx)
	e := &Error{Kind: KindCanceled, Message: cause.Error(), Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Kind = KindTimeout
		e.Message = "the run's time ended before the answer arrived"
		e.Hint = "give the run more time, or query less"
	}
	if !errors.Is(cause, err) {
		e.Message, e.Hint, e.Err = cause.Error(), "", errors.Join(err, cause)
	}
	return e
}

// tails are the ends of paths that people copy from a browser or from another configuration, and
// that do not belong into the URL.
var tails = []string{
	"/graph", "/query", "/classic/graph", "/new/graph", "/alerts", "/rules", "/targets",
	"/service-discovery", "/status", "/config", "/flags",
	"/tsdb-status", "/stores", "/consoles", "/metrics", "/federate", "/vmui", "/-/ready",
	"/-/healthy", "/api",
}

// addedTail returns what a path ends with that the client adds itself, or that belongs to a page
// for people; "" where that is nothing.
func addedTail(path string) string {
	path = strings.TrimRight(path, "/")
	if at := strings.Index(path+"/", "/api/v1/"); at >= 0 {
		return path[at:]
	}
	longest := ""
	for _, t := range tails {
		if strings.HasSuffix(path, t) && len(t) > len(longest) {
			longest = t
		}
	}
	return longest
}

// truthful lets no answer through that says "success" beside an error, of which client_golang reads
// only the first. Its answers are short: see maxMetadata.
type truthful struct{ next http.RoundTripper }

// CloseIdleConnections is for http.Client's.
func (t truthful) CloseIdleConnections() {
	(&http.Client{Transport: t.next}).CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper.
func (t truthful) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	var said struct{ Status, ErrorType, Error string }
	if json.Unmarshal(body, &said) == nil && said.Status == "success" &&
		said.ErrorType+said.Error != "" {
		return nil, answerError(said.ErrorType, said.Error)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
