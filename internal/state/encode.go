package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/rules"
)

// MaxSize is the largest size of a document in bytes: a ConfigMap holds 1 MiB. The limits of what
// is remembered keep a document for three receivers well below it.
const MaxSize = 1000 << 10

// upgrade turns a document of one schema version into the next version.
type upgrade func(map[string]json.RawMessage) error

// upgrades lead from each schema version to the next; the first makes 2 of 1. Each one stays
// forever, and the tests have a document of its older version.
var upgrades = []upgrade{bestOf1}

// bestOf1 makes version 2 of version 1. In version 1 a check was as good as its worst rule: if a
// rule failed, it is unknown whether others saw something, so the check does not count as blind.
func bestOf1(doc map[string]json.RawMessage) error {
	var memory map[string]json.RawMessage
	var checks []rules.Checks
	if len(doc["memory"]) == 0 {
		return nil
	}
	if err := json.Unmarshal(doc["memory"], &memory); err != nil || memory["checks"] == nil {
		return err
	}
	if err := json.Unmarshal(memory["checks"], &checks); err != nil {
		return err
	}
	for i := range checks {
		checks[i].Data = rules.DataComplete
	}
	var err error
	if memory["checks"], err = json.Marshal(checks); err != nil {
		return err
	}
	doc["memory"], err = json.Marshal(memory)
	return err
}

// firstSchema is the oldest version that can be read.
const firstSchema = 1

// Encode returns the stored form of k's document: JSON, the same bytes for the same document. A
// document larger than MaxSize is an error.
func Encode(k Key, d Doc) ([]byte, error) {
	if !utf8.ValidString(k.Cluster) || !utf8.ValidString(k.Report) {
		return nil, fmt.Errorf("the names of the cluster and the report (%q) must be UTF-8 text", k)
	}
	d.Schema, d.Cluster, d.Report = Schema, k.Cluster, k.Report
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("writing the state of %s as JSON: %w", k, err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("the state of %s would have %d KiB, more than the limit of %d: use "+
			"fewer receivers for a report, or fewer silences",
			k, len(data)>>10, MaxSize>>10)
	}
	return append(data, '\n'), nil
}

// Decode reads what Encode wrote, in this or an older version. Its errors are *CorruptError and
// *NewerError.
func Decode(k Key, data []byte) (Doc, error) {
	return decode(k, data, upgrades, firstSchema)
}

// decode reads the versions from oldest on; steps lead from each to the next.
func decode(k Key, data []byte, steps []upgrade, oldest int) (Doc, error) {
	newest := oldest + len(steps)
	corrupt := func(err error) (Doc, error) { return Doc{}, &CorruptError{k, err} }
	if len(data) > 2*MaxSize {
		return corrupt(fmt.Errorf("it has %d KiB", len(data)>>10))
	}
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return corrupt(plain(err))
	}
	switch {
	case head.Schema == nil || *head.Schema < oldest:
		return corrupt(errors.New("its schema version is not one that promsnap ever wrote"))
	case *head.Schema > newest:
		return Doc{}, &NewerError{k, *head.Schema}
	case *head.Schema < newest:
		upgraded, err := climb(data, steps[*head.Schema-oldest:], newest)
		if err != nil {
			return corrupt(fmt.Errorf("upgrading it from schema version %d: %w", *head.Schema,
				plain(err)))
		}
		data = upgraded
	}
	var d Doc
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return corrupt(plain(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return corrupt(errors.New("there is more data after its end"))
	}
	if err := d.check(k); err != nil {
		return corrupt(err)
	}
	return d, nil
}

// climb applies the steps, one version after the other.
func climb(data []byte, steps []upgrade, newest int) ([]byte, error) {
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	for _, step := range steps {
		if err := step(raw); err != nil {
			return nil, err
		}
	}
	raw["schema"] = json.RawMessage(fmt.Sprint(newest))
	return json.Marshal(raw)
}

// check finds what JSON cannot find: the document of another report, and what the rest of the
// program relies on.
func (d *Doc) check(k Key) error {
	if d.Cluster != k.Cluster || d.Report != k.Report {
		return fmt.Errorf("it is the state of %q", Key{d.Cluster, d.Report}.String())
	}
	for key, a := range d.Memory.Alerts {
		if len(a.Episodes) == 0 {
			return fmt.Errorf("the alert %.100q has never fired", key)
		}
	}
	return nil
}

// plain returns an error of encoding/json without the text of the document, which may be anything.
func plain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s has the wrong type, at byte %d", kind.Field,
			kind.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it is cut off")
	}
	return fmt.Errorf("%.200s", err.Error())
}
