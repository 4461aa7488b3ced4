package html

import (
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// sizingView is the section of requests against use.
type sizingView struct {
	W               *words.Words
	Sums            []string
	Tables          []sizedTable // the empty ones are left out
	Basis, Withheld string
}

// sizedTable is a table of requests that are too high, or too low.
type sizedTable struct {
	Heading string
	Rows    []sizedView
	Priced  bool   // there is a column for money
	Left    string // how many are left out; "" if none are
	YAML    string
}

type sizedView struct {
	report.Sized
	PodsNow string
}

// sizing returns the section of requests against use, nil if nobody looked.
func (l layout) sizing() *sizingView {
	s, w := l.Sizing, l.words
	if s == nil {
		return nil
	}
	v := &sizingView{W: w, Basis: report.Joined(s.Basis), Withheld: s.Withheld}
	for _, sum := range s.Sums {
		v.Sums = append(v.Sums, report.Joined(sum))
	}
	for _, t := range []struct {
		heading string
		of      []report.Sized
		left    int
		yaml    func(words.Language) string
	}{
		{w.Sizing.TooMuch, s.Less, s.LessLeft, s.LessYAML},
		{w.Sizing.TooLittle, s.More, s.MoreLeft, s.MoreYAML},
	} {
		if len(t.of) == 0 {
			continue
		}
		one := sizedTable{
			Heading: t.heading, YAML: strings.TrimSuffix(t.yaml(l.Info.Language), "\n"),
		}
		for _, row := range slices.Concat(report.ByResource(t.of)...) {
			row.InAll, row.Used = report.Joined(row.InAll), report.Joined(row.Used)
			one.Priced = one.Priced || row.Month != ""
			one.Rows = append(one.Rows, sizedView{row, w.Sizing.OfPods.Of(int(row.Row.Pods))})
		}
		if t.left > 0 {
			one.Left = w.Sizing.More.Of(t.left)
		}
		v.Tables = append(v.Tables, one)
	}
	return v
}
