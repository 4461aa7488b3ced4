package grafana

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
)

// Source runs the queries of variables against Prometheus. It knows the range of the run. A
// selector is PromQL such as up{job="x"}; an empty one matches every series.
type Source interface {
	// LabelNames returns the label names of the series that a selector matches.
	LabelNames(ctx context.Context, selector string) ([]string, error)
	// LabelValues returns the values of a label of the series that a selector matches.
	LabelValues(ctx context.Context, label, selector string) ([]string, error)
	// Query answers an instant query at the end of the range. A scalar is a sample without labels.
	Query(ctx context.Context, expr string) ([]Sample, error)
}

// Sample is one sample of an instant query.
type Sample struct {
	Labels series.Labels
	Value  float64
	Time   time.Time
}

// Window is the range of a run.
type Window struct{ From, To time.Time }

// Range returns how long the window is.
func (w Window) Range() time.Duration { return w.To.Sub(w.From) }

// Value is the value of a variable, and how it was found.
type Value struct {
	Variable Variable
	Options  []Option // all choices, without All
	Selected []Option // the chosen ones; all options if All is chosen
	All      bool
	AllValue string // how All is written, with its variables not yet filled in; empty: all options
	None     bool   // Prometheus has no values for it, so it is empty
	Cut      int    // how many options beyond the limit were dropped
	How      string // how it got its value, in words
	Problem  string // why it has no value; empty: it has one
	Pending  bool   // only Prometheus knows its values, and there was no Source
}

// several reports whether Grafana writes the values as parts of a regular expression.
func (v *Value) several() bool { return v.Variable.Multi || v.Variable.IncludeAll }

// Values are the variables of a dashboard with their values.
type Values struct {
	board  *Dashboard
	window Window
	list   []*Value // in the order of the dashboard
}

// Get returns the value of a variable, or nil if the dashboard has no variable of that name.
func (v *Values) Get(name string) *Value {
	if v == nil {
		return nil
	}
	for _, value := range v.list {
		if value.Variable.Name == name {
			return value
		}
	}
	return nil
}

// All returns every variable in the order of the dashboard.
func (v *Values) All() []*Value { return v.list }

// Filters returns the filters of all adhoc variables.
func (v *Values) Filters() []Filter {
	var all []Filter
	for _, value := range v.list {
		if value.Variable.Kind == AdhocVariable {
			all = append(all, value.Variable.Filters...)
		}
	}
	return all
}

// Resolve finds the values of the dashboard's variables. A given value replaces the one in the
// file; "All" may be given too. Without a source, a variable whose values only Prometheus knows is
// pending. Resolve fails if a value is given for a variable that the dashboard does not have, or if
// ctx ends. Any other failure becomes the Problem of its variable.
func (b *Dashboard) Resolve(ctx context.Context, src Source, given map[string][]string,
	w Window) (*Values, error) {
	r := &resolver{
		Values: &Values{board: b, window: w}, src: src, given: given,
		scope: scope{timing: Stepping{Range: w.Range()}.timing()},
		state: map[string]int{},
	}
	r.scope.values = r.Values
	if err := b.checkGiven(given); err != nil {
		return nil, err
	}
	for _, v := range b.Variables {
		r.list = append(r.list, &Value{Variable: v})
	}
	for _, v := range r.list {
		if err := r.resolve(ctx, v, nil); err != nil {
			return nil, fmt.Errorf("resolving the variables of the dashboard: %w", err)
		}
	}
	return r.Values, nil
}

// timing has the values of the time variables in the query of a variable.
func (s Stepping) timing() Timing {
	s.Interval = Interval(s.Range, s.Points, DefaultScrape)
	return s.Time()
}

// checkGiven returns an error if a value is given for a variable that the dashboard does not have.
func (b *Dashboard) checkGiven(given map[string][]string) error {
	var names []string
	for _, v := range b.Variables {
		names = append(names, v.Name)
	}
	var wrong []string
	for name := range given {
		if !slices.Contains(names, name) {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	if len(names) == 0 {
		return fmt.Errorf("the dashboard has no variable %s: it has none",
			strings.Join(wrong, ", "))
	}
	return fmt.Errorf("the dashboard has no variable %s: it has %s",
		strings.Join(wrong, ", "), short(strings.Join(names, ", "), 300))
}

// resolver resolves variables, each after those that it refers to.
type resolver struct {
	*Values
	src   Source
	given map[string][]string
	scope scope
	state map[string]int // 1: being resolved, 2: resolved
}

// resolve finds the value of one variable, after those of the variables that it refers to.
func (r *resolver) resolve(ctx context.Context, v *Value, path []string) error {
	name := v.Variable.Name
	switch r.state[name] {
	case 2:
		return nil
	case 1:
		at := slices.Index(path, name)
		v.Problem = "variables refer to each other in a circle: " +
			strings.Join(slices.Concat(path[at:], []string{name}), " → ")
		r.state[name] = 2
		return nil
	}
	r.state[name] = 1
	path = append(path, name)
	needs := references(v.Variable.Query, v.Variable.Regex, v.Variable.AllValue, v.Variable.AutoMin)
	for _, need := range needs {
		if other := r.Get(need); other != nil {
			if err := r.resolve(ctx, other, path); err != nil {
				return err
			}
		}
	}
	if r.state[name] == 2 { // resolved above, because it refers to itself
		return nil
	}
	r.state[name] = 2
	if err := ctx.Err(); err != nil {
		return err
	}
	r.evaluate(ctx, v)
	return ctx.Err()
}

// evaluate finds the options of a variable, and which of them are selected.
func (r *resolver) evaluate(ctx context.Context, v *Value) {
	kind := v.Variable.Kind
	switch kind {
	case TextVariable, ConstantVariable:
		r.fixed(v)
		return
	case DatasourceVariable:
		r.datasource(v)
		return
	case AdhocVariable:
		r.adhoc(v)
		return
	case IntervalVariable:
		r.interval(v)
		return
	case CustomVariable:
		query, ok := r.filled(v, v.Variable.Query)
		switch {
		case ok:
			v.Options = customOptions(query)
		case r.given[v.Variable.Name] == nil || r.wantsAll(v):
			return
		default:
			v.Problem, v.Pending = "", false
		}
		if len(v.Options) == 0 {
			v.Options = saved(v.Variable)
		}
	case QueryVariable:
		if !r.queryOptions(ctx, v) {
			return
		}
	default:
		v.Options = saved(v.Variable)
		if len(v.Options) == 0 {
			v.Options = v.Variable.Current
		}
		if len(v.Options) == 0 && r.given[v.Variable.Name] == nil {
			v.Problem = fmt.Sprintf("variables of kind %s are not known: give its value",
				short(string(kind), 40))
			return
		}
	}
	r.choose(v)
}

// saved returns the options that a file was saved with, without All.
func saved(v Variable) []Option {
	return slices.DeleteFunc(slices.Clone(v.Options), func(o Option) bool {
		return o.Value == allValue
	})
}

// queryOptions queries the options of a query variable. It reports whether there is something to
// choose from. In many variables All has its own value and needs no options.
func (r *resolver) queryOptions(ctx context.Context, v *Value) bool {
	given := r.given[v.Variable.Name] != nil
	if given && !r.wantsAll(v) {
		return true // the value is known, so no query is needed
	}
	why, pending := r.askOptions(ctx, v)
	switch {
	case why == "" && !pending:
		return true
	case !given && (pending || why == otherSource) && r.useSaved(v):
		return true
	case r.isAll(v):
		return true
	case pending:
		v.Pending, v.How = true, "asked of Prometheus when the report runs"
	case why == otherSource:
		v.Problem = fmt.Sprintf("it queries %s and not Prometheus: give its value",
			r.board.sources.other(v.Variable.Datasource))
	default:
		v.Problem = why
	}
	return false
}

// otherSource is the problem of a variable that does not query Prometheus.
const otherSource = "another datasource"

// isAll reports whether All is chosen for a variable and has its own value.
func (r *resolver) isAll(v *Value) bool {
	if !v.Variable.IncludeAll || v.Variable.AllValue == "" {
		return false
	}
	current := v.Variable.Current
	return r.wantsAll(v) || len(current) == 0 ||
		slices.ContainsFunc(current, func(o Option) bool { return o.Value == allValue })
}

// askOptions queries the options of a query variable. It records why there are none, or that only
// Prometheus knows them.
func (r *resolver) askOptions(ctx context.Context, v *Value) (why string, pending bool) {
	if r.board.sources.other(v.Variable.Datasource) != "" {
		return otherSource, false
	}
	query := r.scope.fill(v.Variable.Query, asPromQL)
	pattern := r.scope.fill(v.Variable.Regex, asRegex)
	missing := distinct(append(query.missing, pattern.missing...))
	switch {
	case len(missing) > 0:
		return r.whyMissing(missing), false
	case query.tooLong || pattern.tooLong:
		return "its query is too long with the values of other variables: give fewer values", false
	case r.src == nil || len(query.pending)+len(pattern.pending) > 0:
		return "", true
	}
	texts, err := r.ask(ctx, r.scope.fillTimes(query.text))
	if err != nil {
		return problem(err), false
	}
	if v.Options, v.Cut, err = toOptions(texts, pattern.text, v.Variable.Sort); err != nil {
		return problem(err), false
	}
	return "", false
}

// useSaved uses the values that were saved in the file. It reports whether there are any.
func (r *resolver) useSaved(v *Value) bool {
	v.Options = saved(v.Variable)
	for _, o := range v.Variable.Current {
		if o.Value != allValue && !slices.ContainsFunc(v.Options, func(p Option) bool {
			return p.Value == o.Value
		}) {
			v.Options = append(v.Options, o)
		}
	}
	return len(v.Options) > 0
}

// whyMissing says why references have no value.
func (v *Values) whyMissing(refs []string) string {
	var why []string
	for _, ref := range refs {
		m := reference.FindStringSubmatch(ref)
		name := m[1] + m[2] + m[4]
		if value := v.Get(name); value == nil && strings.HasPrefix(name, "__") {
			why = append(why, fmt.Sprintf("Grafana's own variable %s has no value here",
				short(name, 60)))
		} else if value == nil {
			why = append(why, fmt.Sprintf("the dashboard has no variable %s", short(name, 60)))
		} else {
			why = append(why, fmt.Sprintf("the variable %s has no value", short(name, 60)))
		}
	}
	return strings.Join(why, ", ")
}

// problem writes an error as one line.
func problem(err error) string { return outside.Said(err.Error(), 300) }
