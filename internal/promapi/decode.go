package promapi

import (
	"io"

	"github.com/promsnap/promsnap/internal/series"
)

const (
	maxLabels     = 256      // of a series
	maxLabelBytes = 64 << 10 // of a series, names and values together
	// of all series together: allLabelBytes for each series of the limit, at least minLabelBytes
	allLabelBytes = 2 << 10
	minLabelBytes = 1 << 20
	maxNotes      = 100      // of warnings, and of infos
	maxText       = 16 << 10 // bytes of a message or a note
)

// A decoder reads the answer to a range query
// (https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries) series by series. It
// accepts keys in any order. An answer may have its status at the end, after all series were passed
// on: only then is it known whether they count.
type decoder struct {
	scanner
	limit int // the most series
	each  func(series.Series) error
	meta  Meta

	// The head of the answer.
	status, errorType, message string
	resultType                 string
	hasData, hasResult         bool

	// The current series.
	labels    series.Labels
	labelSize int // in bytes
	hasMetric bool
	samples   samples
	strings   interned

	// All series so far.
	labelSizes int
	seen       map[uint64]struct{} // the hashes of their labels

	stopped bool // each returned an error
}

func newDecoder(body io.Reader, q Query, each func(series.Series) error) *decoder {
	return &decoder{
		scanner: newScanner(body),
		limit:   q.Limit,
		each:    each,
		meta:    Meta{Grid: q.Grid},
		samples: newSamples(q.Grid),
		strings: make(interned),
		seen:    make(map[uint64]struct{}),
	}
}

// decode reads the whole answer. Its error is that of each if d.stopped is set. Otherwise it is an
// *Error, *LimitError or *syntaxError, or an error of the reader.
func (d *decoder) decode() (Meta, error) {
	err := d.answer()
	d.meta.Bytes = d.offset()
	d.meta.Samples = d.samples.count
	d.meta.Grid = d.samples.moved(d.meta.Grid)
	return d.meta, err
}

func (d *decoder) answer() error {
	if c, err := d.peek("a JSON object"); err != nil {
		return err
	} else if c == '<' {
		return errWebPage()
	}
	if err := d.object("a JSON object", d.answerField); err != nil {
		return err
	}
	if err := d.end(); err != nil {
		return err
	}
	switch {
	case d.status == "error", d.status == "success" && d.errorType+d.message != "":
		return answerError(d.errorType, d.message)
	case d.status != "success":
		return d.wrong("the status is %q instead of success or error", d.status)
	case !d.hasResult:
		return d.wrong("the answer has no result")
	case d.resultType != "matrix":
		return errNotMatrix(d.resultType)
	}
	d.meta.Partial = d.meta.Partial || len(d.meta.Warnings) > 0
	return nil
}

func (d *decoder) answerField(key []byte) (err error) {
	switch string(key) {
	case "status":
		d.status, err = d.text("the status")
	case "errorType":
		d.errorType, err = d.text("the type of an error")
	case "error":
		d.message, err = d.text("an error's message")
	case "warnings":
		d.meta.Warnings, err = d.notes("warnings")
	case "infos":
		d.meta.Infos, err = d.notes("infos")
	case "isPartial": // VictoriaMetrics' cluster
		err = d.partial()
	case "data":
		if d.hasData {
			return d.wrong("the answer has data twice")
		}
		d.hasData = true
		err = d.object("the data", d.dataField)
	default:
		err = d.skip(0)
	}
	return err
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

// text reads a string. null is an empty string.
func (d *decoder) text(what string) (string, error) {
	if none, err := d.null(what); none || err != nil {
		return "", err
	}
	b, err := d.string(what, maxText)
	return string(b), err
}

// notes reads a list of texts and returns the first maxNotes of them.
func (d *decoder) notes(what string) (notes []string, err error) {
	err = d.array(what, func() error {
		b, err := d.string("one of the "+what, maxText)
		if err == nil && len(notes) < maxNotes {
			notes = append(notes, string(b))
		}
		return err
	})
	return notes, err
}

func (d *decoder) partial() error {
	c, err := d.peek("true or false")
	switch {
	case err != nil:
		return err
	case c == 't':
		d.meta.Partial = true
	}
	return d.skip(0)
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
	d.labels, d.labelSize, d.hasMetric = d.labels[:0], 0, false
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

// once returns an error for a series that the answer already had. Every figure would count it
// twice, and no alert could distinguish the two. It also bounds the labels of all series together,
// because they stay in memory.
func (d *decoder) once() error {
	most := max(minLabelBytes, d.limit*allLabelBytes)
	if d.labelSizes += d.labelSize; d.labelSizes > most {
		return errLabels("the labels of the series are longer than %d MiB together", most>>20)
	}
	hash := d.labels.Hash()
	if _, known := d.seen[hash]; known {
		return errTwice(d.labels)
	}
	d.seen[hash] = struct{}{}
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

// metric reads a label set. As in Prometheus, a label with an empty value is no label.
func (d *decoder) metric() error {
	if d.hasMetric {
		return d.wrong("a series has labels twice")
	}
	d.hasMetric = true
	if err := d.object("a label set", d.label); err != nil {
		return err
	}
	d.labels.Sort()
	for i := 1; i < len(d.labels); i++ {
		if d.labels[i].Name == d.labels[i-1].Name {
			return d.wrong("a series has the label %q twice", d.labels[i].Name)
		}
	}
	return nil
}

func (d *decoder) label(key []byte) error {
	name := d.strings.intern(key)
	value, err := d.string("a label's value", maxLabelBytes)
	switch {
	case err != nil && !tooLong(err):
		return err
	case err != nil || d.labelSize+len(name)+len(value) > maxLabelBytes:
		return errLabels("the labels of a series are longer than %d KiB", maxLabelBytes>>10)
	case len(d.labels) == maxLabels:
		return errLabels("a series has more than %d labels", maxLabels)
	}
	d.labelSize += len(name) + len(value)
	if len(value) > 0 {
		d.labels = append(d.labels, series.Label{Name: name, Value: d.strings.intern(value)})
	}
	return nil
}
