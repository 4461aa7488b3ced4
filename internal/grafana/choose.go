package grafana

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
)

// choose selects the values of a variable with options: the given ones, else the saved ones if they
// are valid, else All if the variable has it, else the first option.
func (r *resolver) choose(v *Value) {
	variable := v.Variable
	cut := ""
	if v.Cut > 0 {
		cut = fmt.Sprintf("; %d more values are left out", v.Cut)
	}
	if given := r.given[variable.Name]; given != nil {
		if r.wantsAll(v) {
			r.chooseAll(v, "all values, as given"+cut)
			return
		}
		v.Selected, v.How = chosen(given, v.Options), "given"
		if len(given) > 1 && !v.several() {
			v.Selected = v.Selected[:1]
			v.How = fmt.Sprintf("given; it takes one value, and %d more are left out", len(given)-1)
		}
		return
	}
	current := variable.Current
	wasAll := slices.ContainsFunc(current, func(o Option) bool { return o.Value == allValue })
	valid := validOf(current, v.Options)
	switch {
	case wasAll && variable.IncludeAll:
		r.chooseAll(v, "all values, as saved"+cut)
	case len(valid) > 0 && !wasAll:
		v.Selected, v.How = valid, "as saved"+cut
		if !v.several() {
			v.Selected = valid[:1]
		}
	case variable.IncludeAll:
		r.chooseAll(v, "all values, because none is saved"+cut)
	case len(v.Options) > 0:
		v.Selected = v.Options[:1]
		v.How = firstOf(len(v.Options)) + cut
	default:
		v.Selected = []Option{{}}
		v.How, v.None = "Prometheus has no values: it is empty, as in Grafana", true
	}
}

// wantsAll reports whether All is given for a variable that has it.
func (r *resolver) wantsAll(v *Value) bool {
	given := r.given[v.Variable.Name]
	isAll := func(s string) bool { return s == "All" || s == "all" || s == allValue || s == "*" }
	return v.several() && len(given) == 1 && isAll(given[0])
}

func (r *resolver) chooseAll(v *Value, how string) {
	v.All, v.AllValue, v.How = true, v.Variable.AllValue, how
	v.Selected = v.Options
	if len(v.Options) == 0 && v.AllValue == "" {
		v.Selected = []Option{{}}
		v.How, v.None = "Prometheus has no values: it is empty, as in Grafana", true
	}
}

// chosen returns the options with the given names. A name without an option becomes a new option.
func chosen(names []string, options []Option) []Option {
	all := make([]Option, 0, len(names))
	for _, name := range names {
		option := Option{Text: name, Value: name}
		if i := slices.IndexFunc(options, func(o Option) bool { return o.Value == name }); i >= 0 {
			option = options[i]
		} else if i := slices.IndexFunc(options, func(o Option) bool {
			return o.Text == name
		}); i >= 0 {
			option = options[i]
		}
		all = append(all, option)
	}
	return all
}

// validOf returns those of the saved values that are options.
func validOf(current, options []Option) []Option {
	var valid []Option
	for _, c := range current {
		i := slices.IndexFunc(options, func(o Option) bool { return o.Value == c.Value })
		if i < 0 && len(current) == 1 {
			i = slices.IndexFunc(options, func(o Option) bool { return o.Text == c.Text })
		}
		if i >= 0 {
			valid = append(valid, options[i])
		}
	}
	return valid
}

// fixed resolves a text box or a constant.
func (r *resolver) fixed(v *Value) {
	text, how := v.Variable.Query, "fixed in the dashboard"
	if v.Variable.Kind == TextVariable {
		how = "as saved"
		if len(v.Variable.Current) > 0 {
			text = v.Variable.Current[0].Value
		}
	}
	if given := r.given[v.Variable.Name]; given != nil {
		text, how = strings.Join(given, ","), "given"
	} else if filled, ok := r.filled(v, text); ok {
		text = filled
	} else {
		return
	}
	v.Selected, v.How = []Option{{Text: text, Value: text}}, how
}

// filled fills in the variables in the value that the file has for a variable. If one of them has
// no value, it reports false and records why this variable has none.
func (r *resolver) filled(v *Value, text string) (string, bool) {
	s := r.scope
	s.keepTime = true
	f := s.fill(text, asGlob)
	switch {
	case len(f.missing) > 0:
		v.Problem = r.whyMissing(f.missing)
	case f.tooLong:
		v.Problem = "it is too long with the values of other variables: give fewer values"
	case len(f.pending) > 0:
		v.Pending, v.How = true, "asked of Prometheus when the report runs"
	default:
		return f.text, true
	}
	return "", false
}

// datasource resolves a variable that chooses a datasource. The only choice is the one that
// promsnap queries.
func (r *resolver) datasource(v *Value) {
	name, how := "Prometheus", "the Prometheus that promsnap queries"
	if t := v.Variable.Query; t != "" && !prometheusLike(t) {
		how = "promsnap does not query " + short(t, 40)
		name = t
	}
	if given := r.given[v.Variable.Name]; len(given) > 0 {
		name, how = given[0], "given"
	}
	v.Selected, v.How = []Option{{Text: name, Value: name}}, how
	v.Options = v.Selected
}

// adhoc resolves the filters of an adhoc variable.
func (r *resolver) adhoc(v *Value) {
	v.How = "as saved"
	if given := r.given[v.Variable.Name]; given != nil {
		matchers, err := panel.Parser().ParseMetricSelector("{" + strings.Join(given, ",") + "}")
		if err != nil {
			v.Problem = `give filters such as job="x": ` + problem(err)
			return
		}
		v.Variable.Filters = nil
		for _, m := range matchers {
			v.Variable.Filters = append(v.Variable.Filters,
				Filter{Key: m.Name, Operator: m.Type.String(), Value: m.Value})
		}
		v.How = "given"
	}
	if other := r.board.sources.other(v.Variable.Datasource); other != "" {
		v.Variable.Filters, v.How = nil, "its filters are for "+other
	}
	var texts []string
	var kept []Filter
	for _, f := range v.Variable.Filters {
		f.Value = r.scope.fill(f.Value, asGlob).text
		if _, err := f.matcher(); err != nil {
			v.How = problem(err) + ", and is left out"
			continue
		}
		kept = append(kept, f)
		texts = append(texts, fmt.Sprintf("%s%s%q", f.Key, f.Operator, f.Value))
	}
	v.Variable.Filters = kept
	text := strings.Join(texts, ",")
	v.Selected = []Option{{Text: text, Value: text}}
}

var intervalOption = regexp.MustCompile(`"[^"]*"|'[^']*'|[\w$]+`)

// interval resolves an interval variable. Its automatic value follows the range.
func (r *resolver) interval(v *Value) {
	variable := v.Variable
	for _, word := range intervalOption.FindAllString(variable.Query, maxOptions) {
		word = strings.Trim(word, `"'`)
		if isInterval(word) {
			v.Options = append(v.Options, Option{Text: word, Value: word})
		}
	}
	value, how := "", ""
	if given := r.given[variable.Name]; len(given) > 0 {
		value, how = given[0], "given"
	} else if len(variable.Current) > 0 {
		value, how = variable.Current[0].Value, "as saved"
	}
	isAuto := value == "auto" || strings.HasPrefix(value, "$__auto")
	switch {
	case isAuto || value == "" && len(v.Options) == 0 && variable.Auto:
		count := variable.AutoCount
		if count < 1 {
			count = 30
		}
		low, ok := ParseInterval(r.scope.fill(variable.AutoMin, asGlob).text)
		if !ok {
			low = 10 * time.Second
		}
		value, how = FormatInterval(Interval(r.window.Range(), count, low)), "by the range"
	case value == "" && len(v.Options) > 0:
		value, how = v.Options[0].Value, firstOf(len(v.Options))
	}
	if !isInterval(value) {
		v.Problem = "it has no interval such as 5m: give one"
		return
	}
	v.Selected, v.How = []Option{{Text: value, Value: value}}, how
}

// isInterval reports whether a text is an interval, or a variable such as $__rate_interval that
// stands for one.
func isInterval(s string) bool {
	_, ok := ParseInterval(s)
	return ok || isVariable(s, "__rate_interval") || isVariable(s, "__interval") ||
		isVariable(s, "__range")
}

// firstOf says that the first of n values is chosen.
func firstOf(n int) string {
	if n == 1 {
		return "its only value"
	}
	return fmt.Sprintf("the first of %d values", n)
}
