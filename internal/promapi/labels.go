package promapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/series"
)

// The limits of a list of label names or values.
const (
	maxListed      = 100_000 // names or values
	maxListedBytes = 16 << 20
)

// Selection says which series a list of labels is about.
type Selection struct {
	// a selector such as up{job="x"}, to which the client adds its matchers; "" means all series
	Selector   string
	Start, End time.Time
}

// LabelNames returns the label names of a selection's series. It fills only the notes of Meta.
func (c *Client) LabelNames(ctx context.Context, s Selection) ([]string, Meta, error) {
	return c.list(ctx, "listing label names", "api/v1/labels", s,
		func(ls series.Labels, add func(string) error) error {
			for _, l := range ls {
				if err := add(l.Name); err != nil {
					return err
				}
			}
			return nil
		})
}

// LabelValues returns the values of a label of a selection's series. Those of __name__ are the
// names of the metrics. It fills only the notes of Meta.
func (c *Client) LabelValues(ctx context.Context, label string, s Selection) ([]string, Meta,
	error) {
	const op = "listing the values of a label"
	if label == "" {
		return nil, Meta{}, c.explain(ctx, op, &Error{
			Kind: KindBadConfig, Message: "the name of the label is empty", Hint: "name a label",
		})
	}
	// the server decodes names that are not letters, digits and underscores
	path := "api/v1/label/" + model.EscapeName(label, model.ValueEncodingEscaping) + "/values"
	return c.list(ctx, op, path, s, func(ls series.Labels, add func(string) error) error {
		return add(ls.Get(label))
	})
}

// list returns the names or values at path. If the server cannot list those of a selector, list
// reads all series instead, and from passes what it needs of a label set to add.
func (c *Client) list(ctx context.Context, op, path string, s Selection,
	from func(ls series.Labels, add func(string) error) error) ([]string, Meta, error) {
	form, err := c.selection(s)
	if err != nil {
		return nil, Meta{}, c.explain(ctx, op, err)
	}
	if err := c.enter(ctx); err != nil {
		return nil, Meta{}, c.explain(ctx, op, err)
	}
	defer c.leave()
	heeds := true
	if form.Has("match[]") {
		if heeds, err = c.heedsMatch(ctx, op, s); err != nil {
			return nil, Meta{}, err
		}
	}
	var all *texts
	var meta Meta
	if heeds {
		form.Set("limit", strconv.Itoa(maxListed+1))
		err = c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) (err error) {
			all = newTexts()
			meta, err = c.readTexts(ctx, path, form, all.add)
			return err
		})
	}
	if !heeds || lacksPath(err) && form.Has("match[]") {
		form.Del("limit")
		err = c.attempts(ctx, op, 2*c.o.QueryTimeout, func(ctx context.Context) (err error) {
			all = newTexts()
			meta, err = c.readSeries(ctx, form, func(ls series.Labels) error {
				return from(ls, all.add)
			})
			return err
		})
		slices.Sort(all.list)
	}
	if err != nil {
		return nil, meta, err
	}
	return all.list, meta, nil
}

// selection returns the parameters of a request about a selection.
func (c *Client) selection(s Selection) (url.Values, error) {
	form := c.params()
	form.Set("start", seconds(s.Start.UnixMilli()))
	form.Set("end", seconds(s.End.UnixMilli()))
	selector := s.Selector
	if selector == "" && len(c.o.Matchers) > 0 {
		selector = `{__name__!=""}` // PromQL has no selector without a matcher
	}
	if selector == "" {
		return form, nil
	}
	selector, err := AddMatchers(selector, c.o.Matchers)
	if err != nil {
		return nil, err
	}
	form.Set("match[]", selector)
	return form, nil
}

// Whether a server heeds match[] in lists of labels.
const (
	heedsUnknown = iota
	heedsYes
	heedsNo
)

// noMetric is a selector of nothing.
const noMetric = `{__name__="promsnap:no_such_metric"}`

// errOne ends the reading of a list that is not empty.
var errOne = errors.New("not empty")

// heedsMatch reports whether the server heeds match[] in lists of labels. Prometheus before 2.24
// lists everything instead, without an error. So the client asks once for what does not exist.
func (c *Client) heedsMatch(ctx context.Context, op string, s Selection) (bool, error) {
	if known := c.heeds.Load(); known != heedsUnknown {
		return known == heedsYes, nil
	}
	form := c.params()
	form.Set("match[]", noMetric)
	form.Set("start", seconds(s.Start.UnixMilli()))
	form.Set("end", seconds(s.End.UnixMilli()))
	form.Set("limit", "1")
	empty := true
	err := c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) error {
		_, err := c.readTexts(ctx, "api/v1/label/"+model.MetricNameLabel+"/values", form,
			func(string) error { return errOne })
		if empty = !errors.Is(err, errOne); !empty {
			return nil
		}
		return err
	})
	heeds := int32(heedsYes)
	switch {
	case lacksPath(err) || err == nil && !empty:
		heeds = heedsNo
	case err != nil:
		return false, err
	}
	c.heeds.Store(heeds)
	return heeds == heedsYes, nil
}

// lacksPath reports whether err says that the server, or a proxy, does not have the path.
func lacksPath(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// readTexts reads a list of texts and passes each of them to add.
func (c *Client) readTexts(ctx context.Context, path string, form url.Values,
	add func(string) error) (Meta, error) {
	resp, err := c.get(ctx, path, form)
	if err != nil {
		return Meta{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return c.readList(resp.Body, func(a *answerReader) error {
		b, err := a.string("a text", maxLabelBytes)
		if err != nil {
			return err
		}
		return add(string(b))
	})
}

// readSeries passes the label sets of the series of a selector to each. A label set is valid only
// during the call.
func (c *Client) readSeries(ctx context.Context, form url.Values,
	each func(series.Labels) error) (Meta, error) {
	resp, err := c.send(ctx, "api/v1/series", form)
	if err != nil {
		return Meta{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return c.readList(resp.Body, func(a *answerReader) error {
		a.nextLabels()
		if err := a.metric(); err != nil {
			return err
		}
		return each(a.labels)
	})
}

// readList reads an answer whose data is a list. element must read one element of it.
func (c *Client) readList(body io.Reader, element func(*answerReader) error) (Meta, error) {
	a := newAnswer(body, 0)
	err := a.read(func() error {
		return a.array("a list", func() error { return element(&a) })
	})
	c.scrub(a.meta)
	if err == nil && !a.hasData {
		err = a.wrong("the answer has no data")
	}
	return a.meta, err
}

// texts is a list of bounded length, each text once.
type texts struct {
	list []string
	seen map[string]bool
	size int // in bytes
}

func newTexts() *texts { return &texts{seen: map[string]bool{}} }

// add adds a text. An empty one is no value of a label.
func (t *texts) add(text string) error {
	if text == "" || t.seen[text] {
		return nil
	}
	t.seen[text] = true
	t.list = append(t.list, text)
	t.size += len(text)
	e := &Error{Kind: KindTooMuch, Hint: `select fewer series, such as with {job="…"}`}
	switch {
	case len(t.list) > maxListed:
		e.Message = fmt.Sprintf("the list has more than %d entries", maxListed)
	case t.size > maxListedBytes:
		e.Message = fmt.Sprintf("the entries of the list are longer than %d MiB together",
			maxListedBytes>>20)
	default:
		return nil
	}
	return e
}
