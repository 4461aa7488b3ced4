package frame

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// notes collects what a reader should know: options that were not understood, and data that was
// cut. Its size is limited, because a dashboard may repeat one mistake a thousand times.
type notes struct {
	list  []string
	spent time.Duration // in regular expressions
}

const (
	maxNotes = 50
	maxItems = 1_000 // of a list in options: more is cut
	// maxSpent is how long all regular expressions of a panel may take in one pass over its data.
	maxSpent = 5 * time.Second
)

func (n *notes) add(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if len(n.list) < maxNotes && !slices.Contains(n.list, note) {
		n.list = append(n.list, note)
	}
}

// options is an object of a dashboard's JSON, read loosely: a number may be a text, and only a
// value of the wrong type itself is ignored.
type options struct {
	of    string // the owner of the options, for notes
	m     map[string]any
	notes *notes
}

// decodeOptions reads raw. If raw is not an object, there are no options.
func decodeOptions(of string, raw json.RawMessage, n *notes) options {
	o := options{of: of, notes: n}
	if len(raw) == 0 || string(raw) == "null" {
		return o
	}
	if err := json.Unmarshal(raw, &o.m); err != nil {
		n.add("%s: its options are no object", of)
	}
	return o
}

func (o options) wrong(key, want string) {
	if o.notes != nil {
		o.notes.add("%s: the option %s is not %s", o.of, key, want)
	}
}

// has reports whether the option is there and not null.
func (o options) has(key string) bool { return o.m[key] != nil }

// text returns an option that is a text, otherwise "".
func (o options) text(key string) string {
	switch v := o.m[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return FormatNumber(v)
	}
	o.wrong(key, "a text")
	return ""
}

// flag returns an option that is true or false, otherwise fallback.
func (o options) flag(key string, fallback bool) bool {
	switch v := o.m[key].(type) {
	case nil:
		return fallback
	case bool:
		return v
	case string:
		if v == "true" || v == "false" {
			return v == "true"
		}
	case float64:
		return v != 0
	}
	o.wrong(key, "true or false")
	return fallback
}

// number returns an option that is a number or a text of one, otherwise fallback.
func (o options) number(key string, fallback float64) float64 {
	switch v := o.m[key].(type) {
	case nil:
		return fallback
	case float64:
		return v
	case string:
		if f := parseNumber(v); f == f && v != "" {
			return f
		}
	}
	o.wrong(key, "a number")
	return fallback
}

// value returns an option that is a single value, otherwise null.
func (o options) value(key string) Value {
	switch v := o.m[key].(type) {
	case nil:
		if _, ok := o.m[key]; !ok {
			return Value{kind: absent}
		}
		return Value{}
	case string:
		return Text(v)
	case float64:
		return Num(v)
	case bool:
		return Bool(v)
	}
	o.wrong(key, "a single value")
	return Value{kind: absent}
}

// object returns an option that is an object. Its options are empty if it is not.
func (o options) object(key string) options {
	c := options{of: o.of, notes: o.notes}
	switch v := o.m[key].(type) {
	case nil:
	case map[string]any:
		c.m = v
	default:
		o.wrong(key, "an object")
	}
	return c
}

// objects returns an option that is a list of objects. It leaves out other elements.
func (o options) objects(key string) []options {
	var out []options
	for _, v := range o.items(key) {
		if m, ok := v.(map[string]any); ok {
			out = append(out, options{of: o.of, m: m, notes: o.notes})
		} else {
			o.wrong(key, "a list of objects")
		}
	}
	return out
}

// texts returns an option that is a list of texts. It leaves out other elements.
func (o options) texts(key string) []string {
	var out []string
	for _, v := range o.items(key) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case float64:
			out = append(out, FormatNumber(v))
		default:
			o.wrong(key, "a list of texts")
		}
	}
	return out
}

func (o options) items(key string) []any {
	switch v := o.m[key].(type) {
	case nil:
	case []any:
		if len(v) > maxItems {
			o.notes.add("%s: the option %s has more than %d items: the rest is left out",
				o.of, key, maxItems)
			v = v[:maxItems]
		}
		return v
	default:
		o.wrong(key, "a list")
	}
	return nil
}

// few returns at most n elements of a list. It is for options that each need a pass over the data.
func few[T any](o options, key string, list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	o.notes.add("%s: the option %s has more than %d items: the rest is left out", o.of, key, n)
	return list[:n]
}
