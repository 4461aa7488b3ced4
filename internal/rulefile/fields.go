package rulefile

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/outside"
)

// field is one key of a mapping with its value. The value is never an alias.
type field struct {
	name  string
	key   *yaml.Node
	value *yaml.Node
}

// fields are the keys of a mapping, in order, each once.
type fields []field

// get returns the key and the value of a name, or nil.
func (fs fields) get(name string) (key, value *yaml.Node) {
	for _, f := range fs {
		if f.name == name {
			return f.key, f.value
		}
	}
	return nil, nil
}

// fields returns the fields of a mapping and of what it merges (<<), whose keys come second. nil
// and null have no fields. what names the mapping in messages.
func (r *reader) fields(n *yaml.Node, what string) (fields, bool) {
	return r.merged(n, what, 0)
}

func (r *reader) merged(n *yaml.Node, what string, depth int) (fields, bool) {
	n = r.follow(n)
	if isNull(n) {
		return nil, true
	}
	if n.Kind != yaml.MappingNode {
		r.problem(n.Line, n.Column, "%s must have keys and values; write key: value, with a space "+
			"after the colon", what)
		return nil, false
	}
	var all, second fields
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			second = append(second, r.merges(v, what, depth)...)
			continue
		}
		name, ok := r.text(k, "a key of "+what)
		if !ok || isNull(r.follow(k)) {
			continue // of null, as Prometheus does
		}
		if line, twice := first[name]; twice {
			r.problem(k.Line, k.Column, "%s has the key %s twice, first in line %d; keep one", what,
				quoted(name), line)
			continue
		}
		first[name] = k.Line
		all = append(all, field{name, k, r.follow(v)})
	}
	for _, f := range second {
		if _, there := first[f.name]; !there {
			first[f.name] = f.key.Line
			all = append(all, f)
		}
	}
	return all, true
}

// merges returns the fields of the value of <<: a mapping, or a list of mappings.
func (r *reader) merges(v *yaml.Node, what string, depth int) fields {
	v = r.follow(v)
	if depth == maxDepth {
		r.problem(v.Line, v.Column, "too many merges (<<) in merges")
		return nil
	}
	from := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		from = v.Content
	}
	var all fields
	for _, n := range from {
		if n = r.follow(n); n.Kind != yaml.MappingNode {
			r.problem(n.Line, n.Column, "<< merges mappings only")
			continue
		}
		fs, _ := r.merged(n, what, depth+1)
		all = append(all, fs...)
	}
	return all
}

// nothing stands for a value that is not read.
var nothing = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}

// follow returns n, or what the alias n refers to. After maxVisits it returns a null, so that
// reading ends.
func (r *reader) follow(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nothing
	}
	if r.visits++; r.visits >= maxVisits {
		if r.visits == maxVisits {
			r.problem(n.Line, n.Column, "too many values; write fewer rules or aliases (*name)")
		}
		return nothing
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias // an alias never refers to another alias
	}
	if len(n.Value) > maxText {
		r.problem(n.Line, n.Column, "a text of more than %d KiB", maxText>>10)
		return nothing
	}
	return n
}

// isNull reports whether a value, or what an alias refers to, is none.
func isNull(n *yaml.Node) bool {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// items returns the entries of a list. As in Prometheus, an entry without a value is none.
func (r *reader) items(n *yaml.Node, what string) []*yaml.Node {
	n = r.follow(n)
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.problem(n.Line, n.Column, "%s must be a list; begin each entry with a hyphen", what)
		return nil
	}
	return slices.DeleteFunc(slices.Clone(n.Content), isNull)
}

// text returns a value as Prometheus reads it: numbers and true are text, null is "".
func (r *reader) text(n *yaml.Node, what string) (string, bool) {
	n = r.follow(n)
	if isNull(n) {
		return "", true
	}
	var s string
	if n.Kind != yaml.ScalarNode || n.Decode(&s) != nil {
		r.problem(n.Line, n.Column, "%s must be text", what)
		return "", false
	}
	return s, true
}

// textOf returns the text of a field, or "".
func (r *reader) textOf(fs fields, name string) string {
	_, v := fs.get(name)
	s, _ := r.text(v, name)
	return s
}

// decode reads a value into out as Prometheus does: a duration or a number.
func (r *reader) decode(n *yaml.Node, what string, out any, example string) {
	if n = r.follow(n); isNull(n) {
		return
	}
	if err := n.Decode(out); err != nil {
		if typed, ok := errors.AsType[*yaml.TypeError](err); ok && len(typed.Errors) > 0 {
			r.problem(n.Line, n.Column, "%s is not valid; write a value such as %s", what,
				example)
			return
		}
		r.problem(n.Line, n.Column, "%s: %s; write one such as %s", what,
			strings.TrimPrefix(err.Error(), "yaml: "), example)
	}
}

// unknown records a key that must not be there.
func (r *reader) unknown(f field, what, known string) {
	r.problem(f.key.Line, f.key.Column, "%s is not a key of %s, which has %s", quoted(f.name), what,
		known)
}

// quoted returns a name from the file for a message.
func quoted(s string) string { return `"` + outside.Clip(outside.Line(s), 80) + `"` }
