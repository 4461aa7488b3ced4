package frame

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// Figures says which figures a stat, a gauge or a bar gauge shows: one for each reducer of each
// field, or one for each row.
type Figures struct {
	Calcs  []string // the reducers
	Fields string   // a pattern for the fields' names; empty: every field of numbers
	Values bool     // each row by itself
	Limit  int      // of the rows; 0: Grafana's own limit
}

// defaultFigures is the number of rows that Grafana shows if the panel sets no limit.
const defaultFigures = 25

// DecodeFigures reads the reduceOptions of a panel. It notes what it does not understand.
func DecodeFigures(raw json.RawMessage) (Figures, []string) {
	n := new(notes)
	o := decodeOptions("reduceOptions", raw, n)
	f := Figures{
		Calcs:  few(o, "calcs", o.texts("calcs"), maxReducers),
		Fields: o.text("fields"), Values: o.flag("values", false),
		Limit: int(min(max(o.number("limit", 0), 0), maxRows)),
	}
	return f, n.list
}

// Figure is one figure of a panel.
type Figure struct {
	Title string
	Value Value
	Calc  string          // the reducer; empty for a row
	Row   int             // the row; -1 for a reducer
	Color json.RawMessage // the colour that an override sets for a row with this title
	Field *Field
}

// Figures returns the figures of frames, to which fc has been applied. text returns a field's value
// as it is shown. A panel without figures shows that it has no data.
func (fc FieldConfig) Figures(
	frames []*Frame, f Figures, text func(*Field, Value) string,
) ([]Figure, []string) {
	r := figuring{names: NamesOf(frames), wanted: f, text: text, colors: fc.colors()}
	r.match = byType(Number)
	if f.Fields != "" {
		r.match = byRegexp(f.Fields, &r.notes)
	}
	if len(r.wanted.Calcs) == 0 {
		r.wanted.Calcs = []string{"last"}
	}
	if r.wanted.Limit == 0 {
		r.wanted.Limit = defaultFigures
	}
	for _, frame := range frames {
		for _, field := range frame.Fields {
			switch {
			case f.Values && len(r.out) >= r.wanted.Limit, len(r.out) >= maxRows:
				return r.out, r.notes.list
			case !r.match(field, frame, r.names):
			case f.Values:
				r.rows(field, frame)
			default:
				r.calcs(field, frame)
			}
		}
	}
	return r.out, r.notes.list
}

// colors returns the colours that overrides set, by name.
func (fc FieldConfig) colors() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage)
	for _, o := range fc.Overrides {
		name, ok := o.Matcher.Options.(string)
		if o.Matcher.ID != "byName" || !ok || out[name] != nil {
			continue
		}
		for _, p := range o.Properties {
			if p.ID == "color" && out[name] == nil && len(p.Value) > 0 &&
				string(p.Value) != "null" {
				out[name] = p.Value
			}
		}
	}
	return out
}

type figuring struct {
	names  *Names
	wanted Figures
	match  fieldMatch
	text   func(*Field, Value) string
	colors map[string]json.RawMessage
	notes  notes
	out    []Figure
}

func (r *figuring) calcs(field *Field, frame *Frame) {
	for i, v := range Reduce(field, r.wanted.Calcs...) {
		calc := r.wanted.Calcs[i]
		title := field.Config.DisplayName
		if title == "" {
			title = r.names.Of(field, frame)
		} else {
			title = expandVariables(title, func(name string) (string, bool) {
				return calc, name == "__calc"
			})
		}
		r.out = append(r.out, Figure{Title: title, Value: v, Calc: calc, Row: -1, Field: field})
	}
}

func (r *figuring) rows(field *Field, frame *Frame) {
	for row := range min(field.Values.Len(), r.wanted.Limit-len(r.out)) {
		title := r.rowTitle(field, frame, row)
		r.out = append(r.out, Figure{
			Title: title,
			Value: field.Values.At(row),
			Row:   row,
			Color: r.colors[title],
			Field: field,
		})
	}
}

// rowTitle returns the title of a row: the display name filled in from its cells, otherwise its
// texts. If the row has several numbers, the title also has the field's name.
func (r *figuring) rowTitle(field *Field, frame *Frame, row int) string {
	if field.Config.DisplayName != "" {
		return expandVariables(field.Config.DisplayName, func(name string) (string, bool) {
			return r.cell(name, frame, row)
		})
	}
	var parts []string
	numbers := 0
	for _, other := range frame.Fields {
		switch {
		case other == field:
		case other.Type == Number:
			numbers++
		case other.Type == String:
			if s := r.text(other, other.Values.At(row)); s != "" {
				parts = append(parts, s)
			}
		}
	}
	if numbers > 0 || len(parts) == 0 {
		parts = append(parts, alone(field, frame))
	}
	return strings.Join(parts, " ")
}

// cell returns the cell that __data.fields… or __cell_N refers to.
func (r *figuring) cell(name string, frame *Frame, row int) (string, bool) {
	if n, ok := strings.CutPrefix(name, "__cell_"); ok {
		digits := len(n) - len(strings.TrimLeft(n, "0123456789"))
		name = "__data.fields[" + n[:digits] + "]" + n[digits:]
	}
	path, ok := strings.CutPrefix(name, "__data.")
	if !ok {
		return "", false
	}
	switch keys := pathKeys(path); {
	case len(keys) == 1 && keys[0] == "name":
		return frame.Name, true
	case len(keys) == 1 && keys[0] == "refId":
		return frame.RefID, true
	case len(keys) > 1 && keys[0] == "fields":
		field := fieldByKey(frame, keys[1])
		if field == nil {
			return "", true
		}
		v := field.Values.At(row)
		switch {
		case len(keys) == 2, keys[2] == "text":
			return r.text(field, v), true
		case keys[2] == "numeric":
			return FormatNumber(v.toNumber()), true
		}
	}
	return "", true
}

// fieldByKey returns the field with the given name, place, display name, or value of the label
// "name".
func fieldByKey(frame *Frame, key string) *Field {
	find := func(is func(*Field) bool) *Field {
		if i := slices.IndexFunc(frame.Fields, is); i >= 0 {
			return frame.Fields[i]
		}
		return nil
	}
	if f := find(func(f *Field) bool { return f.Name == key }); f != nil {
		return f
	}
	if i := parseNumber(key); i == math.Trunc(i) && i >= 0 && i < float64(len(frame.Fields)) {
		return frame.Fields[int(i)]
	}
	if f := find(func(f *Field) bool { return f.Config.DisplayName == key }); f != nil {
		return f
	}
	return find(func(f *Field) bool { return labelValue(f.Labels, "name") == Text(key) })
}

// pathKeys splits a path such as fields["a b"].text into its keys.
func pathKeys(path string) []string {
	var keys []string
	for path != "" {
		if rest, ok := strings.CutPrefix(path, "["); ok {
			key, after, closed := strings.Cut(rest, "]")
			if !closed {
				return append(keys, rest)
			}
			keys = append(keys, strings.Trim(key, `"'`))
			path = strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(keys, path)
		}
		keys = append(keys, path[:end])
		path = strings.TrimPrefix(path[end:], ".")
	}
	return keys
}

// expandVariables replaces $name, ${name} and [[name]] by their values if value knows them. A
// format after a colon does not change a single text. Unknown variables stay.
func expandVariables(s string, value func(name string) (string, bool)) string {
	var b strings.Builder
	for s != "" {
		at := strings.IndexAny(s, "$[")
		if at < 0 {
			break
		}
		b.WriteString(s[:at])
		s = s[at:]
		name, size := variableAt(s)
		if size == 0 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if v, ok := value(name); ok {
			b.WriteString(v)
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	b.WriteString(s)
	return b.String()
}

// variableAt returns the variable at the start of s and the length of its text. The length is 0 if
// there is none. Only ${name} may have a path after the name.
func variableAt(s string) (name string, size int) {
	open, closing := "${", "}"
	switch {
	case strings.HasPrefix(s, "[["):
		open, closing = "[[", "]]"
	case !strings.HasPrefix(s, "${"):
		end := 1 + wordLen(s[1:])
		if s[0] != '$' || end == 1 {
			return "", 0
		}
		return s[1:end], end
	}
	inner, _, closed := strings.Cut(s[2:], closing)
	name, _, _ = strings.Cut(inner, ":")
	word := wordLen(name)
	if !closed || word == 0 || word < len(name) && (open == "[[" || name[word] != '.') {
		return "", 0
	}
	return name, 2 + len(inner) + len(closing)
}

// wordLen returns how many bytes of s are letters, digits or underscores.
func wordLen(s string) int {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return i
		}
	}
	return len(s)
}
