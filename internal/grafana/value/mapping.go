package value

import (
	"fmt"
	"math"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

// Result is what a value mapping shows instead of a value. If it does not set a text or a colour,
// the value keeps its own.
type Result struct {
	Text  string
	Set   bool // Text replaces the value, even if it is empty
	Color string
	Icon  string
	Index int // the order of the mapping in the dashboard's editor
}

// Mappings replace values by texts and colours. The first mapping that matches counts.
type Mappings []mapping

// mapping returns its result for a cell, or false.
type mapping func(Cell) (Result, bool)

// Find returns the result of the first mapping that matches c.
func (m Mappings) Find(c Cell) (Result, bool) {
	for _, one := range m {
		if r, ok := one(c); ok {
			return r, true
		}
	}
	return Result{}, false
}

const maxMappings = 1000

// DecodeMappings reads the mappings of a field, in today's form or that of before 2021, whose
// colours come from the thresholds. It leaves out and notes what it does not understand.
func DecodeMappings(raw []byte, thresholds Thresholds) (Mappings, []string) {
	var n notes
	list := n.list(n.decode("mappings", raw), "mappings", maxMappings)
	var all Mappings
	old := map[string]Result{}
	for _, item := range list {
		m := n.object(item, "a mapping")
		if kind, ok := m["type"].(float64); ok && m["options"] == nil {
			if one := oldMapping(kind, m, thresholds, old); one != nil {
				all = append(all, one)
			}
			continue
		}
		options := n.object(m["options"], "options of a mapping")
		if one := n.mapping(text(m["type"]), options); one != nil {
			all = append(all, one)
		}
	}
	if len(old) > 0 { // old ones come first, as when Grafana converts them
		all = append(Mappings{byValue(old)}, all...)
	}
	return all, n
}

func (n *notes) mapping(kind string, o map[string]any) mapping {
	result := func() Result { return n.result(o["result"]) }
	switch kind {
	case "value":
		results := make(map[string]Result, len(o))
		for key, r := range o {
			if m, ok := r.(map[string]any); ok {
				results[key] = n.result(m)
			}
		}
		return byValue(results)
	case "range":
		return byRange(bound(o["from"], math.Inf(-1)), bound(o["to"], inf), result())
	case "regex":
		re, err := jsregexp.Parse(text(o["pattern"]))
		if err != nil {
			n.add("a mapping is left out: %v", err)
			return nil
		}
		return byPattern(re, result())
	case "special":
		return bySpecial(text(o["match"]), result())
	}
	n.add("a mapping of the type %.40q is left out", kind)
	return nil
}

// bound reads the end of a range. If it is a text that is not a number, the range has no such end.
func bound(v any, none float64) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case string:
		if f := textNumber(v); !math.IsNaN(f) {
			return f
		}
	}
	return none
}

func (n *notes) result(v any) Result {
	m := n.object(v, "the result of a mapping")
	r := Result{Color: text(m["color"]), Icon: text(m["icon"])}
	switch s := m["text"].(type) {
	case string:
		r.Text, r.Set = s, true
	case float64:
		r.Text, r.Set = numberString(s), true
	case bool:
		r.Text, r.Set = fmt.Sprint(s), true
	}
	if f, ok := m["index"].(float64); ok && math.Abs(f) < 1e6 {
		r.Index = int(f)
	}
	return r
}

// oldMapping reads a mapping of before 2021. It adds a mapping of a single value to byText, and
// returns any other one.
func oldMapping(kind float64, m map[string]any, t Thresholds, byText map[string]Result) mapping {
	r := Result{Text: anyText(m["text"]), Set: m["text"] != nil}
	if v := leadingNumber(r.Text); !math.IsNaN(v) && len(t.Steps) > 0 {
		r.Color = t.Active(v, 0).Color
	}
	switch kind {
	case 1:
		v := m["value"]
		if v == "null" {
			return bySpecial("null", r)
		}
		if v != nil {
			byText[anyText(v)] = r
		}
	case 2:
		if m["from"] == "null" || m["to"] == "null" {
			return bySpecial("null", r)
		}
		return byRange(bound(m["from"], math.Inf(-1)), bound(m["to"], inf), r)
	}
	return nil
}

func byValue(results map[string]Result) mapping {
	return func(c Cell) (Result, bool) {
		if c.IsNull() {
			return Result{}, false
		}
		r, ok := results[cellText(c)]
		return r, ok
	}
}

func byRange(from, to float64, r Result) mapping {
	return func(c Cell) (Result, bool) {
		v, ok := c.Number()
		if !ok {
			s, _ := c.Text()
			v = leadingNumber(s)
		}
		return r, v >= from && v <= to
	}
}

func byPattern(re *jsregexp.Regexp, r Result) mapping {
	return func(c Cell) (Result, bool) {
		s, ok := c.Text()
		if !ok {
			return Result{}, false
		}
		if found, err := re.Match(s); !found || err != nil {
			return Result{}, false
		}
		out := r
		if r.Set {
			replaced, err := re.Replace(s, r.Text)
			if err != nil {
				return Result{}, false
			}
			out.Text = replaced
		}
		return out, true
	}
}

func bySpecial(match string, r Result) mapping {
	return func(c Cell) (Result, bool) {
		f, number := c.Number()
		nan := number && math.IsNaN(f)
		b, boolean := c.Bool()
		s, isText := c.Text()
		switch match {
		case "null":
			return r, c.IsNull()
		case "nan":
			return r, nan
		case "null+nan":
			return r, nan || c.IsNull()
		case "true", "false":
			return r, boolean && b == (match == "true") || isText && s == match
		case "empty":
			return r, isText && s == ""
		}
		return r, false
	}
}

// anyText returns a JSON value as text. Other values than text, numbers and booleans become empty.
func anyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return numberString(v)
	case bool:
		return fmt.Sprint(v)
	}
	return ""
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
