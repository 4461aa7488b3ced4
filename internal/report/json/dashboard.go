package json

import (
	"math"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/report"
)

// How much of a panel of a dashboard is in report.json.
const (
	documentFigures = 1000
	documentCells   = 5000 // of a table
)

// DocDashboard is the Grafana dashboard of the report. Texts are as the dashboard shows them;
// reasons are in English.
type DocDashboard struct {
	Title     string        `json:"title"`
	Variables []DocVariable `json:"variables"`
	Rows      []DocBoardRow `json:"rows"`
	// Beyond has the figures that the dashboard's own thresholds colour: red ones first.
	Beyond  []DocBeyond     `json:"beyond_thresholds"`
	Panels  []DocBoardPanel `json:"panels"`
	LeftOut []DocLeftOut    `json:"left_out"`
	Notes   []string        `json:"notes"`
}

// DocVariable is a variable of a dashboard with at most 20 of its values.
type DocVariable struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Status string   `json:"status" jsonschema:"enum=resolved,enum=pending,enum=unresolved"`
	Values []string `json:"values"`
	Count  int      `json:"count" jsonschema:"minimum=0"`
	Reason string   `json:"reason,omitempty"`
}

// DocBoardRow is a row of a dashboard.
type DocBoardRow struct {
	Title     string `json:"title"`
	Tab       string `json:"tab,omitempty"`
	Collapsed bool   `json:"collapsed,omitempty"`
}

// DocBeyond is a figure beyond its dashboard's thresholds.
type DocBeyond struct {
	Panel string `json:"panel"` // its name
	Name  string `json:"name,omitempty"`
	Text  string `json:"text"`
	Level string `json:"level" jsonschema:"enum=yellow,enum=red"`
}

// DocBoardPanel is a panel of a dashboard. Its figures are those of tiles and bars, or the last
// values of a graph. A panel above all rows has no row.
type DocBoardPanel struct {
	Name             string          `json:"name"`
	ID               int             `json:"id"`
	Title            string          `json:"title"`
	Row              *int            `json:"row,omitempty" jsonschema:"minimum=0"`
	Kind             string          `json:"kind" jsonschema:"enum=graph,enum=tiles,enum=bars,enum=table,enum=heat,enum=histogram,enum=states,enum=text"`
	Status           string          `json:"status" jsonschema:"enum=imported,enum=approximated"`
	Differs          string          `json:"differs,omitempty"`
	Empty            bool            `json:"empty,omitempty"`
	Queries          []DocBoardQuery `json:"queries"`
	Failures         []DocQueryFails `json:"failures,omitempty"`
	Notes            []string        `json:"notes,omitempty"`
	Figures          []DocFigure     `json:"figures,omitempty"`
	FiguresTruncated int             `json:"figures_truncated,omitempty" jsonschema:"minimum=0"`
	Columns          []string        `json:"columns,omitempty"`
	Table            [][]DocCell     `json:"table,omitempty"`
	TableTruncated   int             `json:"table_truncated,omitempty" jsonschema:"minimum=0"`
}

// DocBoardQuery is a query as it was sent. An instant query has no step.
type DocBoardQuery struct {
	Ref   string  `json:"ref"`
	Query string  `json:"query"`
	Step  float64 `json:"step_seconds,omitempty" jsonschema:"minimum=0"`
}

// DocQueryFails says why a query has no answer. Sent is false if it could not be sent.
type DocQueryFails struct {
	Ref   string `json:"ref"`
	Error string `json:"error"`
	Sent  bool   `json:"sent"`
}

// DocFigure is one number of a panel.
type DocFigure struct {
	Name  string `json:"name,omitempty"`
	Text  string `json:"text,omitempty"`
	Value Number `json:"value"`
	Level string `json:"level,omitempty" jsonschema:"enum=normal,enum=yellow,enum=red"`
}

// DocCell is one cell of a table. A cell that is no number has no value.
type DocCell struct {
	Text  string  `json:"text"`
	Value *Number `json:"value,omitempty"`
}

// DocLeftOut is a panel of the file that is not shown.
type DocLeftOut struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

var levels = map[board.Level]string{
	board.Normal: "normal", board.Yellow: "yellow", board.Red: "red",
}

// docDashboard returns the dashboard of a report, nil if there is none.
func docDashboard(r *report.Report) *DocDashboard {
	b := r.Info.Board
	if b == nil {
		return nil
	}
	d := &DocDashboard{
		Title: b.Title, Variables: []DocVariable{}, Rows: []DocBoardRow{}, Beyond: []DocBeyond{},
		Panels: []DocBoardPanel{}, LeftOut: []DocLeftOut{}, Notes: list(b.Notes),
	}
	for _, v := range b.Variables {
		d.Variables = append(d.Variables, DocVariable{
			v.Name, v.Type, v.Status, list(v.Values), v.Count, v.Reason,
		})
	}
	for _, row := range b.Rows {
		d.Rows = append(d.Rows, DocBoardRow{row.Title, row.Tab, row.Collapsed})
	}
	beyond, _ := b.BeyondThresholds()
	for _, f := range beyond[:min(len(beyond), documentFigures)] {
		d.Beyond = append(d.Beyond, DocBeyond{f.Panel.Name, f.Name, f.Text, levels[f.Level]})
	}
	for i := range b.Panels {
		d.Panels = append(d.Panels, docBoardPanel(r, &b.Panels[i]))
	}
	for _, v := range b.Verdicts {
		if v.Status == grafana.LeftOut {
			d.LeftOut = append(d.LeftOut, DocLeftOut{v.ID, v.Title, v.Type, v.Reason})
		}
	}
	return d
}

func docBoardPanel(r *report.Report, p *board.Panel) DocBoardPanel {
	d := DocBoardPanel{
		Name: p.Name, ID: p.ID, Title: p.Title, Kind: string(p.Kind),
		Status: string(grafana.Imported), Differs: p.Differs, Empty: p.Empty,
		Queries: []DocBoardQuery{}, Notes: r.BoardPanel(p).Said,
	}
	if p.Row >= 0 {
		d.Row = &p.Row
	}
	if p.Differs != "" {
		d.Status = string(grafana.Approximated)
	}
	for _, q := range p.Queries {
		one := DocBoardQuery{Ref: q.Ref, Query: q.Expr}
		if !q.Instant {
			one.Step = q.Step.Seconds()
		}
		d.Queries = append(d.Queries, one)
	}
	for _, f := range p.Failures {
		d.Failures = append(d.Failures, DocQueryFails{f.Ref, f.Reason, f.Sent})
	}
	figures := docFigures(p)
	d.Figures = figures[:min(len(figures), documentFigures)]
	d.FiguresTruncated = len(figures) - len(d.Figures)
	if p.Table != nil {
		d.addTable(p.Table)
	}
	return d
}

// docFigures returns the numbers of a panel.
func docFigures(p *board.Panel) []DocFigure {
	var out []DocFigure
	switch {
	case p.Tiles != nil:
		for _, t := range p.Tiles.Items {
			out = append(out, DocFigure{
				t.Name, t.Text.String(), Number(t.Number), levels[t.Level],
			})
		}
	case p.Bars != nil:
		for _, bar := range p.Bars.Items {
			for i, part := range bar.Parts {
				name := bar.Name
				if len(bar.Parts) > 1 && i < len(p.Bars.Series) {
					name += " " + p.Bars.Series[i].Name
				}
				out = append(out, DocFigure{
					name, part.Text.String(), Number(part.Number), levels[part.Level],
				})
			}
		}
	case p.Graph != nil:
		for i := range p.Graph.Curves {
			c := &p.Graph.Curves[i]
			out = append(out, DocFigure{Name: c.Name, Value: Number(last(c))})
		}
	}
	return out
}

// last returns the last own value of a curve, NaN if it has none.
func last(c *board.Curve) float64 {
	values := c.Own
	if values == nil {
		values = c.Values
	}
	for i := len(values) - 1; i >= 0; i-- {
		if !math.IsNaN(values[i]) {
			return values[i]
		}
	}
	return math.NaN()
}

// addTable adds the rows of a table, as many as there is room for.
func (d *DocBoardPanel) addTable(t *board.Table) {
	for _, c := range t.Columns {
		d.Columns = append(d.Columns, c.Name)
	}
	rows := t.Rows[:min(len(t.Rows), documentCells/max(len(t.Columns), 1))]
	d.TableTruncated = max(t.Total, len(t.Rows)) - len(rows)
	for _, row := range rows {
		cells := make([]DocCell, len(row))
		for i, c := range row {
			cells[i].Text = c.Text
			if !math.IsNaN(c.Number) {
				cells[i].Value = new(Number(c.Number))
			}
		}
		d.Table = append(d.Table, cells)
	}
}
