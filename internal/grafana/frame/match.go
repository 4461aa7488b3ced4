package frame

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/grafana/jsregexp"
)

// Matcher finds fields, frames or values. Its ID says how.
type Matcher struct {
	ID      string
	Scope   string // "series" or empty; other scopes are for data that Prometheus never returns
	Options any    // as decoded from JSON
}

func decodeMatcher(raw json.RawMessage, n *notes) Matcher {
	parts := members("matcher", raw, n)
	var m Matcher
	for key, to := range map[string]any{"id": &m.ID, "scope": &m.Scope, "options": &m.Options} {
		if raw, ok := parts[key]; ok && json.Unmarshal(raw, to) != nil {
			n.add("matcher: %s is not understood", key)
		}
	}
	return m
}

// matcherOf reads a matcher from the options of a transformation.
func matcherOf(o options) Matcher { return Matcher{ID: o.text("id"), Options: o.m["options"]} }

// fieldMatch reports whether a matcher finds a field of frame. names has the names of all frames.
type fieldMatch func(field *Field, frame *Frame, names *Names) bool

func (m Matcher) options(n *notes) options {
	of := m.ID
	object, ok := m.Options.(map[string]any)
	if !ok && m.Options != nil {
		n.add("%s: its options are no object", of)
	}
	return options{of: of, m: object, notes: n}
}

// textOption returns the options of a matcher if they are a single text.
func (m Matcher) textOption(n *notes) string {
	return options{of: m.ID, m: map[string]any{"options": m.Options}, notes: n}.text("options")
}

// fields returns the function with which m finds fields. It reports false if there is no such
// matcher.
func (m Matcher) fields(n *notes) (fieldMatch, bool) {
	switch m.ID {
	case "byName":
		return byNames([]string{m.textOption(n)}), true
	case "byNames":
		o := m.options(n)
		found := byNames(o.texts("names"))
		if o.text("mode") == "exclude" {
			return func(f *Field, fr *Frame, ns *Names) bool { return !found(f, fr, ns) }, true
		}
		return found, true
	case "byRegexp":
		return byRegexp(m.textOption(n), n), true
	case "byRegexpOrNames":
		o := m.options(n)
		named, matched := byNames(o.texts("names")), byRegexp(o.text("pattern"), n)
		return func(f *Field, fr *Frame, ns *Names) bool {
			return named(f, fr, ns) || matched(f, fr, ns)
		}, true
	case "byFrameRefID":
		ref := m.textOption(n)
		return func(_ *Field, frame *Frame, _ *Names) bool { return frame.RefID == ref }, true
	case "byType":
		return byType(Type(m.textOption(n))), true
	case "numeric":
		return byType(Number), true
	case "time":
		return byType(Time), true
	case "first":
		return func(f *Field, frame *Frame, _ *Names) bool { return f == frame.Fields[0] }, true
	case "firstTimeField":
		return func(f *Field, frame *Frame, _ *Names) bool { return f == frame.timeField() }, true
	case "byValue":
		return byValue(m.options(n)), true
	}
	return nil, false
}

func byType(t Type) fieldMatch {
	return func(f *Field, _ *Frame, _ *Names) bool { return f.Type == t }
}

// byNames finds a field by its own or its display name. "Value" is also the field that is named
// after its metric, and "Time" any field of times.
func byNames(names []string) fieldMatch {
	fallback := func(*Field) bool { return false }
	switch {
	case slices.Contains(names, valueName):
		fallback = func(f *Field) bool { return f.Labels.Get("__name__") == f.Name && f.Name != "" }
	case slices.Contains(names, "Time"), slices.Contains(names, "time"):
		fallback = func(f *Field) bool { return f.Type == Time }
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return func(f *Field, frame *Frame, ns *Names) bool {
		return set[f.Name] || set[ns.Of(f, frame)] || fallback(f)
	}
}

func byRegexp(pattern string, n *notes) fieldMatch {
	re := parsed(pattern, n)
	return func(f *Field, frame *Frame, ns *Names) bool {
		return matches(re, ns.Of(f, frame), n)
	}
}

// parsed returns the regular expression of a text, either between slashes or the whole text. An
// invalid one is nil, which finds nothing.
func parsed(pattern string, n *notes) *jsregexp.Regexp {
	if pattern == "" {
		return nil
	}
	re, err := jsregexp.Parse(pattern)
	if err != nil {
		n.add("%v", err)
		return nil
	}
	return re
}

func matches(re *jsregexp.Regexp, s string, n *notes) bool {
	if re == nil {
		return false
	}
	if n.spent > maxSpent {
		n.add("the regular expressions take too long: they find no more")
		return false
	}
	before := re.Spent()
	ok, err := re.Match(s)
	n.spent += re.Spent() - before
	if err != nil {
		n.add("%v", err)
	}
	return ok
}

func byValue(o options) fieldMatch {
	id, op, value := o.text("reducer"), o.text("op"), o.value("value")
	if id == "" {
		return func(*Field, *Frame, *Names) bool { return false }
	}
	return func(f *Field, _ *Frame, names *Names) bool {
		got := names.reduce(f, id)
		if id == "allIsNull" || id == "allIsZero" {
			return got.truthy()
		}
		return compareAs(op, got, value)
	}
}

// compareAs compares two values with the operator of a matcher. One of them may be null.
func compareAs(op string, a, b Value) bool {
	if op == "" {
		op = "eq"
	}
	if a.IsNull() || b.IsNull() {
		if a.IsNull() {
			a = Text("null")
		}
		if b.IsNull() {
			b = Text("null")
		}
		if op == "gte" || op == "lte" {
			op = "eq"
		}
	}
	switch op {
	case "eq":
		return a.spelled() == b.spelled()
	case "neq":
		return a.spelled() != b.spelled()
	case "gt":
		return less(b, a)
	case "gte":
		return less(b, a) || notBelow(a, b)
	case "lt":
		return less(a, b)
	case "lte":
		return less(a, b) || notBelow(a, b)
	}
	return false
}

// notBelow reports whether a and b are equal as operands of <=, where NaN is equal to nothing.
func notBelow(a, b Value) bool {
	if a.kind >= text && a.kind != boolean && b.kind >= text && b.kind != boolean {
		return a.text == b.text
	}
	return a.toNumber() == b.toNumber()
}

// frames returns the function with which m finds frames. It reports false if there is no such
// matcher.
func (m Matcher) frames(n *notes) (func(*Frame) bool, bool) {
	pattern := m.textOption(n)
	switch m.ID {
	case "byName":
		re := parsed(pattern, n)
		return func(f *Frame) bool { return matches(re, f.Name, n) }, true
	case "byRefId":
		if jsregexp.IsPattern(pattern) {
			if re := parsed(pattern, n); re != nil {
				return func(f *Frame) bool { return matches(re, f.RefID, n) }, true
			}
		} else if strings.Contains(pattern, "|") {
			refs := strings.Split(pattern, "|")
			return func(f *Frame) bool { return slices.Contains(refs, f.RefID) }, true
		}
		return func(f *Frame) bool { return f.RefID == pattern }, true
	}
	return nil, false
}
