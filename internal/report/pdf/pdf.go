// Package pdf writes a report as a PDF for paper: on its first page what the first screen of
// index.html shows, then the charts of the panels with findings.
package pdf

import (
	"context"
	"fmt"
	"strings"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// Bounds of a document. What is beyond them is in index.html and report.json, and the document says
// so.
const (
	mostPages   = 80
	mostCauses  = 40
	mostMembers = 5 // findings of one cause
	mostEnded   = 10
	mostLines   = 12 // of warnings, of failures and of missing data
	firstNodes  = 10
	mostNodes   = 100 // of a full document
	mostCharts  = 100
	mostBeyond  = 20
)

// The margins in points. The footer is in the one at the bottom.
const (
	side   = 42
	top    = 42
	bottom = 52
	foot   = 26 // from the baseline of the footer to the end of the page
)

// Render returns report.pdf, or nothing if the report has none. The error is that of ctx, or says
// that the document could not be written, which no report should cause.
func Render(ctx context.Context, r *report.Report) ([]report.File, error) {
	if r.Info.PDF == nil {
		return nil, nil
	}
	size := chart.A4
	if r.Info.PDF.Letter {
		size = chart.Letter
	}
	l := layout{
		Report: r, words: words.In(r.Info.Language), paper: &paper{
			size: size, width: size.Width - 2*side, height: size.Height - top - bottom,
		},
	}
	l.file = chart.NewPDF(chart.PDFOptions{
		Paper: size, Title: l.title() + " · " + l.slot(), Subject: r.Headline,
		Producer: "promsnap " + r.Info.Version, Made: r.Info.Slot, Language: r.Info.Language,
		Font: r.Info.Font,
	})
	l.addFirst()
	l.addMore()
	if err := l.addPanels(ctx); err != nil {
		return nil, err
	}
	l.addEnd()
	return l.write(ctx)
}

// paper is where blocks are drawn. Heights count from the top margin.
type paper struct {
	file          *chart.PDF
	size          chart.Paper
	width, height float64 // between the margins
}

// layout lays out a report as blocks.
type layout struct {
	*report.Report
	*paper
	words  *words.Words
	blocks []*block
	charts int // that are laid out
}

// add adds a block and returns it.
func (l *layout) add(b block) *block {
	l.blocks = append(l.blocks, &b)
	return &b
}

// write draws the blocks page by page.
func (l *layout) write(ctx context.Context) ([]report.File, error) {
	pages, left := cut(paginate(l.blocks, l.height), mostPages)
	for i, page := range pages {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("writing %s stopped at page %d: %w", report.PDFName, i+1, err)
		}
		l.file.AddPage()
		for _, b := range page {
			y := top + b.y
			if b.mark != "" {
				l.file.Bookmark(b.mark, b.level, y)
			}
			b.draw(l.paper, y)
		}
		note := ""
		if i == len(pages)-1 && left > 0 {
			note = l.words.MorePages.Of(left)
		}
		l.footer(i+1, len(pages), note)
	}
	body, err := l.file.Bytes()
	if err != nil {
		return nil, err
	}
	return []report.File{{
		Name: report.PDFName, ContentType: "application/pdf", Body: body,
	}}, nil
}

// footer writes what the page is of, and its number.
func (l *layout) footer(page, of int, note string) {
	y := l.size.Height - foot
	number := fmt.Sprintf("%d / %d", page, of)
	wide := l.file.Width(number, small)
	l.file.Box(side, y-13, l.width, hairline, lineColour)
	text := l.title() + " · " + l.slot()
	if note != "" {
		text = note
	}
	l.file.Write(l.file.Elide(text, small, l.width-wide-20), small, side, y)
	l.file.Write(number, small, side+l.width-wide, y)
}

// title returns what the report is about: "prod-seoul · Daily capacity".
func (l *layout) title() string {
	if l.Info.Cluster == "" {
		return l.Info.Title
	}
	return l.Info.Cluster + " · " + l.Info.Title
}

// slot returns the time of the report.
func (l *layout) slot() string { return l.words.Stamp(l.Info.Slot.In(l.Info.Zone)) }

// addEnd adds how the report was made.
func (l *layout) addEnd() {
	in := l.Info
	from := strings.TrimSpace(in.Server + " " + in.ServerURL)
	for i, said := range []struct{ head, text string }{
		{l.words.Source, from}, {l.words.RunAgain, in.Command},
		{"", fmt.Sprintf(l.words.MadeBy, in.Version)},
	} {
		if said.text == "" {
			continue
		}
		text := said.text
		if said.head != "" {
			text = said.head + ": " + said.text
		}
		b := l.paragraph(text, small, 4)
		b.before = 0
		if i == 0 {
			b.before = 20
		}
		l.add(b)
	}
}

// notListed says how many are listed if some are left out, else "".
func (l *layout) notListed(listed, of int) string {
	if listed >= of {
		return ""
	}
	return fmt.Sprintf(l.words.NotListed, words.Thousands(listed), words.Thousands(of))
}

// join returns the texts that are not empty, with a separator.
func join(sep string, texts ...string) string {
	out := ""
	for _, t := range texts {
		if t != "" {
			if out != "" {
				out += sep
			}
			out += t
		}
	}
	return out
}
