// Package promapi sends queries to Prometheus, or to a server with the same HTTP API (Thanos,
// Mimir, VictoriaMetrics). It passes on the answer to a range query series by series while it
// arrives, so that no such answer is ever in memory as a whole.
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

// The defaults of Options and Query.
const (
	DefaultLimit        = 10_000 // series in an answer
	DefaultConcurrency  = 4
	DefaultQueryTimeout = time.Minute
	DefaultAttempts     = 3
	DefaultBackoff      = 500 * time.Millisecond
	DefaultMaxBytes     = 1 << 30
)

// maxMetadata bounds the answers that client_golang reads as a whole, in bytes. A server that
// ignores match[] may list 100,000 metrics.
const maxMetadata = 4 << 20

// maxWait is the longest wait before a retry. If a server asks for a longer wait, there is no
// retry.
const maxWait = 30 * time.Second

// maxSteps bounds the grid of a query and so the memory of a series. Prometheus itself allows
// 11,000 steps.
const maxSteps = 1 << 18

// Options are the options of a Client. The zero value is usable.
type Options struct {
	Matchers    []*labels.Matcher // added to every selector of every query
	Params      map[string]string // sent with every request: dedup, partial_response
	Concurrency int               // the most calls at once; others wait
	// the server's limit for one query; the client waits twice as long for the whole answer
	QueryTimeout time.Duration
	Attempts     int // the most tries of one call, including the first
	// the wait before the first retry; it doubles for each further one, and half of it is random
	Backoff         time.Duration
	MaxBytes        int64 // of one answer, uncompressed
	FollowRedirects bool  // within the same scheme and host; others are never followed
	UserAgent       string
	// the wall clock, for the durations in errors; if nil, errors have none
	Now func() time.Time
}

// Client queries one server. It is safe for concurrent use. The function that is passed to Range
// must not call the same client, because both calls would need a slot of its concurrency.
type Client struct {
	base    *url.URL
	http    *http.Client
	api     v1.API
	o       Options
	sent    secret.Sent // the secrets of all its requests
	slots   chan struct{}
	getOnly atomic.Bool  // the server refused a POST and answered the same request as a GET
	heeds   atomic.Int32 // whether the server heeds match[] in lists of labels
}

// New returns a client of the server at base, which may have a path prefix. rt sends the requests
// and has the credentials (see Transport); nil means http.DefaultTransport. The client returns an
// *Error of rt with its own Op and URL.
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
	c := &Client{base: base, o: o, slots: make(chan struct{}, o.Concurrency)}
	w := wire{
		next: exchange.Plain{Next: rt}, agent: o.UserAgent, max: o.MaxBytes,
		advice: "use a larger step or query fewer series", sent: &c.sent, now: o.Now,
	}
	c.http = &http.Client{Transport: &w, CheckRedirect: stay(o.FollowRedirects)}
	return c, c.openAPI(w)
}

// CloseIdleConnections closes connections that are kept open for the next request.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// openAPI makes the client of client_golang. That client takes the parameters of all its requests
// from its URL.
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

// Range calls each with every series of a range query, in the server's order. A Series is valid
// only during the call, but the strings of its labels may be kept. Range retries only before the
// first series. Unless it returns nil, the caller must discard the series that it got. An error of
// each ends Range at once and is returned unchanged; other errors are an *Error or a *LimitError.
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

// form returns the parameters of a range query. start and end are whole milliseconds, like all
// times of the server.
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

// params returns the parameters of every request.
func (c *Client) params() url.Values {
	v := make(url.Values)
	for name, value := range c.o.Params {
		v.Set(name, value)
	}
	return v
}

// seconds formats milliseconds as decimal seconds.
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
	resp, err := c.send(timed, "api/v1/query_range", form)
	if err != nil {
		return Meta{Grid: q.Grid}, c.explain(timed, op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	d := newDecoder(resp.Body, q, each)
	meta, err := d.decode()
	c.scrub(meta)
	if err != nil && !d.stopped {
		err = c.explain(timed, op, err)
	}
	return meta, err
}

// scrub removes secrets from the notes of an answer, and shortens the notes.
func (c *Client) scrub(meta Meta) {
	for _, notes := range [][]string{meta.Warnings, meta.Infos} {
		for i := range notes {
			notes[i] = outside.Middle(c.sent.Scrub(notes[i]), maxMessage)
		}
	}
}

// send sends a query with POST, or with GET if the server or a proxy refuses POST.
func (c *Client) send(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	if !c.getOnly.Load() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath(path).String(),
			strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// lets net/http resend it on another connection if the first was already closed
		req.Header["Idempotency-Key"] = nil
		resp, err := c.http.Do(req)
		var e *Error
		if !errors.As(err, &e) ||
			e.Status != http.StatusForbidden && e.Status != http.StatusMethodNotAllowed &&
				e.Status != http.StatusNotImplemented {
			return resp, err
		}
	}
	resp, err := c.get(ctx, path, form)
	if err == nil {
		c.getOnly.Store(true)
	}
	return resp, err
}

// get sends a GET.
func (c *Client) get(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}

// enter waits for a slot of the concurrency. leave returns the slot.
func (c *Client) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) leave() { <-c.slots }

// attempts calls once, each time with the time limit, until it succeeds or a retry cannot help.
func (c *Client) attempts(ctx context.Context, op string, limit time.Duration,
	once func(ctx context.Context) error) error {
	for n := 1; ; n++ {
		timed, cancel := context.WithTimeoutCause(ctx, limit, errSlow(limit))
		err := once(timed)
		if err != nil {
			err = c.explain(timed, op, err)
		}
		cancel()
		if err == nil {
			return nil
		}
		if err := c.pause(ctx, n, err); err != nil {
			return err
		}
	}
}

// pause waits before try n+1. It returns an error if there is no such try: err itself if a retry
// cannot help, if there were enough tries, or if the wait would end after ctx.
func (c *Client) pause(ctx context.Context, n int, err error) error {
	var e *Error
	if !errors.As(err, &e) || !e.Again || n >= c.o.Attempts || e.after > maxWait {
		return err
	}
	backoff := min(c.o.Backoff<<min(n-1, 16), maxWait)
	wait := max(backoff/2+rand.N(backoff/2+1), e.after)
	// waiting ends with ctx if that is sooner. So its deadline shows which of them ends first, and
	// no clock is needed.
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

// The longest texts of an error or a note, in characters.
const (
	maxType    = 50
	maxMessage = 1000
)

// explain turns the error that ended op into an *Error. It returns a *LimitError unchanged. The
// text of the error contains no secret that was sent to the server.
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
		e.Err = nil // its text contains the secret, too
	}
	e.Type, e.Message = outside.Middle(c.sent.Scrub(e.Type), maxType), outside.Middle(message,
		maxMessage)
	return e
}

// endError returns the error of a call that ctx ended. It wraps ctx.Err() and the cause of ctx.
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

// tails are ends of paths that people copy from a browser or another configuration, and that do not
// belong in the URL.
var tails = []string{
	"/graph", "/query", "/classic/graph", "/new/graph", "/alerts", "/rules", "/targets",
	"/service-discovery", "/status", "/config", "/flags",
	"/tsdb-status", "/stores", "/consoles", "/metrics", "/federate", "/vmui", "/-/ready",
	"/-/healthy", "/api",
}

// addedTail returns the end of a path that the client adds itself or that is a page for people, or
// "" if there is none.
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

// truthful turns an answer that has both "success" and an error into an error. client_golang would
// read only the first. Its answers are short: see maxMetadata.
type truthful struct{ next http.RoundTripper }

// CloseIdleConnections implements what http.Client.CloseIdleConnections calls.
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
