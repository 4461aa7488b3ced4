package board

import (
	"image/color"
	"math"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/value"
)

// States are rows of states over time.
type States struct {
	From, To time.Time
	Cells    bool // each sample is a cell of its own: a status history
	ShowText bool // the states' texts are drawn into them
	Rows     []StateRow
	Legend   []State // each text once, in the order in which it is found; at most 30
	Hidden   bool    // the legend is
}

// StateRow is one row.
type StateRow struct {
	Name string
	Runs []Run
}

// Run is a state from a time until before another.
type Run struct {
	From, To time.Time
	State
}

// State is what a run shows.
type State struct {
	Text  string
	Color color.NRGBA
}

// maxStates is how many texts the legend has.
const maxStates = 30

// stating builds States.
type stating struct {
	*builder
	states States
	merge  bool
	runs   int
	total  int
}

func (b *builder) states() *States {
	o := b.panel.Options
	s := &stating{builder: b}
	s.states.Cells = b.panel.Type == "status-history"
	s.states.ShowText = o.ShowValue != "never"
	s.states.Hidden = o.Legend.Hidden
	s.merge = !s.states.Cells && o.MergeValues
	timed, rows := false, 0
	for _, f := range b.frames {
		times := timesOf(f)
		if times == nil {
			continue
		}
		timed = true
		for _, field := range f.Fields {
			switch {
			case field.Type == frame.Time || field.Type == frame.Other:
			case b.style(field).HideInGraph:
			default:
				if rows++; rows <= MaxRows {
					s.row(f, times, field)
				}
			}
		}
	}
	if !timed && len(b.frames) > 0 {
		b.note(Note{Code: NoteNoTime})
	}
	if rows > MaxRows {
		b.note(Note{Code: NoteRows, Count: MaxRows, Total: rows})
	}
	if s.total > s.runs {
		b.note(Note{Code: NoteRuns, Count: s.runs, Total: s.total})
	}
	b.view.Empty = s.runs == 0
	return &s.states
}

// sample is a state at a time in milliseconds.
type sample struct {
	at    int64
	state State
}

// row adds the states of a field.
func (s *stating) row(of *frame.Frame, times, field *frame.Field) {
	samples := s.samples(times, field)
	if len(samples) == 0 {
		return
	}
	row := StateRow{Name: name(s.names.Of(field, of))}
	step := s.stepOf(samples, of.RefID)
	for i, x := range samples {
		end := x.at + step
		if i+1 < len(samples) {
			end = min(end, samples[i+1].at)
			if step == 0 {
				end = samples[i+1].at
			}
		}
		from, to := time.UnixMilli(x.at).In(s.set.Now.Location()), time.UnixMilli(end).
			In(s.set.Now.Location())
		if n := len(row.Runs); n > 0 && s.merge && row.Runs[n-1].State == x.state &&
			!row.Runs[n-1].To.Before(from) {
			row.Runs[n-1].To = to
			continue
		}
		if s.total++; s.runs == MaxRuns {
			continue
		}
		s.runs++
		row.Runs = append(row.Runs, Run{From: from, To: to, State: x.state})
		s.learn(x.state)
	}
	if len(row.Runs) == 0 {
		return
	}
	if s.states.From.IsZero() || row.Runs[0].From.Before(s.states.From) {
		s.states.From = row.Runs[0].From
	}
	if end := row.Runs[len(row.Runs)-1].To; end.After(s.states.To) {
		s.states.To = end
	}
	s.states.Rows = append(s.states.Rows, row)
}

// learn adds a state to the legend.
func (s *stating) learn(x State) {
	for _, other := range s.states.Legend {
		if other == x {
			return
		}
	}
	if len(s.states.Legend) < maxStates {
		s.states.Legend = append(s.states.Legend, x)
	}
}

// samples returns the states of a field. What is missing, and has no text, is a hole.
func (s *stating) samples(times, field *frame.Field) []sample {
	steps := s.thresholdStates(field)
	d := s.display(field)
	var out []sample
	for i := range field.Values.Len() {
		at, ok := times.Values.At(i).Number()
		if !ok || math.IsNaN(at) || math.Abs(at) > lastTime {
			continue
		}
		v := field.Values.At(i)
		shown := d.Display(v)
		if v.IsNull() && (steps != nil || shown.String() == "") {
			continue
		}
		state := State{Text: cell(shown.String()), Color: shown.Color}
		if n, ok := number(v); ok && steps != nil {
			state = steps[stepAt(steps, n)].State
		}
		if n := len(out); n > 0 && out[n-1].at >= int64(at) {
			continue // rows that are out of order
		}
		out = append(out, sample{int64(at), state})
	}
	return out
}

// limitState is the state of values from a threshold on.
type limitState struct {
	State
	from float64
}

// stepAt returns the last step that v reaches.
func stepAt(steps []limitState, v float64) int {
	k := 0
	for i := 1; i < len(steps) && v >= steps[i].from; i++ {
		k = i
	}
	return k
}

// thresholdStates returns the states that a timeline has instead of values: one for each threshold,
// if the field is coloured by them.
func (s *stating) thresholdStates(field *frame.Field) []limitState {
	at := s.field(field)
	if !s.merge || field.Type != frame.Number || at.Scheme.Mode != "thresholds" {
		return nil
	}
	low, high := s.bounds(field)
	bands, ok := s.bands(field, &low, &high)
	if !ok {
		return nil
	}
	unit := at.Unit
	if at.Thresholds.Percentage {
		unit = "percent"
	}
	format := value.New(orNone(unit), s.set.Now)
	text := func(i int) string {
		return cell(format.Format(at.Thresholds.Steps[i].Value, at.Decimals).String())
	}
	out := make([]limitState, len(bands))
	for i, band := range bands {
		out[i] = limitState{State: State{Color: band.Color}, from: band.From}
		switch {
		case i > 0:
			out[i].Text = text(i) + "+"
		case len(bands) > 1:
			out[i].Text = "< " + text(1)
		}
	}
	return out
}

// stepOf returns how long a sample counts, in milliseconds: the step of its query, otherwise the
// shortest time between two samples.
func (s *stating) stepOf(samples []sample, ref string) int64 {
	for _, g := range s.grids {
		if g.ref == ref && g.grid.Len > 1 {
			return max(g.grid.Step.Milliseconds(), 1)
		}
	}
	step := int64(0)
	for i := 1; i < len(samples); i++ {
		if d := samples[i].at - samples[i-1].at; step == 0 || d < step {
			step = d
		}
	}
	return step
}
