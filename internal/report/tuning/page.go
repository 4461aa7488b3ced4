package tuning

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/templates"
)

// The sizes of the pictures in CSS pixels. A phone has pictures of its own, because the text of the
// wide ones would be too small there.
const (
	wideWidth, wideHeight   = 1176, 300
	phoneWidth, phoneHeight = 380, 240
	fileWidth, fileHeight   = 1000, 320
	fileScale               = 2
)

// mostName is the longest part of a file's name that is from a rule.
const mostName = 60

// mostPictures is how many rules have pictures. Each takes a few milliseconds and 50 kB.
const mostPictures = 100

// page is the data of templates/backtest.html.
type page struct {
	Told
	Rules  []pageRule
	Rows   [][]string // nil if there is only one rule
	Period string     // of the only rule
	Style  template.CSS
	CSP    string
	MadeBy string
}

// pageRule is a rule with its pictures.
type pageRule struct {
	Rule
	State                                        string
	HasProposal                                  bool
	LevelsWide, LevelsPhone, DaysWide, DaysPhone template.HTML
}

// Files returns the files of a report's back-tests: the page, the JSON document, and two pictures
// of each rule.
func Files(in Info, results []backtest.Result) ([]report.File, error) {
	doc, err := JSON(in, results)
	if err != nil {
		return nil, err
	}
	body, err := Page(in, results)
	if err != nil {
		return nil, err
	}
	files := []report.File{
		{Name: "index.html", ContentType: "text/html; charset=utf-8", Body: body},
		{Name: "backtest.json", ContentType: "application/json", Body: doc},
	}
	o := options(in)
	o.Width, o.Height, o.Scale = fileWidth, fileHeight, fileScale
	for i := range results[:min(len(results), mostPictures)] {
		r := &results[i]
		if neverFired(r) {
			continue
		}
		name := fmt.Sprintf("%02d-%s", i+1, outside.Slug(r.Rule.Name, mostName))
		for _, p := range []struct {
			suffix string
			draw   func(*backtest.Result, chart.Options) ([]byte, error)
			needs  bool
		}{{"-levels.png", chart.LevelsPNG, levelled(r)}, {"-days.png", chart.DaysPNG, hasDays(r)}} {
			if !p.needs {
				continue
			}
			body, err := p.draw(r, o)
			if err != nil {
				return nil, fmt.Errorf("drawing the back-test of %s: %w", r.Rule.Name, err)
			}
			files = append(files, report.File{
				Name: name + p.suffix, ContentType: "image/png", Body: body,
			})
		}
	}
	return files, nil
}

// hasDays reports whether some object alerted at the configured level.
func hasDays(r *backtest.Result) bool {
	now, ok := Now(r)
	return ok && len(now.By) > 0
}

// options returns what all pictures have in common.
func options(in Info) chart.Options {
	return chart.Options{Zone: in.Zone, Language: in.Language, Font: in.Font}
}

// Page returns the back-tests of a report as one self-contained page. It loads nothing, and has no
// script.
func Page(in Info, results []backtest.Result) ([]byte, error) {
	told := Tell(in, results)
	style := templates.BacktestCSS + chart.Styles()
	sum := sha256.Sum256([]byte(style))
	p := page{
		Told:   told,
		Style:  template.CSS(style), //nolint:gosec // no text from outside
		MadeBy: fmt.Sprintf(told.W.MadeBy, in.Version),
		CSP: "default-src 'none'; img-src data:; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	}
	if len(results) > 1 {
		p.Rows = told.Rows
	} else if len(told.Rules) == 1 {
		p.Period = told.Rules[0].Period
	}
	for i, rule := range told.Rules {
		r := pageRule{Rule: rule, State: state(rule.Result)}
		_, r.HasProposal = Proposed(rule.Result)
		if i < mostPictures {
			if err := r.draw(options(in)); err != nil {
				return nil, fmt.Errorf("drawing the back-test of %s: %w", rule.Name, err)
			}
		}
		p.Rules = append(p.Rules, r)
	}
	t, err := template.New("backtest").Parse(templates.BacktestHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return out.Bytes(), nil
}

// state returns the name of a proposal's style.
func state(r *backtest.Result) string {
	if _, ok := Proposed(r); ok {
		if MoreThanAim(r) {
			return "doubt"
		}
		return "better"
	}
	switch r.Why {
	case backtest.Enough, backtest.Wall:
		return string(r.Why)
	}
	return "none"
}

// draw draws the pictures of a rule, for wide and for narrow screens.
func (r *pageRule) draw(o chart.Options) error {
	o.Bare = true
	for _, p := range []struct {
		to            *template.HTML
		draw          func(*backtest.Result, chart.Options) ([]byte, error)
		width, height int
		needs         bool
	}{
		{&r.LevelsWide, chart.LevelsSVG, wideWidth, wideHeight, levelled(r.Result)},
		{&r.LevelsPhone, chart.LevelsSVG, phoneWidth, phoneHeight, levelled(r.Result)},
		{&r.DaysWide, chart.DaysSVG, wideWidth, wideHeight, hasDays(r.Result)},
		{&r.DaysPhone, chart.DaysSVG, phoneWidth, phoneHeight, hasDays(r.Result)},
	} {
		if !p.needs {
			continue
		}
		o.Width, o.Height = p.width, p.height
		svg, err := p.draw(r.Result, o)
		if err != nil {
			return err
		}
		*p.to = template.HTML(svg) //nolint:gosec // chart escapes all text in it
	}
	return nil
}
