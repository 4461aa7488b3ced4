package letter

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// threadPictures is the most pictures of findings in the thread below a message.
const threadPictures = 4

// Picture is the chart of one finding, or a picture of a dashboard.
type Picture struct {
	Name string // of the file: "node-memory-ip-10-0-1-12.png"
	Alt  string // a description of the picture

	draw func() ([]byte, error)
}

// NewPicture returns a picture that draw draws.
func NewPicture(name, alt string, draw func() ([]byte, error)) Picture {
	return Picture{name, alt, draw}
}

// PNG draws the picture: the chart of a finding in the size of a phone.
func (p Picture) PNG() ([]byte, error) {
	png, err := p.draw()
	if err != nil {
		return nil, fmt.Errorf("drawing %s: %w", p.Name, err)
	}
	return png, nil
}

// Drawn is a picture that is drawn.
type Drawn struct {
	Picture
	Body []byte // a PNG
}

// Draw draws pictures. Its error joins those that cannot be drawn.
func Draw(pictures []Picture) ([]Drawn, error) {
	var out []Drawn
	var failed []error
	for _, p := range pictures {
		png, err := p.PNG()
		if err != nil {
			failed = append(failed, err)
			continue
		}
		out = append(out, Drawn{p, png})
	}
	return out, errors.Join(failed...)
}

// Image is a picture in an archive.
type Image struct{ URL, Alt string }

// Images returns the pictures in an archive of what a message is about, at most most: the first
// screen of the report's dashboard for a summary, then the panels of the worst alerts. There are
// none for a message that only says that something is resolved, and none without a link that needs
// no login and begins with https://, because nobody loads others.
func Images(d notify.Delivery, limits Limits, most int) []Image {
	w := newWriter(d, limits)
	var out []Image
	done := map[string]bool{}
	add := func(name, alt string) {
		if link := d.Pictures[name]; !done[name] && len(out) < most && limits.links(link) &&
			strings.HasPrefix(link, "https://") {
			out = append(out, Image{link, limits.Clip(outside.Line(alt), limits.Alt)})
		}
		done[name] = true
	}
	if b := w.report.Info.Board; b != nil && w.message.Kind == notify.KindSummary {
		add(report.BoardPhonePicture, fillText(w.BoardBeginning, b.Title))
	}
	for _, i := range w.message.Items {
		if !i.Episode.Fires() {
			continue
		}
		alt := i.Alert.Panel
		if p := w.panel(i.Alert.Panel); p != nil {
			alt = p.Spec.Title
		}
		add(report.PictureName(i.Alert.Panel), alt)
	}
	return out
}

// pictures returns the pictures of a message: of a summary those of the dashboard, and then the
// charts of the worst findings.
func (w *writer) pictures() []Picture {
	if w.message.Kind != notify.KindSummary {
		return w.charts()
	}
	return append(w.boardPictures(), w.charts()...)
}

// boardPictures returns the pictures of the report's dashboard: the whole, and the first screen,
// which can be read in a message on a phone.
func (w *writer) boardPictures() []Picture {
	in := &w.report.Info
	if in.Board == nil {
		return nil
	}
	whole := chart.BoardOptions{Zone: in.Zone, Language: in.Language, Font: in.Font}
	screen := whole
	screen.Phone, screen.Scale = true, 2
	return []Picture{
		w.boardPicture(report.BoardPicture, w.WholeBoard, whole),
		w.boardPicture(report.BoardPhonePicture, w.BoardBeginning, screen),
	}
}

// boardPicture returns a picture of the dashboard. If an archive keeps the report, it is drawn
// already.
func (w *writer) boardPicture(name, alt string, o chart.BoardOptions) Picture {
	b := w.report.Info.Board
	p := Picture{
		Name: name, Alt: w.limits.Clip(fillText(alt, b.Title), w.limits.Alt),
		draw: func() ([]byte, error) { return chart.BoardPNG(b, o) },
	}
	for _, f := range w.d.Files {
		if f.Name == name {
			p.draw = func() ([]byte, error) { return f.Body, nil }
		}
	}
	return p
}

// shownIn is a finding in a picture.
type shownIn struct {
	panel, rule, name, alt string
	since                  time.Time // when it began; zero: not known
	open                   bool      // it may have begun before since
}

// charts returns the charts of the worst findings, one for each query that they are about.
func (w *writer) charts() []Picture {
	var found []shownIn
	if w.message.Kind == notify.KindSummary {
		for _, f := range w.present() {
			at := shownIn{f.Panel, f.Rule, f.Name, f.Sentence, f.Since, f.Open}
			if f.Status != rules.Breach {
				at.since = time.Time{} // of its silence
			}
			found = append(found, at)
		}
	} else {
		for _, a := range w.alerts(w.message.Items) {
			found = append(found, shownIn{
				a.Alert.Panel, a.Alert.Rule, a.Alert.Name, a.brief().String(), a.Episode.Since,
				a.Episode.Open,
			})
		}
	}
	type query struct{ panel, ref string }
	var queries []query
	of := map[query][]shownIn{}
	for _, f := range found {
		p := w.panel(f.panel)
		if p == nil || p.Total == 0 {
			continue
		}
		q := query{f.panel, p.Spec.Query(p.Spec.Rule(f.rule).Ref).Ref}
		if of[q] == nil {
			queries = append(queries, q)
		}
		of[q] = append(of[q], f)
	}
	var out []Picture
	for _, q := range queries[:min(len(queries), threadPictures)] {
		out = append(out, w.chart(w.panel(q.panel), of[q]))
	}
	return out
}

// panel returns the panel of the report with this name, nil if there is none.
func (w *writer) panel(name string) *snapshot.Panel {
	for i := range w.report.Panels {
		if p := &w.report.Panels[i]; p.Spec.Name == name {
			return p
		}
	}
	return nil
}

// chart returns the picture of findings of one query. If none of their series is known, it is the
// chart of their panel.
func (w *writer) chart(p *snapshot.Panel, found []shownIn) Picture {
	name, about := p.Spec.Name, p
	if only := focus(p, found); only != nil {
		about = only
		if len(found) == 1 {
			name += "-" + found[0].name
		}
	}
	alt := outside.Line(found[0].alt)
	if more := len(found) - 1; more > 0 {
		alt = spaced(alt, w.AndMore.Of(more))
	}
	in := &w.report.Info
	return Picture{
		Name: report.Slug(name) + ".png", Alt: w.limits.Clip(alt, w.limits.Alt),
		draw: func() ([]byte, error) {
			return chart.PNG(about, chart.Options{
				Phone: true, Scale: 2, Zone: in.Zone, Language: in.Language, Font: in.Font,
			})
		},
	}
}
