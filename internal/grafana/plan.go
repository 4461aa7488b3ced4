package grafana

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/grafana/frame"
	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

const (
	maxCopies  = 50       // of one panel or row, by repeat
	maxPlanned = 1000     // panels after repetition
	maxQueries = 5000     // of all of them
	maxSent    = 16 << 20 // bytes of all queries
	maxTests   = 50       // regular expressions in conditions
	maxTitle   = 300      // characters
	maxText    = 50_000
	perRow     = 4 // copies beside each other if the panel has no number
)

// Request has the inputs for the plan of a dashboard.
type Request struct {
	Scrape time.Duration // how often targets are scraped; 0: DefaultScrape
	// width of the whole grid in pixels, which determines each panel's number of points; 0: 500
	// points each
	Width int
}

// Plan says what is queried and drawn for a dashboard.
type Plan struct {
	Rows     []PlannedRow
	Panels   []Planned // in reading order
	Verdicts []Verdict // one for each panel of the file, in its order
	Values   *Values
	Notes    []string
}

// PlannedRow is a row, or one copy of a repeated row.
type PlannedRow struct {
	Row    *Row
	Title  string
	Hidden bool // Grafana hides it, by a condition

	local map[string]Option
}

// Planned is a panel, or one copy of a repeated panel.
type Planned struct {
	Panel       *Panel
	Row         int // index into Plan.Rows; -1 if it is in none
	Grid        Grid
	Title       string
	Description string
	Content     string // of text
	Range       time.Duration
	Shift       time.Duration // how far its range is moved into the past
	Interval    time.Duration
	Queries     []Query
	Field       frame.FieldConfig // the panel's, with the variables in names filled in
	Hidden      bool              // Grafana hides it, by a condition
	Empty       string            // why no query of it is sent; empty: at least one is

	local map[string]Option
}

// Copy tells the copies of a repeated panel apart: it returns the values for which this one stands,
// such as node=a. It returns "" if neither the panel nor its row is repeated.
func (d *Planned) Copy() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(d.local)) {
		parts = append(parts, name+"="+d.local[name].Value)
	}
	return strings.Join(parts, ", ")
}

// Repeats returns the variables for whose values the panel and its row are repeated.
func (p *Plan) Repeats(d *Planned) []string {
	var names []string
	if name := d.Panel.Repeat.Variable; name != "" {
		names = append(names, name)
	}
	if d.Row >= 0 && p.Rows[d.Row].Row.Repeat != "" {
		names = append(names, p.Rows[d.Row].Row.Repeat)
	}
	return names
}

// Query is one query of a panel with its variables filled in.
type Query struct {
	Ref          string
	Expr         string
	Legend       string // {{label}} stays
	Format       string
	Instant      bool
	Step         time.Duration // of a range query
	RateInterval time.Duration
	Dialect      string // MetricsQL if it looks like that; empty: PromQL
	Problem      string // why it is not sent; empty: it is sent
	Pending      bool   // it has variables whose values only Prometheus knows
}

// planner builds a Plan.
type planner struct {
	board   *Dashboard
	values  *Values
	req     Request
	plan    *Plan
	reasons [][]string // by panel of the file: what differs
	notes   notes
	queries int
	bytes   int                         // bytes of queries so far
	tests   map[string]*jsregexp.Regexp // of conditions; nil if one is invalid
}

// Plan returns the queries to send, the panels to draw, and a verdict for each panel of the file.
func (b *Dashboard) Plan(values *Values, req Request) *Plan {
	p := &planner{
		board: b, values: values, req: req, plan: &Plan{Values: values},
		reasons: make([][]string, len(b.Panels)),
	}
	if p.req.Scrape <= 0 {
		p.req.Scrape = DefaultScrape
	}
	p.notes.list = slices.Clone(b.Notes)
	p.noteEmpty()
	p.panels(-1, -1, nil)
	for i := range b.Rows {
		p.row(i)
	}
	p.judge()
	p.plan.Notes = p.notes.list
	return p.plan
}

// noteEmpty notes the variables without values, whose panels show nothing.
func (p *planner) noteEmpty() {
	if p.values == nil {
		return
	}
	for _, v := range p.values.list {
		if v.None && v.Variable.Kind == QueryVariable {
			p.notes.add("the variable %s is empty, because Prometheus has nothing for %s: give it "+
				"a value, or check that Prometheus has this metric", short(v.Variable.Name, 60),
				short(v.Variable.Query, 200))
		}
	}
}

// row plans a row with its panels.
func (p *planner) row(i int) {
	row := &p.board.Rows[i]
	for _, local := range p.copies(row.Repeat, nil, func(why string) {
		p.notes.add("row %q: %s", short(row.Title, 60), why)
	}) {
		s := p.scope(local)
		p.plan.Rows = append(p.plan.Rows, PlannedRow{
			Row: row, Title: short(s.fill(row.Title, asText).text, maxTitle),
			Hidden: p.hidden(row.Shown, local),
			local:  local,
		})
		p.panels(i, len(p.plan.Rows)-1, local)
	}
}

// panels plans the panels of a row of the file, for the row at of the plan. The copies of a
// repeated panel move down the panels below it.
func (p *planner) panels(row, at int, local map[string]Option) {
	var moves []Grid
	for i := range p.board.Panels {
		panel := &p.board.Panels[i]
		if panel.Row != row || panel.unplaced || panel.copied {
			continue
		}
		copies := p.copies(panel.Repeat.Variable, local, func(why string) { p.differs(i, why) })
		places, more := spread(panel, len(copies))
		shift := 0
		for _, m := range moves {
			if panel.Grid.Y >= m.Y {
				shift += m.H
			}
		}
		for n, copied := range copies {
			if len(p.plan.Panels) == maxPlanned {
				p.differs(i, fmt.Sprintf("the dashboard has more than %d panels by its repetitions",
					maxPlanned))
				break
			}
			g := places[n]
			g.Y += shift
			p.plan.Panels = append(p.plan.Panels, p.panel(i, at, g, copied))
		}
		if more > 0 {
			moves = append(moves, Grid{Y: panel.Grid.Y + panel.Grid.H, H: more})
		}
	}
}

// spread returns the places of a panel's copies, and the height that they need in addition to the
// panel's.
func spread(panel *Panel, n int) (places []Grid, more int) {
	g := panel.Grid
	if panel.Repeat.Variable == "" {
		return []Grid{g}, 0
	}
	if panel.Repeat.Vertical {
		for i := range n {
			places = append(places, Grid{X: g.X, Y: g.Y + i*g.H, W: g.W, H: g.H})
		}
		return places, max(n-1, 0) * g.H
	}
	beside := panel.Repeat.PerRow
	if beside < 1 {
		beside = perRow
	}
	beside = min(beside, max(n, 1))
	width := columns / beside
	for i := range n {
		places = append(places, Grid{
			X: i % beside * width, Y: g.Y + i/beside*g.H, W: width, H: g.H,
		})
	}
	return places, max((n-1)/beside, 0) * g.H
}

// copies returns the variables of each copy of a row or panel: those of around, with one value of
// variable. Without repetition it returns around alone.
func (p *planner) copies(variable string, around map[string]Option,
	tell func(string)) []map[string]Option {
	once := []map[string]Option{around}
	if variable == "" {
		return once
	}
	if _, ok := around[variable]; ok {
		return once
	}
	v := p.values.Get(variable)
	switch {
	case v == nil:
		tell(fmt.Sprintf("it is repeated by %s, which is not a variable: it is shown once",
			short(variable, 60)))
		return once
	case v.Problem != "":
		tell(fmt.Sprintf("it is repeated by %s, which has no value: it is shown once",
			short(variable, 60)))
		return once
	case v.Pending:
		return once // for each value, once they are known
	}
	all := v.Selected
	if len(all) == 0 {
		return once
	}
	if len(all) > maxCopies {
		tell(fmt.Sprintf("it is repeated for %d of %d values of %s: choose fewer values",
			maxCopies, len(all), short(variable, 60)))
		all = all[:maxCopies]
	}
	var copies []map[string]Option
	for _, option := range all {
		local := maps.Clone(around)
		if local == nil {
			local = map[string]Option{}
		}
		local[variable] = option
		copies = append(copies, local)
	}
	return copies
}

func (p *planner) differs(i int, why string) {
	if !slices.Contains(p.reasons[i], why) {
		p.reasons[i] = append(p.reasons[i], why)
	}
}

func (p *planner) scope(local map[string]Option) scope {
	rng := p.values.window.Range()
	timing := Stepping{
		Range: rng, Scrape: p.req.Scrape, Interval: Interval(rng, 0, p.req.Scrape),
	}.Time()
	return scope{values: p.values, local: local, timing: timing}
}

// panel plans one copy of a panel.
func (p *planner) panel(i, row int, at Grid, local map[string]Option) Planned {
	panel := &p.board.Panels[i]
	s := p.scope(local)
	planned := Planned{
		Panel: panel, Row: row, Grid: at, local: local,
		Title:       short(s.fill(panel.Title, asText).text, maxTitle),
		Description: cut(s.fill(panel.Description, asText).text, maxText),
		Content:     cut(s.fill(panel.Options.Content, asText).text, maxText),
		Range:       p.values.window.Range(),
		Field:       s.named(panel.Field),
		Hidden:      p.hidden(panel.Shown, local),
	}
	if from := s.fill(panel.TimeFrom, asGlob).text; from != "" {
		if d, ok := ParseInterval(from); ok && d > 0 {
			planned.Range = d
		} else {
			p.differs(i, fmt.Sprintf("its own range %q is not read: it has the dashboard's",
				short(from, 40)))
		}
	}
	if shift := s.fill(panel.TimeShift, asGlob).text; shift != "" {
		if d, ok := ParseInterval(shift); ok {
			planned.Shift = d
		} else {
			p.differs(i, fmt.Sprintf("its time shift %q is not read: it is not shifted",
				short(shift, 40)))
		}
	}
	points := panel.MaxPoints
	if points == 0 && p.req.Width > 0 {
		points = max(p.req.Width*at.W/columns, 1)
	}
	low, ok := ParseInterval(s.fill(panel.Interval, asGlob).text)
	if !ok || low <= 0 {
		low = p.req.Scrape
	}
	planned.Interval = Interval(planned.Range, points, low)
	for _, t := range panel.Targets {
		if !p.board.asks(t) {
			continue
		}
		if p.queries == maxQueries {
			p.differs(i, fmt.Sprintf("the dashboard has more than %d queries", maxQueries))
			break
		}
		p.queries++
		planned.Queries = append(planned.Queries, p.query(panel, t, s, planned, points))
	}
	return planned
}

// query fills in the variables of one target.
func (p *planner) query(panel *Panel, t Target, s scope, planned Planned, points int) Query {
	timing := Stepping{
		Range: planned.Range, Points: points, Interval: planned.Interval, Factor: t.Factor,
		Scrape: p.req.Scrape,
	}
	s.keepTime = true
	timing.MinStep = s.fill(t.Interval, asGlob).text
	s.keepTime = false
	s.timing = timing.Time()
	q := Query{
		Ref: t.RefID, Format: cmp.Or(t.Format, "time_series"),
		Legend: s.fill(t.Legend, asGlob).text,
		Step:   s.timing.Step, RateInterval: s.timing.RateInterval,
		Instant: t.Instant && (!t.Range || panel.Type == "table"),
	}
	if q.Instant {
		q.Step = 0
	}
	done := s.fill(t.Expr, asPromQL)
	done.text = s.fillTimes(done.text) // of values
	q.Expr, q.Pending = done.text, len(done.pending) > 0
	p.bytes += len(done.text)
	switch {
	case p.bytes > maxSent:
		q.Expr = t.Expr
		q.Problem = "the queries of the dashboard are too long together: choose fewer values"
		return q
	case done.tooLong:
		q.Expr = t.Expr
		q.Problem = fmt.Sprintf("it is longer than %d kB with its variables: choose fewer values",
			maxFilled>>10)
		return q
	case len(done.missing) > 0:
		q.Problem = p.values.whyMissing(done.missing)
		return q
	case q.Pending:
		q.Dialect, q.Problem = p.tryOut(t.Expr, s)
		return q
	}
	var err error
	if q.Dialect, err = checkPromQL(q.Expr); err != nil && q.Dialect == "" {
		q.Problem = "it is not PromQL: " + err.Error() + p.becauseEmpty(t.Expr, s)
		return q
	}
	filters := p.values.Filters()
	if q.Dialect != "" {
		if len(filters) > 0 {
			q.Problem = "the dashboard's filters cannot be put into " + q.Dialect
		}
		return q
	}
	if q.Expr, err = withFilters(q.Expr, filters); err != nil {
		q.Expr, q.Problem = done.text, problem(err)
	}
	return q
}

// becauseEmpty says which of the variables in a query are empty, because that is often why it is
// not PromQL. It returns "" if none is.
func (p *planner) becauseEmpty(expr string, s scope) string {
	var empty []string
	for _, name := range references(expr) {
		_, local := s.local[name]
		if v := p.values.Get(name); !local && v != nil && v.None {
			empty = append(empty, short(name, 60))
		}
	}
	if len(empty) == 0 {
		return ""
	}
	return " (empty: " + strings.Join(empty, ", ") + ")"
}

// tryOut parses a query, with placeholders for the values that only Prometheus knows.
func (p *planner) tryOut(expr string, s scope) (dialect, why string) {
	for _, s.placeholder = range []string{"x", "5m", "1"} {
		d, err := checkPromQL(s.fillTimes(s.fill(expr, asPromQL).text))
		switch {
		case err == nil:
			return "", ""
		case d != "" && dialect == "":
			dialect, why = d, ""
		case dialect == "" && why == "":
			why = "it is not PromQL: " + err.Error()
		}
	}
	return dialect, why
}

// hidden reports whether Grafana hides a row or panel with these conditions. If that depends on
// data or on a variable without a value, it counts as shown.
func (p *planner) hidden(conditions []Condition, local map[string]Option) bool {
	return slices.ContainsFunc(conditions, func(c Condition) bool {
		holds := !c.Any
		for _, t := range c.Tests {
			if ok := p.holds(t, local); ok == c.Any {
				holds = ok
				break
			}
		}
		return holds == c.Hide
	})
}

func (p *planner) holds(t Test, local map[string]Option) bool {
	v := p.values.Get(t.Variable)
	if v == nil || v.Pending || v.Problem != "" {
		return true
	}
	options := v.Selected
	if o, ok := local[t.Variable]; ok {
		options = []Option{o}
	}
	match := func(o Option) bool { return o.Value == t.Value }
	if t.Operator == "matches" || t.Operator == "notMatches" {
		re := p.test(t.Value)
		if re == nil {
			return true
		}
		match = func(o Option) bool {
			ok, err := re.Match(o.Value)
			return ok && err == nil
		}
	}
	found := slices.ContainsFunc(options, match)
	return found == (t.Operator != "notEquals" && t.Operator != "notMatches")
}

// test returns the regular expression of a condition, or nil if it is invalid.
func (p *planner) test(pattern string) *jsregexp.Regexp {
	re, ok := p.tests[pattern]
	if ok || len(p.tests) == maxTests {
		return re
	}
	re, err := jsregexp.Compile(pattern, "")
	if err != nil {
		re = nil
	}
	if p.tests == nil {
		p.tests = map[string]*jsregexp.Regexp{}
	}
	p.tests[pattern] = re
	return re
}
