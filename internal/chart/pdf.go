package chart

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// PDF is a PDF document with charts and text. Its lengths are points (1/72 inch) from the top left
// corner of a page. It has the light theme: paper is white. The same calls give the same bytes.
//
// Text from outside is drawn as one line without invisible characters. Runes of the embedded fonts
// can be selected and searched, and the document embeds a subset of these fonts. Runes of the
// user's font are drawn as shapes.
type PDF struct {
	file     *fpdf.Fpdf
	paper    Paper
	text     *picture             // measures text
	families map[*fontFile]string // of the embedded fonts that are used, as fpdf knows them
}

// Paper is the size of a page in points.
type Paper struct{ Width, Height float64 }

// The sizes of paper.
var (
	A4     = Paper{595.28, 841.89}
	Letter = Paper{612, 792}
)

// PDFOptions describe a document. Made is its time of creation and of change, in UTC.
type PDFOptions struct {
	Paper                    Paper
	Title, Subject, Producer string
	Made                     time.Time
	Language                 words.Language
	Font                     *Font // for runes that the embedded fonts lack; nil: none
}

// NewPDF returns a document without pages.
func NewPDF(o PDFOptions) *PDF {
	f := fpdf.NewCustom(&fpdf.InitType{
		UnitStr: "pt", Size: fpdf.SizeType{Wd: o.Paper.Width, Ht: o.Paper.Height},
	})
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)
	f.SetCatalogSort(true) // without it, the order of objects is random
	f.SetCreationDate(o.Made.UTC())
	f.SetModificationDate(o.Made.UTC())
	f.SetTitle(outside.Line(o.Title), true)
	f.SetSubject(outside.Line(o.Subject), true)
	f.SetCreator(outside.Line(o.Producer), true)
	f.SetLang(words.In(o.Language).Lang)
	in := Options{Language: o.Language, Font: o.Font}.bounded()
	return &PDF{file: f, paper: o.Paper, text: newPicture(in), families: map[*fontFile]string{}}
}

// AddPage begins a page.
func (d *PDF) AddPage() { d.file.AddPage() }

// Bookmark adds an entry to the outline of the document that leads to a height of the current page.
// The first level is 0. An entry of a deeper level belongs to the entry before it of the level
// above, which must exist.
func (d *PDF) Bookmark(title string, level int, y float64) {
	// fpdf encodes the title as it does text of the font.
	d.selectFont(typefaces[regular].find(' ').font, 1)
	d.file.Bookmark(outside.Clip(outside.Line(title), mostTitle), level, y)
}

// mostTitle is the length of an outline's entry in characters.
const mostTitle = 120

// Link makes a rectangle of the current page a link to a web address.
func (d *PDF) Link(url string, x, y, width, height float64) {
	d.file.LinkString(x, y, width, height, url)
}

// Bytes returns the document. It cannot be changed after that.
func (d *PDF) Bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := d.file.Output(&out); err != nil {
		return nil, fmt.Errorf("write a PDF: %w", err)
	}
	return tagSubsets(out.Bytes()), nil
}

// Drawing is a chart that has been laid out.
type Drawing struct{ picture *picture }

// Draw lays out a panel as PNG does.
func Draw(p *snapshot.Panel, o Options) Drawing { return Drawing{compose(p, o.bounded())} }

// DrawView lays out a panel of a dashboard as ViewPNG does.
func DrawView(v *board.View, o ViewOptions) Drawing { return Drawing{composeView(v, o.options())} }

// Aspect returns the height of the drawing as a share of its width.
func (g Drawing) Aspect() float64 {
	return float64(g.picture.height) / float64(g.picture.width)
}

// Place draws g on the current page with its top left corner at x, y.
func (d *PDF) Place(g Drawing, x, y, width float64) error {
	s := &pdfChart{doc: d, x: x, y: y, scale: width / float64(g.picture.width)}
	s.begin()
	defer s.end()
	if err := g.picture.render(s, nil); err != nil {
		return fmt.Errorf("draw a chart: %w", err)
	}
	return nil
}
