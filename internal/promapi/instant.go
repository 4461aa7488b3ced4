package promapi

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// Instant is one instant query.
type Instant struct {
	Expr string // PromQL; the client adds its matchers to every selector
	Time time.Time
	// the most samples in the answer; more is a *LimitError. 0 means DefaultLimit
	Limit int
}

// Sample is one sample of an instant query. A scalar is a sample without labels.
type Sample struct {
	Labels series.Labels
	Value  float64
	Time   time.Time
}

// Instant returns the samples of an instant query, in the server's order. Its errors are an *Error
// or a *LimitError.
func (c *Client) Instant(ctx context.Context, q Instant) ([]Sample, Meta, error) {
	var samples []Sample
	meta, err := c.Vector(ctx, q, func() { samples = nil }, func(s Sample) {
		s.Labels = s.Labels.Clone()
		samples = append(samples, s)
	})
	if err != nil {
		return nil, meta, err
	}
	return samples, meta, nil
}

// Vector calls each with every sample of an instant query, in the server's order. The labels of a
// Sample are valid only during the call, but their strings may be kept. Vector calls begin before
// each try, and the samples of earlier tries do not count. Its errors are those of Instant.
func (c *Client) Vector(ctx context.Context, q Instant, begin func(), each func(Sample)) (Meta,
	error) {
	const op = "instant query"
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	expr, err := AddMatchers(q.Expr, c.o.Matchers)
	if err != nil {
		return Meta{}, c.explain(ctx, op, err)
	}
	form := c.params()
	form.Set("query", expr)
	form.Set("time", seconds(q.Time.UnixMilli()))
	form.Set("timeout", seconds(c.o.QueryTimeout.Milliseconds()))
	form.Set("limit", strconv.Itoa(q.Limit+1))
	if err := c.enter(ctx); err != nil {
		return Meta{}, c.explain(ctx, op, err)
	}
	defer c.leave()
	var meta Meta
	err = c.attempts(ctx, op, 2*c.o.QueryTimeout, func(ctx context.Context) error {
		begin()
		meta = Meta{}
		resp, err := c.send(ctx, "api/v1/query", form)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		d := newInstantDecoder(resp.Body, q.Limit, each)
		err = d.decode()
		meta = d.meta
		return err
	})
	meta.Expr = expr
	c.scrub(meta)
	return meta, err
}

// An instantDecoder reads the answer to an instant query
// (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
type instantDecoder struct {
	answerReader
	each func(Sample)

	resultType string
	hasResult  bool
	hasValue   bool // of the current sample
	pair       bool // the result is a time and a text, and no list of samples
}

func newInstantDecoder(body io.Reader, limit int, each func(Sample)) *instantDecoder {
	return &instantDecoder{answerReader: newAnswer(body, limit), each: each}
}

// decode reads the whole answer.
func (d *instantDecoder) decode() error {
	err := d.read(func() error { return d.object("the data", d.dataField) })
	switch {
	case err != nil:
		return err
	case !d.hasResult:
		return d.wrong("the answer has no result")
	case d.resultType != "vector" && d.resultType != "scalar":
		return errNotVector(d.resultType)
	case d.pair != (d.resultType == "scalar"):
		return d.wrong("the result is not the %s that the answer says", d.resultType)
	}
	d.meta.Samples = d.meta.Series
	return nil
}

func (d *instantDecoder) dataField(key []byte) (err error) {
	switch string(key) {
	case "resultType":
		d.resultType, err = d.text("the type of the result")
	case "result":
		if d.hasResult {
			return d.wrong("the answer has result twice")
		}
		d.hasResult = true
		if d.resultType != "" && d.resultType != "vector" && d.resultType != "scalar" {
			return errNotVector(d.resultType)
		}
		err = d.result()
	default:
		err = d.skip(0)
	}
	return err
}

// result reads a list of samples, or the pair of a time and a value that a scalar is.
func (d *instantDecoder) result() error {
	if none, err := d.null("the result"); none || err != nil {
		return err
	}
	if err := d.expect('[', "the result"); err != nil {
		return err
	}
	switch c, err := d.peek("a sample or ']'"); {
	case err != nil:
		return err
	case c == ']':
		d.r++
		return nil
	case c == '-' || '0' <= c && c <= '9':
		var s Sample
		if err := d.value(&s); err != nil {
			return err
		}
		d.pair = true
		d.meta.Series++
		d.each(s)
		return nil
	}
	for {
		if err := d.sample(); err != nil {
			return err
		}
		if more, err := d.more(']', "',' or ']'"); !more || err != nil {
			return err
		}
	}
}

// sample reads one sample with its labels.
func (d *instantDecoder) sample() error {
	if d.meta.Series == d.limit {
		return &LimitError{Limit: d.limit}
	}
	d.nextLabels()
	d.hasValue = false
	var s Sample
	err := d.object("a sample", func(key []byte) error { return d.sampleField(key, &s) })
	if err != nil {
		return err
	}
	if !d.hasValue {
		return d.wrong("a sample has no value")
	}
	if err := d.once(); err != nil {
		return err
	}
	s.Labels = d.labels
	d.meta.Series++
	d.each(s)
	return nil
}

func (d *instantDecoder) sampleField(key []byte, s *Sample) error {
	switch string(key) {
	case "metric":
		return d.metric()
	case "value":
		if d.hasValue {
			return d.wrong("a sample has a value twice")
		}
		d.hasValue = true
		if err := d.expect('[', "a time and a value"); err != nil {
			return err
		}
		return d.value(s)
	case "histogram":
		return errHistogram(d.labels)
	case "values", "histograms":
		return errNotVector("matrix")
	}
	return d.skip(0)
}

// value reads what follows the bracket in [time, "value"].
func (d *instantDecoder) value(s *Sample) error {
	text, err := d.number("a sample's time")
	if err != nil {
		return err
	}
	ms, err := milliseconds(text)
	if err != nil {
		return d.wrong("%v", err)
	}
	if err := d.expect(',', "',' and a sample's value"); err != nil {
		return err
	}
	v, err := d.string("a sample's value in quotes", maxNumber)
	if err != nil {
		return err
	}
	s.Time = time.UnixMilli(ms).UTC()
	if s.Value, err = strconv.ParseFloat(string(v), 64); err != nil {
		return d.wrong("%q is not a sample's value", v)
	}
	return d.expect(']', "']' after a sample")
}
