package frame

import (
	"fmt"
	"math"
	"strings"
)

// calculation computes the values of a new field from a frame. It reports false if it cannot.
type calculation func(frame *Frame, names *Names) (Values, bool)

// calculateField adds a field that is computed from the others.
func calculateField(frames []*Frame, o options) []*Frame {
	mode := "reduceRow"
	if o.has("mode") {
		mode = o.text("mode")
	}
	series := o.flag("timeSeries", true)
	if series && (mode != "binary" || !fixedRight(o.object("binary").m["right"])) {
		frames = ensureColumns(frames, o.notes)
	}
	c := calculator{options: o, series: series, replace: o.flag("replaceFields", false)}
	switch mode {
	case "reduceRow":
		c.reduceRow()
	case "cumulativeFunctions":
		c.cumulative()
	case "windowFunctions":
		c.window()
	case "unary":
		c.unary()
	case "binary":
		if typed := c.binary(frames); typed != nil {
			return typed
		}
	case "index":
		return c.index(frames)
	default:
		o.notes.add("calculateField: the mode %s is not known", mode)
	}
	if c.compute == nil {
		return frames
	}
	return c.apply(frames)
}

// calculator has what calculateField finds out before it reads frames.
type calculator struct {
	options
	series, replace bool
	name            string // of the new field, where the options give no alias
	compute         calculation
}

// apply adds the new field to each frame, or replaces the other fields by it.
func (c *calculator) apply(frames []*Frame) []*Frame {
	names := NamesOf(frames)
	alias := c.text("alias")
	var out []*Frame
	for _, frame := range frames {
		values, ok := c.compute(frame, names)
		if !ok {
			if !c.replace {
				out = append(out, frame)
			}
			continue
		}
		field := &Field{Name: c.name, Type: Number, Values: values}
		if alias != "" {
			field.Name, field.Config.DisplayName = alias, alias
		}
		var fields []*Field
		if time := frame.timeField(); c.replace && time != nil && c.series {
			fields = append(fields, time)
		} else if !c.replace {
			fields = append(fields, frame.Fields...)
		}
		out = append(out, frame.with(append(fields, field)))
	}
	return out
}

// index adds the number of the row.
func (c *calculator) index(frames []*Frame) []*Frame {
	share := c.object("index").flag("asPercentile", false)
	out := make([]*Frame, len(frames))
	for i, frame := range frames {
		rows := make([]float64, frame.Len())
		for k := range rows {
			rows[k] = float64(k)
			if share {
				rows[k] /= float64(len(rows))
			}
		}
		field := &Field{Name: "Row", Type: Number, Values: Numbers(rows)}
		if c.has("alias") {
			field.Name = c.text("alias")
		}
		if share {
			field.Config.Unit = "percentunit"
		}
		fields := []*Field{field}
		if !c.replace {
			fields = append(append([]*Field{}, frame.Fields...), field)
		}
		out[i] = frame.with(fields)
	}
	return out
}

// reducerOf returns the option reducer, otherwise fallback.
func (o options) reducerOf(fallback string) string {
	if o.has("reducer") {
		return o.text("reducer")
	}
	return fallback
}

// reduceRow reduces each row to one number.
func (c *calculator) reduceRow() {
	o := c.object("reduce")
	id := o.reducerOf("sum")
	red, ok := lookUp(id)
	if !ok {
		c.notes.add("calculateField: the reducer %s is not known", id)
		return
	}
	c.name = red.name
	match := byType(Number)
	if include := o.texts("include"); len(include) > 0 {
		match = byNames(include)
	}
	mode := o.text("nullValueMode")
	c.compute = func(frame *Frame, names *Names) (Values, bool) {
		var columns []Values
		for _, field := range frame.Fields {
			if match(field, frame, names) {
				columns = append(columns, field.Values)
			}
		}
		row := make([]Value, len(columns))
		r := &reduction{ignore: mode == NullIgnored, zero: mode == NullAsZero}
		out := column{hint: frame.Len()}
		for i := range frame.Len() {
			for k, vs := range columns {
				row[k] = vs.At(i)
			}
			r.field, r.sorted = &Field{Type: Number, Values: Values{mixed: row}}, nil
			if red.compute != nil {
				out.push(red.compute(r))
			} else {
				out.push(r.standard()[red.id])
			}
		}
		return out.v, true
	}
}

// chosenField returns a function that finds the field named by the option field, or the first field
// of numbers if it names none.
func (o options) chosenField() func(*Frame, *Names) *Field {
	match := byType(Number)
	if name := o.text("field"); name != "" {
		match = byNames([]string{name})
	}
	return func(frame *Frame, names *Names) *Field {
		for _, field := range frame.Fields {
			if match(field, frame, names) {
				return field
			}
		}
		return nil
	}
}

// inBrackets returns (s), or "" if s is empty.
func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

// cumulative adds, for each row, the sum or the mean of all rows up to it.
func (c *calculator) cumulative() {
	o := c.object("cumulative")
	id := o.reducerOf("sum")
	if id != "sum" && id != "mean" {
		c.notes.add("calculateField: the reducer %s has no cumulative form", id)
		return
	}
	c.name = "cumulative " + id + inBrackets(o.text("field"))
	if !c.has("cumulative") {
		c.name = "cumulative "
	}
	choose := o.chosenField()
	c.compute = func(frame *Frame, names *Names) (Values, bool) {
		field := choose(frame, names)
		if field == nil {
			return Values{}, false
		}
		out := make([]float64, frame.Len())
		total := 0.0
		for i := range out {
			if v := field.Values.At(i); !v.IsNull() {
				total += v.toNumber()
			}
			out[i] = total
			if id == "mean" {
				out[i] = total / float64(i+1)
			}
		}
		return Numbers(out), true
	}
}

// window adds, for each row, the mean, variance or deviation of the rows around it.
func (c *calculator) window() {
	o := c.object("window")
	id := o.reducerOf("mean")
	size := o.number("windowSize", 0.1)
	if id != "mean" && id != "variance" && id != "stdDev" || size <= 0 {
		c.notes.add("calculateField: there is no window of %s with the size %v", id, size)
		return
	}
	alignment := "trailing"
	if o.has("windowAlignment") {
		alignment = o.text("windowAlignment")
	}
	c.name = alignment + " moving " + id + inBrackets(o.text("field"))
	if !c.has("window") {
		c.name = " moving "
	}
	share := !o.has("windowSizeMode") || o.text("windowSizeMode") == "percentage"
	choose := o.chosenField()
	c.compute = func(frame *Frame, names *Names) (Values, bool) {
		field := choose(frame, names)
		if field == nil {
			return Values{}, false
		}
		n := size
		if share {
			n *= float64(frame.Len())
		}
		w := window{vs: field.Values, rows: frame.Len(), size: int(math.Ceil(min(n, maxRows)))}
		switch {
		case id == "mean" && alignment == "centered":
			return Numbers(w.centeredMean()), true
		case id == "mean":
			return Numbers(w.trailingMean()), true
		}
		return Numbers(w.spread(alignment == "centered", id == "stdDev")), true
	}
}

// unary adds a field that is computed from one field.
func (c *calculator) unary() {
	o := c.object("unary")
	operator, name := "abs", o.text("fieldName")
	if o.has("operator") {
		operator = o.text("operator")
	}
	c.name = operator + inBrackets(name)
	if !c.has("unary") {
		c.name = ""
	}
	f := unaryOperators[operator]
	if f == nil {
		c.notes.add("calculateField: the operator %s is not known", operator)
	}
	c.compute = func(frame *Frame, names *Names) (Values, bool) {
		var vs Values
		for _, field := range frame.Fields {
			if names.Of(field, frame) == name && field.Type == Number {
				vs = field.Values
			}
		}
		if vs.Len() == 0 || f == nil {
			return Values{}, false
		}
		total := 0.0
		for i := range vs.Len() {
			if v, ok := vs.At(i).Number(); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
				total += v
			}
		}
		out := make([]float64, vs.Len())
		for i := range out {
			out[i] = f(vs.At(i).toNumber(), total)
		}
		return Numbers(out), true
	}
}

var unaryOperators = map[string]func(v, total float64) float64{
	"abs":   func(v, _ float64) float64 { return math.Abs(v) },
	"exp":   func(v, _ float64) float64 { return math.Exp(v) },
	"ln":    func(v, _ float64) float64 { return math.Log(v) },
	"round": func(v, _ float64) float64 { return roundHalfUp(v) },
	"floor": func(v, _ float64) float64 { return math.Floor(v) },
	"ceil":  func(v, _ float64) float64 { return math.Ceil(v) },
	"percent": func(v, total float64) float64 {
		if total == 0 {
			total = 1
		}
		return v / total
	},
}

// roundHalfUp rounds as JavaScript does: halves towards plus infinity.
func roundHalfUp(v float64) float64 {
	f := math.Floor(v)
	if v-f >= 0.5 {
		return f + 1
	}
	return f
}

var binaryOperators = map[string]func(a, b float64) float64{
	"+": func(a, b float64) float64 { return a + b },
	"-": func(a, b float64) float64 { return a - b },
	"*": func(a, b float64) float64 { return a * b },
	"/": func(a, b float64) float64 { return a / b },
}

// operate applies the operator to a and b. A sum with a text is a text.
func operate(operator string, a, b Value) Value {
	isText := func(v Value) bool { return v.kind == text || v.kind == list }
	if operator == "+" && (isText(a) || isText(b)) {
		return Text(a.spelled() + b.spelled())
	}
	return Num(binaryOperators[operator](a.toNumber(), b.toNumber()))
}

// operand is one side of a binary calculation.
type operand struct {
	matcher string // its ID; empty for a number
	text    string // the name, the type or the number
}

// fixedRight reports whether the right side is a number, so that several frames need no join.
func fixedRight(right any) bool {
	switch v := right.(type) {
	case string:
		f := parseNumber(v)
		return f == f
	case map[string]any:
		f := options{m: v}.value("fixed").toNumber()
		return f == f
	}
	return false
}

// operandOf reads one side: an object, or a text as in old dashboards.
func (o options) operandOf(key string, fieldNames map[string]bool) operand {
	switch v := o.m[key].(type) {
	case map[string]any:
		side := options{of: o.of, m: v, notes: o.notes}
		if m := side.object("matcher"); m.text("id") != "" {
			return operand{m.text("id"), m.text("options")}
		} else if !side.has("fixed") {
			return operand{"", m.text("options")}
		}
		return operand{"", side.text("fixed")}
	default:
		s := o.text(key)
		if f := parseNumber(s); f != f || fieldNames[s] {
			return operand{"byName", s}
		}
		return operand{"", s}
	}
}

// values returns the values of an operand in a frame. It reports false if there are none.
func (p operand) values(frame *Frame, names *Names) (func(i int) Value, int, bool) {
	if p.matcher == "byName" {
		for _, field := range frame.Fields {
			if names.Of(field, frame) != p.text {
				continue
			}
			if field.Type != Boolean {
				return field.Values.At, field.Values.Len(), true
			}
			return func(i int) Value {
				if field.Values.At(i).truthy() {
					return Num(1)
				}
				return Num(0)
			}, field.Values.Len(), true
		}
	}
	f := leadingNumber(p.text)
	return func(int) Value { return Num(f) }, frame.Len(), f == f
}

// binary adds the result of an operator on left and right. If the left side is a type, it adds a
// field for each field of that type and returns those frames directly.
func (c *calculator) binary(frames []*Frame) []*Frame {
	o := c.object("binary")
	fieldNames := make(map[string]bool)
	for _, frame := range frames {
		for _, field := range frame.Fields {
			fieldNames[field.Name] = true
		}
	}
	left, right := o.operandOf("left", fieldNames), o.operandOf("right", fieldNames)
	operator := "+"
	if o.has("operator") {
		operator = o.text("operator")
	}
	known := binaryOperators[operator] != nil
	if !known {
		c.notes.add("calculateField: the operator %s is not known", operator)
	}
	if left.matcher == "byType" {
		return c.binaryOfType(frames, Type(left.text), operator, right, known)
	}
	if !strings.Contains(left.text+right.text, "$") && left.text != "" && right.text != "" {
		c.name = fmt.Sprintf("%s %s %s", left.text, operator, right.text)
	}
	c.compute = func(frame *Frame, names *Names) (Values, bool) {
		a, n, ok := left.values(frame, names)
		b, _, okRight := right.values(frame, names)
		if !ok || !okRight || !known {
			return Values{}, false
		}
		out := column{hint: n}
		for i := range n {
			out.push(operate(operator, a(i), b(i)))
		}
		return out.v, true
	}
	return nil
}

func (c *calculator) binaryOfType(
	frames []*Frame,
	t Type,
	operator string,
	right operand,
	known bool,
) []*Frame {
	names := NamesOf(frames)
	out := []*Frame{}
	for _, frame := range frames {
		var fields []*Field
		time := frame.timeField()
		if time != nil && c.series {
			fields = append(fields, time)
		}
		added := false
		b, _, ok := right.values(frame, names)
		for _, field := range frame.Fields {
			if !c.replace && (field != time || !c.series) {
				fields = append(fields, field)
			}
			if field.Type != t || !ok || !known {
				continue
			}
			vs := column{hint: field.Values.Len()}
			for i := range field.Values.Len() {
				vs.push(operate(operator, field.Values.At(i), b(i)))
			}
			f := field.with(vs.v)
			f.Name = fmt.Sprintf("%s %s %s", field.Name, operator, right.text)
			f.state = nil
			fields = append(fields, f)
			added = true
		}
		if added || !c.replace {
			out = append(out, frame.with(fields))
		}
	}
	return out
}
