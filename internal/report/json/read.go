package json

import (
	"encoding/json"
	"io"

	"github.com/promsnap/promsnap/internal/report"
)

// documentHead bounds how far a report.json is read to know whether its report is whole: what says
// so stands at its beginning.
const documentHead = 64 << 10

// ReadWhole tells whether what from holds is the report.json of a report that is whole
// (Report.Whole). What cannot be read as one is not.
func ReadWhole(from io.Reader) bool {
	d := json.NewDecoder(io.LimitReader(from, documentHead))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	incomplete := ""
	for d.More() {
		key, err := d.Token()
		var skipped json.RawMessage
		switch {
		case err != nil:
			return false
		case key == "incomplete":
			err = d.Decode(&incomplete)
		case key == "counts":
			counts := struct{ Failed int }{-1}
			return d.Decode(&counts) == nil && incomplete == "" && counts.Failed == 0
		default:
			err = d.Decode(&skipped)
		}
		if err != nil {
			return false
		}
	}
	return false
}

// documentSize bounds how much of a report.json is read, in bytes.
const documentSize = 64 << 20

// ReadPictures returns the names that the pictures of a report have, from its report.json; false
// where that cannot be read.
func ReadPictures(from io.Reader) (names []string, ok bool) {
	var doc struct {
		Panels []struct{ Name string }
	}
	if err := json.NewDecoder(io.LimitReader(from, documentSize)).Decode(&doc); err != nil ||
		doc.Panels == nil {
		return nil, false
	}
	for _, p := range doc.Panels {
		names = append(names, report.PictureName(p.Name))
	}
	return names, true
}
