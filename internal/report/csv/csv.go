// Package csv writes the tables of a report as CSV files (RFC 4180): the findings, the nodes, and
// the series of panels. It also has the rules for a cell, which every CSV of promsnap follows.
package csv

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/units"
)

// tableRows limits the findings, nodes or series of a file, as in report.json.
const tableRows = 1000

// Render writes the CSV files that the report has (Report.Tables). Their headers are the same in
// every language, and have the unit of the column where it has one.
func Render(r *report.Report) ([]report.File, error) {
	if r.Info.CSV == nil {
		return nil, nil
	}
	tables := []table{findings(r)}
	if r.Info.Fleet == nil {
		tables = append(tables, nodes(r))
	}
	for _, p := range r.TabledPanels() {
		tables = append(tables, seriesOf(r, p))
	}
	var files []report.File
	for _, t := range tables {
		f, err := t.file()
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// table is a file. The last column is always a note: a row with a note says what is missing in the
// table and is not one of its things.
type table struct {
	name string
	rows [][]string // the first is the header
}

func newTable(name string, header ...string) table {
	return table{name, [][]string{append(header, "note")}}
}

// add adds a row without a note.
func (t *table) add(cells ...string) { t.rows = append(t.rows, append(cells, "")) }

// note adds a row with a note. The first cells of the row are given, the others are empty.
func (t *table) note(text string, first ...string) {
	row := make([]string, len(t.rows[0]))
	copy(row, first)
	row[len(row)-1] = Text(text)
	t.rows = append(t.rows, row)
}

func (t *table) file() (report.File, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	if err := w.WriteAll(t.rows); err != nil {
		return report.File{}, fmt.Errorf("writing %s: %w", t.name, err)
	}
	return report.File{
		Name: t.name, ContentType: "text/csv; charset=utf-8; header=present", Body: out.Bytes(),
	}, nil
}

// Text returns a text from outside as a cell: one line, which a spreadsheet does not read as a
// formula. An apostrophe before it prevents that.
func Text(s string) string {
	s = outside.Line(s)
	unseen := func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unseen))
	if strings.ContainsRune("=+-@|%＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// Number returns a number as a cell, with all its digits; NaN is an empty cell.
func Number(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 1):
		return "Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Time returns a time in UTC as a cell (RFC 3339); the zero time is an empty cell.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// unitNames are the units as words of a header.
var unitNames = map[units.Unit]string{
	units.None: "", units.Short: "", units.Bytes: "bytes", units.DecBytes: "bytes",
	units.Percent: "percent", units.PercentUnit: "ratio", units.Cores: "cores",
	units.Seconds: "seconds", units.Duration: "seconds", units.Milliseconds: "milliseconds",
	units.Microseconds: "microseconds", units.BytesPerSecond: "bytes_per_second",
	units.BinBytesPerSecond: "bytes_per_second", units.BitsPerSecond: "bits_per_second",
	units.PacketsPerSecond: "packets_per_second", units.CountsPerSecond: "counts_per_second",
	units.OpsPerSecond: "operations_per_second", units.RequestsPerSecond: "requests_per_second",
	units.IOPerSecond: "io_per_second", units.ReadsPerSecond: "reads_per_second",
	units.WritesPerSecond: "writes_per_second", units.EventsPerSecond: "events_per_second",
}

// unitName returns a unit as a word of a header, or its id if there is no such word; "" for a plain
// number.
func unitName(u units.Unit) string {
	if name, ok := unitNames[u]; ok {
		return name
	}
	return Text(u.String())
}

// in returns the header of a column of numbers: "last_bytes".
func in(head string, u units.Unit) string {
	if name := unitName(u); name != "" {
		return head + "_" + name
	}
	return head
}
