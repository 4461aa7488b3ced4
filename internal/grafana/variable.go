package grafana

import (
	"cmp"
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// reference is a reference to a variable: $name, [[name:format]] or ${name.field:format}.
var reference = regexp.MustCompile(
	`\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|` +
		`\$\{(\w+)((?:\.[^:{}\[\]]+|\["[^"]*"\]|\['[^']*'\]|\[[^\]"']*\])*)(?::([^}]+))?\}`)

// VariableKind says where a variable gets its values.
type VariableKind string

// The kinds of variables.
const (
	QueryVariable      VariableKind = "query"
	CustomVariable     VariableKind = "custom"
	IntervalVariable   VariableKind = "interval"
	TextVariable       VariableKind = "textbox"
	ConstantVariable   VariableKind = "constant"
	DatasourceVariable VariableKind = "datasource"
	AdhocVariable      VariableKind = "adhoc"
)

// Variable is a variable of a dashboard.
type Variable struct {
	Name       string
	Label      string
	Hidden     bool         // Grafana does not show it
	Kind       VariableKind // an unknown kind is kept as it is, with its saved value
	Query      string       // its meaning depends on the kind
	Regex      string
	Sort       Sort
	Multi      bool
	IncludeAll bool
	AllValue   string
	Current    []Option // as saved in the file; may be empty
	Options    []Option // as the file was saved
	Datasource Datasource
	Filters    []Filter // of adhoc
	Auto       bool     // of interval: one more value, which follows the range
	AutoCount  int
	AutoMin    string
	Section    string // its tab and row in schema v2; empty for the dashboard
}

// Option is one value of a variable.
type Option struct{ Text, Value string }

// Filter is one filter of an adhoc variable.
type Filter struct{ Key, Operator, Value string }

// Sort is the order of a variable's values, by Grafana's numbers.
type Sort int

// sortNames are the orders of schema v2, at their numbers.
var sortNames = []string{
	"disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
	"alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc",
	"naturalDesc",
}

// allValue is how Grafana saves the choice of all values.
const allValue = "$__all"

// kindsV2 are the kinds of schema v2.
var kindsV2 = map[string]VariableKind{
	"QueryVariable": QueryVariable, "CustomVariable": CustomVariable,
	"IntervalVariable": IntervalVariable,
	"TextVariable":     TextVariable, "ConstantVariable": ConstantVariable,
	"DatasourceVariable": DatasourceVariable, "AdhocVariable": AdhocVariable,
	"GroupByVariable": "groupby", "SwitchVariable": "switch",
}

// readVariables reads a list of variables in any format. Of two with the same name the first one
// counts.
func (d *decoder) readVariables(o object, key, section string) {
	for _, v := range o.objects(key, maxVariables) {
		kind := VariableKind(v.text("type"))
		if v.has("spec") {
			kind = cmp.Or(kindsV2[v.text("kind")], VariableKind(v.text("kind")))
			v = withSource(v)
		}
		name := v.text("name")
		switch {
		case name == "":
			d.notes.add("a variable has no name, and is left out")
		case len(d.board.Variables) == maxVariables:
			d.notes.add("the dashboard has more than %d variables: the others are left out",
				maxVariables)
			return
		case d.hasVariable(name):
			if section == "" {
				d.notes.add("two variables have the name %s: the first one counts", short(name, 60))
			}
		default:
			d.board.Variables = append(d.board.Variables, d.readVariable(v, name, kind, section))
		}
	}
}

// withSource returns the spec of a variable of schema v2 with the datasource that may be beside it.
func withSource(v object) object {
	spec := v.object("spec")
	if !v.has("datasource") && !v.has("group") || spec.m == nil || spec.has("datasource") {
		return spec
	}
	ds := v.datasource("datasource")
	spec.m = maps.Clone(spec.m)
	spec.m["datasource"] = map[string]any{"type": cmp.Or(ds.Type, v.text("group")), "uid": ds.Name}
	return spec
}

func (d *decoder) hasVariable(name string) bool {
	for _, v := range d.board.Variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

func (d *decoder) readVariable(o object, name string, kind VariableKind, section string) Variable {
	v := Variable{
		Name: name, Label: o.text("label"), Kind: kind, Section: section,
		Hidden: o.text("hide") == "2" || o.text("hide") == "hideVariable",
		Regex:  o.text("regex"), Sort: readSort(o),
		Multi: o.yes("multi"), IncludeAll: o.yes("includeAll"), AllValue: o.text("allValue"),
		Current:    readCurrent(o),
		Datasource: o.datasource("datasource"),
		Auto:       o.yes("auto"), AutoCount: o.integer("auto_count"), AutoMin: o.text("auto_min"),
	}
	for _, saved := range o.objects("options", maxOptions) {
		v.Options = append(v.Options, Option{Text: saved.text("text"), Value: saved.text("value")})
	}
	switch kind {
	case QueryVariable:
		v.readQuery(o)
	case DatasourceVariable:
		v.Query = cmp.Or(o.text("pluginId"), o.text("query"))
		d.sources[name] = v.Query
	case AdhocVariable:
		for _, key := range []string{"baseFilters", "filters"} {
			for _, f := range o.objects(key, 50) {
				if f := readFilter(f); f.Key != "" {
					v.Filters = append(v.Filters, f)
				}
			}
		}
	case ConstantVariable, TextVariable:
		v.Query = o.text("query")
		if input, ok := d.inputs[strings.Trim(v.Query, "${}")]; ok &&
			strings.HasPrefix(v.Query, "${") {
			v.Query, v.Current = input, nil
		}
	case IntervalVariable:
		v.Query = o.text("query")
	default:
		if _, object := o.m["query"].(map[string]any); !object {
			v.Query = o.text("query")
		}
	}
	return v
}

func readSort(o object) Sort {
	if s, ok := o.m["sort"].(string); ok {
		for i, name := range sortNames {
			if s == name {
				return Sort(i)
			}
		}
	}
	if s := o.integer("sort"); s > 0 && s < len(sortNames) {
		return Sort(s)
	}
	return 0
}

// readCurrent reads the values that were saved in the file.
func readCurrent(o object) []Option {
	switch v := o.m["current"].(type) {
	case nil:
		return nil
	case string: // switch
		return []Option{{Text: v, Value: v}}
	case []any: // very old files
		if len(v) == 0 {
			return nil
		}
	}
	current := o.object("current")
	texts, values := current.texts("text"), current.texts("value")
	if len(values) == 0 {
		values = texts
	}
	var all []Option
	for i, value := range values {
		option := Option{Text: value, Value: value}
		if len(texts) == len(values) {
			option.Text = texts[i]
		} else if len(values) == 1 && len(texts) > 0 {
			option.Text = strings.Join(texts, " + ")
		}
		if value != "" {
			all = append(all, option)
		}
	}
	return all
}

// readFilter reads a filter of an adhoc variable. A filter with several values has them in a list.
func readFilter(o object) Filter {
	f := Filter{Key: o.text("key"), Operator: o.text("operator"), Value: o.text("value")}
	if f.Operator == "=|" || f.Operator == "!=|" {
		f.Operator = map[string]string{"=|": "=~", "!=|": "!~"}[f.Operator]
		values := o.texts("values")
		if len(values) == 0 {
			values = []string{f.Value}
		}
		for i := range values {
			values[i] = regexEscape(values[i])
		}
		f.Value = strings.Join(values, "|")
	}
	return f
}

// readQuery reads the query of a query variable: a text, or an object of one of several editors.
func (v *Variable) readQuery(o object) {
	q, ok := o.m["query"].(map[string]any)
	if !ok {
		v.Query = cmp.Or(o.text("query"), o.text("definition"))
		return
	}
	query := object{m: q, path: o.at("query"), note: o.note}
	if query.has("spec") { // v2
		v.Datasource = query.datasource("datasource")
		if v.Datasource.Type == "" {
			v.Datasource.Type = query.text("group")
		}
		v.Datasource = v.Datasource.normal()
		query = query.object("spec")
	}
	v.Query = cmp.Or(query.text("query"), query.text("__legacyStringValue"), built(query),
		query.text("expr"),
		o.text("definition"))
}

// built writes the query of an editor that saved only its parts.
func built(q object) string {
	if !q.has("qryType") {
		return ""
	}
	metric := q.text("metric")
	var matchers []string
	for _, f := range q.objects("labelFilters", 50) {
		matchers = append(matchers, f.text("label")+cmp.Or(f.text("op"), "=")+
			strconv.Quote(f.text("value")))
	}
	if len(matchers) > 0 {
		metric += "{" + strings.Join(matchers, ",") + "}"
	}
	switch q.integer("qryType") {
	case 0:
		return "label_names(" + q.text("match") + ")"
	case 1:
		if metric == "" {
			return "label_values(" + q.text("label") + ")"
		}
		return "label_values(" + metric + "," + q.text("label") + ")"
	case 2:
		return "metrics(" + cmp.Or(q.text("metricRegex"), metric) + ")"
	case 3:
		return "query_result(" + cmp.Or(q.text("varQuery"), metric) + ")"
	case 4:
		return cmp.Or(q.text("seriesQuery"), metric)
	}
	return ""
}
