package grafana

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxFilled is the greatest length of a text after its variables are filled in, in bytes.
const maxFilled = 256 << 10

// filling is how values are written for a reference that names no format.
type filling int

const (
	asPromQL filling = iota // escaped for PromQL
	asRegex                 // escaped for a regular expression
	asText                  // the texts of the values, for titles
	asGlob                  // for legends
)

// scope has the values of variables at one place: those of the dashboard, those that the place is
// repeated by, with one value each, and the built-in ones.
type scope struct {
	values *Values
	local  map[string]Option
	timing Timing

	placeholder string // replaces a pending variable; empty: the reference stays
	// $__interval and similar variables stay: their values depend on the query that uses the text
	keepTime bool
}

// filled is a text whose variables are filled in.
type filled struct {
	text    string
	missing []string // the unknown references; they stay as they are
	pending []string // the variables whose values only Prometheus knows, likewise
	tooLong bool
}

// fill replaces the variables in a text by their values.
func (s scope) fill(text string, how filling) filled {
	return s.fillDeep(text, how, 0)
}

func (s scope) fillDeep(text string, how filling, depth int) filled {
	var out filled
	var b strings.Builder
	at := 0
	for _, m := range reference.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		name := part(1) + part(2) + part(4)
		b.WriteString(text[at:m[0]])
		at = m[1]
		field := strings.TrimPrefix(part(5), ".")
		value, state := s.value(name, field, part(3)+part(6), how, depth)
		if _, ok := s.timing.variable(name); ok && s.keepTime {
			value, state = part(0), isKnown
		}
		switch state {
		case isKnown:
			b.WriteString(value)
		default:
			b.WriteString(part(0))
			if state == isPending {
				out.pending = append(out.pending, name)
			} else if !isCapture(text, name) {
				out.missing = append(out.missing, part(0))
			}
		}
		if b.Len() > maxFilled {
			out.tooLong = true
			break
		}
	}
	b.WriteString(text[at:])
	out.text = b.String()
	out.missing = distinct(out.missing)
	out.pending = distinct(out.pending)
	return out
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// isCapture reports whether a reference is to a group of a regular expression of the text, as
// label_replace has it.
func isCapture(text, name string) bool {
	if strings.Trim(name, "0123456789") == "" {
		return true
	}
	return strings.Contains(text, "(?P<"+name+">") || strings.Contains(text, "(?<"+name+">")
}

type state int

const (
	isUnknown state = iota
	isKnown
	isPending
)

// value returns the value of a reference.
func (s scope) value(name, field, format string, how filling, depth int) (string, state) {
	v := s.values.Get(name)
	if v == nil {
		return s.builtin(name, field, format)
	}
	if field != "" && field != "text" && field != "value" {
		return "", isUnknown
	}
	if o, ok := s.local[name]; ok {
		w := writing{name: name, field: field, format: format, regex: v.several()}
		return w.write([]Option{o}, how), isKnown
	}
	w := writing{
		name: name, field: field, format: format, regex: v.several(), list: v.All ||
			v.Variable.Multi,
	}
	switch {
	case v.Pending && s.placeholder != "":
		return s.placeholder, isKnown
	case v.Pending:
		return "", isPending
	case v.Problem != "":
		return "", isUnknown
	case v.All && (format == "text" || format == "" && how == asText):
		return "All", isKnown
	case v.All && format == "queryparam":
		return "var-" + name + "=" + allValue, isKnown
	case v.All && v.AllValue != "":
		if depth > 3 {
			return "", isUnknown
		}
		all := s.fillDeep(v.AllValue, how, depth+1)
		if len(all.missing) > 0 || all.tooLong {
			return "", isUnknown
		}
		if format == "percentencode" {
			return percent(all.text), isKnown
		}
		return all.text, isKnown
	}
	return w.write(v.Selected, how), isKnown
}

// writing is how the values of one reference are written.
type writing struct {
	name, field, format string
	regex               bool // in PromQL they are parts of a regular expression
	list                bool // they are a list, even if there is only one
}

func (w writing) write(options []Option, how filling) string {
	if w.field == "text" {
		options = slices.Clone(options)
		for i := range options {
			options[i].Value = options[i].Text
		}
	}
	format := w.format
	if format == "" {
		switch how {
		case asPromQL:
			values := make([]string, len(options))
			for i, o := range options {
				values[i] = o.Value
			}
			return promValue(values, w.regex)
		case asRegex:
			format = "regex"
		case asText:
			format = "text"
		}
	}
	return formatValues(w.name, format, options, w.list)
}

// builtin returns the value of a variable that Grafana defines.
func (s scope) builtin(name, field, format string) (string, state) {
	if v, ok := s.timing.variable(name); ok {
		return v, isKnown
	}
	v := ""
	switch name {
	case "__from":
		v = strconv.FormatInt(s.values.window.From.UnixMilli(), 10)
	case "__to":
		v = strconv.FormatInt(s.values.window.To.UnixMilli(), 10)
	case "__dashboard":
		if v = s.values.board.Title; field == "uid" {
			v = s.values.board.UID
		}
	case "__timezone":
		v = s.values.board.Timezone
	default:
		return "", isUnknown
	}
	if format != "" {
		v = formatValues(name, format, []Option{{Text: v, Value: v}}, false)
	}
	return v, isKnown
}

// fillTimes replaces only $__interval and similar variables in a text by their values.
func (s scope) fillTimes(text string) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		if v, ok := s.timing.variable(m[1] + m[2] + m[4]); ok {
			return v
		}
		return ref
	})
}

// references returns the names of the variables that texts refer to, in order.
func references(texts ...string) []string {
	names := map[string]bool{}
	for _, text := range texts {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			names[m[1]+m[2]+m[4]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
