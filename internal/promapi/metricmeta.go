package promapi

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/promsnap/promsnap/internal/outside"
)

// The limits of the metadata of metrics.
const (
	maxHelpBytes = 1 << 20 // of one text, as the server sends it
	maxHelp      = 1000    // characters of one text, as Metadata returns it
	maxUnit      = 50      // characters of a type and of a unit
)

// Metadata is what the exporters of a metric say about it.
type Metadata struct {
	Metric string
	Type   string // gauge, counter, histogram, summary, unknown and others; "" if not said
	Help   string // one line
	Unit   string // of OpenMetrics, such as bytes; mostly ""
}

// Metadata returns the metadata of a metric, or of all metrics if metric is "", in the order of
// their names. If exporters disagree, the first counts. A histogram has one entry, without
// the suffixes of its series. The client's matchers do not apply. A server that has no metadata
// returns none; that is no error. It fills only the notes of Meta.
func (c *Client) Metadata(ctx context.Context, metric string) ([]Metadata, Meta, error) {
	const op = "reading the metadata of metrics"
	form := c.params()
	form.Set("limit", strconv.Itoa(maxListed+1))
	form.Set("limit_per_metric", "1")
	if metric != "" {
		form.Set("metric", metric)
	}
	if err := c.enter(ctx); err != nil {
		return nil, Meta{}, c.explain(ctx, op, err)
	}
	defer c.leave()
	var all []Metadata
	var meta Meta
	err := c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) error {
		resp, err := c.get(ctx, "api/v1/metadata", form)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		all, meta, err = c.readMetadata(resp.Body)
		return err
	})
	if lacksPath(err) {
		return nil, Meta{}, nil
	}
	if err != nil {
		return nil, meta, err
	}
	slices.SortFunc(all, func(a, b Metadata) int { return cmp.Compare(a.Metric, b.Metric) })
	return all, meta, nil
}

// readMetadata reads an answer of /api/v1/metadata.
func (c *Client) readMetadata(body io.Reader) ([]Metadata, Meta, error) {
	d := metadataDecoder{answerReader: newAnswer(body, 0), seen: map[string]bool{}}
	err := d.read(func() error { return d.object("the data", d.metric) })
	c.scrub(d.meta)
	if err == nil && !d.hasData {
		err = d.wrong("the answer has no data")
	}
	return d.all, d.meta, err
}

// A metadataDecoder reads {"metric": [{"type": "gauge", "help": "…", "unit": ""}], …}.
type metadataDecoder struct {
	answerReader
	all  []Metadata
	seen map[string]bool
	size int // of what is kept, in bytes
}

// metric reads the entries of one metric and keeps the first.
func (d *metadataDecoder) metric(key []byte) error {
	m := Metadata{Metric: string(key)}
	first := true
	err := d.array("a list of metadata", func() error {
		into := &m
		if !first {
			into = &Metadata{}
		}
		first = false
		return d.object("the metadata of a metric", func(key []byte) error {
			return d.entry(key, into)
		})
	})
	if err != nil || first || d.seen[m.Metric] {
		return err
	}
	d.seen[m.Metric] = true
	d.all = append(d.all, m)
	d.size += len(m.Metric) + len(m.Type) + len(m.Help) + len(m.Unit)
	e := &Error{Kind: KindTooMuch, Hint: "ask for one metric by its name"}
	switch {
	case len(d.all) > maxListed:
		e.Message = fmt.Sprintf("more than %d metrics have metadata", maxListed)
	case d.size > maxListedBytes:
		e.Message = fmt.Sprintf("the metadata of all metrics is longer than %d MiB",
			maxListedBytes>>20)
	default:
		return nil
	}
	return e
}

// entry reads a field of an entry.
func (d *metadataDecoder) entry(key []byte, m *Metadata) (err error) {
	switch string(key) {
	case "type":
		m.Type, err = d.said("a metric's type", maxUnit)
	case "help":
		m.Help, err = d.said("a metric's help", maxHelp)
	case "unit":
		m.Unit, err = d.said("a metric's unit", maxUnit)
	default:
		err = d.skip(0)
	}
	return err
}

// said reads a text and returns at most n characters of it, as one line. null is an empty text.
func (d *metadataDecoder) said(what string, n int) (string, error) {
	if none, err := d.null(what); none || err != nil {
		return "", err
	}
	b, err := d.string(what, maxHelpBytes)
	if err != nil {
		return "", err
	}
	return outside.Said(string(b), n), nil
}
