package letter

import (
	"fmt"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
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

// charts returns the charts of the worst findings, one for each. Findings of series that are not
// drawn share the chart of their panel.
func (w *writer) charts() []Picture {
	type about struct{ panel, rule, name, alt string }
	var found []about
	if w.message.Kind == notify.KindSummary {
		for _, f := range w.present() {
			found = append(found, about{f.Panel, f.Rule, f.Name, f.Sentence})
		}
	} else {
		for _, a := range w.alerts(w.message.Items) {
			found = append(found, about{
				a.Alert.Panel, a.Alert.Rule, a.Alert.Name, a.brief().String(),
			})
		}
	}
	var out []Picture
	in, drawn := &w.report.Info, map[string]bool{}
	for _, f := range found {
		for i := range w.report.Panels {
			p := &w.report.Panels[i]
			if p.Spec.Name != f.panel || p.Total == 0 || len(out) == threadPictures {
				continue
			}
			key, about := p.Spec.Name, p
			if only := focus(p, f.rule, f.name); only != nil {
				key, about = p.Spec.Name+"-"+f.name, only
			}
			if !drawn[key] {
				drawn[key] = true
				out = append(out, Picture{
					Name: report.Slug(key) + ".png",
					Alt:  w.limits.Clip(outside.Line(f.alt), w.limits.Alt),
					draw: func() ([]byte, error) {
						return chart.PNG(about, chart.Options{
							Phone: true, Scale: 2, Zone: in.Zone, Language: in.Language,
							Font: in.Font,
						})
					},
				})
			}
		}
	}
	return out
}

// focus returns p with only the series of the finding, or nil if that series is not drawn.
func focus(p *snapshot.Panel, rule, name string) *snapshot.Panel {
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.Rule != rule || f.Name != name {
			continue
		}
		if ln := p.Line(f.Ref, f.Labels); ln != nil {
			only := *p
			only.Lines, only.Rows, only.Findings = []snapshot.Line{*ln}, []snapshot.Row{ln.Row},
				p.Findings[i:i+1]
			only.Rest, only.Total = nil, 1
			return &only
		}
	}
	return nil
}
