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

// An answerReader reads what all answers of the API have in common: the status, the notes, and
// label sets. It accepts keys in any order.
type answerReader struct {
	scanner
	limit int // the most series
	meta  Meta

	// The head of the answer.
	status, errorType, message string
	hasData                    bool

	// The current series.
	labels    series.Labels
	labelSize int // in bytes
	hasMetric bool
	strings   interned

	// All series so far.
	labelSizes int
	seen       map[uint64]struct{} // the hashes of their labels
}

func newAnswer(body io.Reader, limit int) answerReader {
	return answerReader{
		scanner: newScanner(body), limit: limit, strings: make(interned),
		seen: make(map[uint64]struct{}),
	}
}

// read reads the whole answer. data must read the value of the key data.
func (a *answerReader) read(data func() error) error {
	defer func() { a.meta.Bytes = a.offset() }()
	if c, err := a.peek("a JSON object"); err != nil {
		return err
	} else if c == '<' {
		return errWebPage()
	}
	err := a.object("a JSON object", func(key []byte) error { return a.field(key, data) })
	if err != nil {
		return err
	}
	if err := a.end(); err != nil {
		return err
	}
	switch {
	case a.status == "error", a.status == "success" && a.errorType+a.message != "":
		return answerError(a.errorType, a.message)
	case a.status != "success":
		return a.wrong("the status is %q instead of success or error", a.status)
	}
	a.meta.Partial = a.meta.Partial || len(a.meta.Warnings) > 0
	return nil
}

func (a *answerReader) field(key []byte, data func() error) (err error) {
	switch string(key) {
	case "status":
		a.status, err = a.text("the status")
	case "errorType":
		a.errorType, err = a.text("the type of an error")
	case "error":
		a.message, err = a.text("an error's message")
	case "warnings":
		a.meta.Warnings, err = a.notes("warnings")
	case "infos":
		a.meta.Infos, err = a.notes("infos")
	case "isPartial": // VictoriaMetrics' cluster
		err = a.partial()
	case "data":
		if a.hasData {
			return a.wrong("the answer has data twice")
		}
		a.hasData = true
		err = data()
	default:
		err = a.skip(0)
	}
	return err
}

// text reads a string. null is an empty string.
func (a *answerReader) text(what string) (string, error) {
	if none, err := a.null(what); none || err != nil {
		return "", err
	}
	b, err := a.string(what, maxText)
	return string(b), err
}

// notes reads a list of texts and returns the first maxNotes of them.
func (a *answerReader) notes(what string) (notes []string, err error) {
	err = a.array(what, func() error {
		b, err := a.string("one of the "+what, maxText)
		if err == nil && len(notes) < maxNotes {
			notes = append(notes, string(b))
		}
		return err
	})
	return notes, err
}

func (a *answerReader) partial() error {
	c, err := a.peek("true or false")
	switch {
	case err != nil:
		return err
	case c == 't':
		a.meta.Partial = true
	}
	return a.skip(0)
}

// nextLabels begins the label set of the next series.
func (a *answerReader) nextLabels() { a.labels, a.labelSize, a.hasMetric = a.labels[:0], 0, false }

// once returns an error for a series that the answer already had. Every figure would count it
// twice, and no alert could distinguish the two. It also bounds the labels of all series together,
// because they stay in memory.
func (a *answerReader) once() error {
	most := max(minLabelBytes, a.limit*allLabelBytes)
	if a.labelSizes += a.labelSize; a.labelSizes > most {
		return errLabels("the labels of the series are longer than %d MiB together", most>>20)
	}
	hash := a.labels.Hash()
	if _, known := a.seen[hash]; known {
		return errTwice(a.labels)
	}
	a.seen[hash] = struct{}{}
	return nil
}

// metric reads a label set. As in Prometheus, a label with an empty value is no label.
func (a *answerReader) metric() error {
	if a.hasMetric {
		return a.wrong("a series has labels twice")
	}
	a.hasMetric = true
	if err := a.object("a label set", a.label); err != nil {
		return err
	}
	a.labels.Sort()
	for i := 1; i < len(a.labels); i++ {
		if a.labels[i].Name == a.labels[i-1].Name {
			return a.wrong("a series has the label %q twice", a.labels[i].Name)
		}
	}
	return nil
}

func (a *answerReader) label(key []byte) error {
	name := a.strings.intern(key)
	value, err := a.string("a label's value", maxLabelBytes)
	switch {
	case err != nil && !tooLong(err):
		return err
	case err != nil || a.labelSize+len(name)+len(value) > maxLabelBytes:
		return errLabels("the labels of a series are longer than %d KiB", maxLabelBytes>>10)
	case len(a.labels) == maxLabels:
		return errLabels("a series has more than %d labels", maxLabels)
	}
	a.labelSize += len(name) + len(value)
	if len(value) > 0 {
		a.labels = append(a.labels, series.Label{Name: name, Value: a.strings.intern(value)})
	}
	return nil
}
