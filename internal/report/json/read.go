package json

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
)

// documentHead limits how much of a report.json ReadWhole reads. The fields that it needs are at
// the start.
const documentHead = 64 << 10

// ReadWhole reports whether from holds the report.json of a complete report (Report.Whole). It
// returns false for anything that it cannot read.
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

// documentSize limits how much of a report.json is read, in bytes.
const documentSize = 64 << 20

// ReadFiles returns the names of a report's pictures and CSV files from its report.json, and false
// if it cannot be read.
func ReadFiles(from io.Reader) (names []string, ok bool) {
	var doc struct {
		Dashboard *struct{ Panels []struct{ Name string } }
		CSV       []string
		Panels    []struct{ Name string }
	}
	if err := json.NewDecoder(io.LimitReader(from, documentSize)).Decode(&doc); err != nil ||
		doc.Panels == nil {
		return nil, false
	}
	if doc.Dashboard != nil {
		names = append(names, report.BoardPicture, report.BoardLargePicture,
			report.BoardPhonePicture)
		for _, p := range doc.Dashboard.Panels {
			names = append(names, report.BoardPanelPicture(p.Name))
		}
	}
	for _, name := range doc.CSV {
		if strings.HasSuffix(name, ".csv") {
			names = append(names, name)
		}
	}
	for _, p := range doc.Panels {
		names = append(names, report.PictureName(p.Name))
	}
	return names, true
}
