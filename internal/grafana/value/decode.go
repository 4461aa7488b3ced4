package value

import (
	"encoding/json"
	"fmt"
)

// notes collect the parts of a dashboard that were not understood. Their number is limited.
type notes []string

const maxNotes = 20

func (n *notes) add(format string, args ...any) {
	if len(*n) < maxNotes {
		*n = append(*n, fmt.Sprintf(format, args...))
	}
}

func (n *notes) decode(what string, raw []byte) any {
	if len(raw) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		n.add("%s: %v", what, err)
		return nil
	}
	return v
}

// list returns the first most elements of a JSON list. Null is an empty one.
func (n *notes) list(v any, what string, most int) []any {
	list, ok := v.([]any)
	if !ok && v != nil {
		n.add("%s: it is no list", what)
	}
	if len(list) > most {
		n.add("%s: only the first %d of %d are read", what, most, len(list))
		list = list[:most]
	}
	return list
}

// object returns a JSON object. Null is an empty one.
func (n *notes) object(v any, what string) map[string]any {
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		n.add("%s: it is no object", what)
	}
	return m
}
