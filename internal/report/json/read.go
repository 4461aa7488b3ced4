package json

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
)

// documentHead limits how much of a report.json ReadHead reads. The fields that it needs are at the
// start.
const documentHead = 64 << 10

// Head is what the start of a report.json says about the report.
type Head struct {
	Cluster, Report, Zone, Headline string
	Incomplete                      string // why the report was cut short, or ""
	Counts                          DocCounts
}

// Whole reports whether the report is complete, as Report.Whole does.
func (h *Head) Whole() bool { return h.Incomplete == "" && h.Counts.Failed == 0 }

// ReadHead reads the start of a report.json. It returns false for anything that it cannot read.
func ReadHead(from io.Reader) (Head, bool) {
	h := Head{Counts: DocCounts{Failed: -1}}
	fields := map[json.Token]any{
		"cluster": &h.Cluster, "report": &h.Report, "zone": &h.Zone, "headline": &h.Headline,
		"incomplete": &h.Incomplete, "counts": &h.Counts,
	}
	d := json.NewDecoder(io.LimitReader(from, documentHead))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Head{}, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Head{}, false
		}
		to, known := fields[key]
		if !known {
			to = new(json.RawMessage)
		}
		if err := d.Decode(to); err != nil {
			return Head{}, false
		}
		if key == "counts" { // all other fields are before it
			return h, true
		}
	}
	return Head{}, false
}

// ReadWhole reports whether from holds the report.json of a complete report (Report.Whole). It
// returns false for anything that it cannot read.
func ReadWhole(from io.Reader) bool {
	h, ok := ReadHead(from)
	return ok && h.Whole()
}

// documentSize limits how much of a report.json is read, in bytes.
const documentSize = 64 << 20

// ReadFiles returns the names of a report's pictures, CSV files and PDF from its report.json, and
// false if it cannot be read.
func ReadFiles(from io.Reader) (names []string, ok bool) {
	var doc struct {
		Dashboard *struct{ Panels []struct{ Name string } }
		CSV       []string
		PDF       string
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
	if doc.PDF == report.PDFName {
		names = append(names, doc.PDF)
	}
	for _, p := range doc.Panels {
		names = append(names, report.PictureName(p.Name))
	}
	return names, true
}
