package promapi

import (
	"io"

	"github.com/promsnap/promsnap/internal/series"
)

// A decoder reads the answer to a range query
// (https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries) series by series. It
// accepts keys in any order. An answer may have its status at the end, after all series were passed
// on: only then is it known whether they count.
type decoder struct {
	answerReader
	each func(series.Series) error

	resultType string
	hasResult  bool
	samples    samples // of the current series

	stopped bool // each returned an error
}

func newDecoder(body io.Reader, q Query, each func(series.Series) error) *decoder {
	d := &decoder{answerReader: newAnswer(body, q.Limit), each: each, samples: newSamples(q.Grid)}
	d.meta.Grid = q.Grid
	return d
}

// decode reads the whole answer. Its error is that of each if d.stopped is set. Otherwise it is an
// *Error, *LimitError or *syntaxError, or an error of the reader.
func (d *decoder) decode() (Meta, error) {
	err := d.whole()
	d.meta.Samples = d.samples.count
	d.meta.Grid = d.samples.moved(d.meta.Grid)
	return d.meta, err
}

func (d *decoder) whole() error {
	err := d.read(func() error { return d.object("the data", d.dataField) })
	switch {
	case err != nil:
		return err
	case !d.hasResult:
		return d.wrong("the answer has no result")
	case d.resultType != "matrix":
		return errNotMatrix(d.resultType)
	}
	return nil
}

func (d *decoder) dataField(key []byte) (err error) {
	switch string(key) {
	case "resultType":
		d.resultType, err = d.text("the type of the result")
	case "result":
		if d.hasResult {
			return d.wrong("the answer has result twice")
		}
		d.hasResult = true
		if d.resultType != "" && d.resultType != "matrix" {
			return errNotMatrix(d.resultType)
		}
		err = d.array("the result", d.series)
	default:
		err = d.skip(0)
	}
	return err
}

// series reads one series and passes it to each.
func (d *decoder) series() error {
	switch c, err := d.peek("a series"); {
	case err != nil:
		return err
	case c == '"' || c == '-' || '0' <= c && c <= '9': // a time or a text: [1700000000, "1"]
		return errNotMatrix("scalar or string")
	case c != '{':
		return d.fail("a series")
	case d.meta.Series == d.limit:
		return &LimitError{Limit: d.limit}
	}
	d.nextLabels()
	d.samples.begin()
	if err := d.object("a series", d.seriesField); err != nil {
		return err
	}
	if err := d.once(); err != nil {
		return err
	}
	d.meta.Series++
	if err := d.each(series.Series{Labels: d.labels, Values: d.samples.end()}); err != nil {
		d.stopped = true
		return err
	}
	return nil
}

func (d *decoder) seriesField(key []byte) error {
	switch string(key) {
	case "metric":
		return d.metric()
	case "values":
		if d.samples.last >= 0 {
			return d.wrong("a series has values twice")
		}
		return d.samples.read(&d.scanner, d.labels)
	case "histograms":
		if none, err := d.null("a list of histograms"); none || err != nil {
			return err
		}
		if err := d.expect('[', "a list of histograms"); err != nil {
			return err
		}
		if c, err := d.peek("a histogram or ']'"); err != nil {
			return err
		} else if c != ']' {
			return errHistogram(d.labels)
		}
		d.r++
		return nil
	case "value", "histogram":
		return errNotMatrix("vector")
	}
	return d.skip(0)
}
