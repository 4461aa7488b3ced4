package main

import (
	"bytes"
	"encoding/csv"
	"time"

	reportcsv "github.com/promsnap/promsnap/internal/report/csv"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// printSeriesCSV prints the samples of the series: a column for each series, and a row for each
// time. A missing sample is an empty cell.
func printSeriesCSV(c *console, p *snapshot.Panel) error {
	var out bytes.Buffer // the screen must not get a part of a character
	w := csv.NewWriter(&out)
	row := []string{"time"}
	for i := range p.Lines {
		row = append(row, reportcsv.Text(withUnit(p.Lines[i].Name, p.Spec.Unit())))
	}
	if err := w.Write(row); err != nil {
		return err
	}
	for at := range p.Grid.Len {
		row = append(row[:0], p.Grid.At(at).UTC().Format(time.RFC3339))
		for i := range p.Lines {
			row = append(row, reportcsv.Number(p.Lines[i].Values[at]))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return writeCSV(c, w, &out)
}

// withUnit returns a name with the unit of its numbers behind it.
func withUnit(name string, u units.Unit) string {
	if u == units.None || u == units.Short {
		return name
	}
	return name + " (" + u.String() + ")"
}

// writeCSV prints what w has written into out.
func writeCSV(c *console, w *csv.Writer, out *bytes.Buffer) error {
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	_, err := c.stdout.Write(out.Bytes())
	return err
}
