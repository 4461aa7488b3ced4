package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// Limits of a file. The decoder follows aliases, so a small file can hold a large tree.
const (
	maxAliased  = 20_000  // values and keys; those of an alias count once for each use
	maxItems    = 500     // of one list or mapping
	maxClusters = 5000    // in fleet.clusters
	maxText     = 1 << 16 // bytes of one text
	maxProblems = 1000
)

// decoder fills the types of file.go from a tree of YAML nodes. It continues after a mistake, to
// find all of them.
type decoder struct {
	file     string
	source   []byte
	lines    []string // of the source, split when first needed
	env      func(string) string
	problems Errors
	// nodes holds every value of the file by its path, for the positions of later problems
	nodes  map[string]*yaml.Node
	types  map[reflect.Type]map[string]field
	meant  map[string]bool // the paths that an unknown key was probably meant for
	visits int
	secret bool // inside http_config, where neither values nor keys may be shown
}

// has reports whether the file sets the value at path.
func (d *decoder) has(path string) bool { return d.nodes[path] != nil }

// problem records a mistake in the value at path. Its position is that of the value or, if the file
// does not have it, of the nearest value around it.
func (d *decoder) problem(path, format string, args ...any) {
	at := path
	for d.nodes[at] == nil && at != "" {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	line, column := 1, 1
	if n := d.nodes[at]; n != nil {
		line, column = n.Line, n.Column
	}
	d.problemAt(line, column, path, fmt.Sprintf(format, args...))
}

// problemAt records a mistake at a position. It drops those after maxProblems, which nobody reads.
func (d *decoder) problemAt(line, column int, path, message string) {
	if len(d.problems) >= maxProblems {
		return
	}
	d.problems = append(d.problems, Problem{
		File: d.file, Line: max(line, 1), Column: max(column, 1), Path: masked(path),
		Message: masked(message),
	})
}

// key returns the path of a value in the mapping at path.
func key(path, k string) string {
	if path == "" {
		return k
	}
	return path + "." + k
}

// item returns the path of an item of the list at path.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// decode fills out from n, the value at path. If it cannot read a value, it records a problem and
// leaves that part of out unchanged.
func (d *decoder) decode(n *yaml.Node, path string, out reflect.Value) {
	if n = d.follow(n, path); n == nil {
		return
	}
	d.nodes[path] = n
	switch to := out.Addr().Interface().(type) {
	case *promconfig.HTTPClientConfig:
		d.httpConfig(n, path, to)
		return
	case *promconfig.TLSConfig:
		d.tlsConfig(n, path, to)
		return
	case *variableValues:
		d.variableValues(n, path, to)
		return
	case *panelRules:
		d.panelRules(n, path, to)
		return
	case *pdfKeys:
		d.pdf(n, path, out)
		return
	case encoding.TextUnmarshaler:
		if text, ok := d.scalar(n, path); ok {
			if err := to.UnmarshalText([]byte(text)); err != nil {
				d.problem(path, "%v", err)
			}
		}
		return
	case *promconfig.URL, *promconfig.TLSVersion:
		if text, ok := d.scalar(n, path); ok {
			d.httpText(text, path, to)
		}
		return
	}
	switch out.Kind() {
	case reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		d.decode(n, path, out.Elem())
	case reflect.Struct:
		d.object(n, path, out)
	case reflect.Map:
		d.mapping(n, path, out)
	case reflect.Slice:
		d.list(n, path, out)
	case reflect.String:
		d.text(n, path, out)
	case reflect.Int:
		v, err := strconv.Atoi(n.Value)
		if err != nil || n.Tag != "!!int" {
			d.problem(path, "must be a whole number without quotes")
			return
		}
		out.SetInt(int64(v))
	case reflect.Bool:
		var v bool
		if n.Kind != yaml.ScalarNode || n.Decode(&v) != nil {
			d.problem(path, "must be true or false")
			return
		}
		out.SetBool(v)
	case reflect.Interface:
		var v any
		if n.Decode(&v) != nil {
			d.problem(path, "cannot be read; write text, numbers, lists or mappings")
			return
		}
		out.Set(reflect.ValueOf(v))
	}
}

// maxVisits returns how many values and keys are decoded at most. Without aliases, each has two
// bytes or more.
func (d *decoder) maxVisits() int { return maxAliased + len(d.source)/2 }

// entries returns how many entries a list or a mapping has.
func entries(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return len(n.Content) / 2
	}
	return len(n.Content)
}

// most returns how many entries the list or mapping at path may have.
func most(path string) int {
	if path == "fleet.clusters" {
		return maxClusters
	}
	return maxItems
}

// follow returns n, or the node of the alias n. It records a problem and returns nil if the node
// must not be decoded.
func (d *decoder) follow(n *yaml.Node, path string) *yaml.Node {
	d.visits++
	if d.visits == d.maxVisits() {
		d.problemAt(n.Line, n.Column, path,
			"aliases (*name) make the file too large; use fewer")
	}
	if d.visits >= d.maxVisits() {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias // an alias never refers to another alias
	}
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		d.problemAt(n.Line, n.Column, path,
			"tags such as !!str are not supported; write only the value")
	case n.Tag == "!!null":
		d.problemAt(n.Line, n.Column, path, "has no value; write one, or remove the key")
	case entries(n) > most(path):
		d.problemAt(n.Line, n.Column, path, fmt.Sprintf("too long; write at most %d "+
			"entries", most(path)))
	case len(n.Value) > maxText:
		d.problemAt(n.Line, n.Column, path, fmt.Sprintf("too long; write at most %d "+
			"bytes", maxText))
	default:
		return n
	}
	return nil
}

// scalar returns the text of a value. It records a problem for a list or a mapping.
func (d *decoder) scalar(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode {
		d.problem(path, "must be a single value, not a list or a mapping")
		return "", false
	}
	return n.Value, true
}

// text sets a string. A plain number or a plain true is a mistake, because other YAML readers do
// not read it as text. http_config accepts it as Prometheus does: a password may consist of digits.
func (d *decoder) text(n *yaml.Node, path string, out reflect.Value) {
	text, ok := d.scalar(n, path)
	switch {
	case !ok:
	case n.Tag != "!!str" && !d.secret:
		d.problem(path, "must be text; put it in quotes")
	default:
		out.SetString(text)
	}
}

// list fills a slice. It decodes the items in place, so that their paths are those of the file.
func (d *decoder) list(n *yaml.Node, path string, out reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.problem(path, "must be a list; begin each entry with a hyphen")
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), len(n.Content), len(n.Content)))
	for i, c := range n.Content {
		d.decode(c, item(path, i), out.Index(i))
	}
}

// mapping fills a map whose keys the user chooses.
func (d *decoder) mapping(n *yaml.Node, path string, out reflect.Value) {
	out.Set(reflect.MakeMap(out.Type()))
	d.pairs(n, path, func(k, v *yaml.Node) {
		value := reflect.New(out.Type().Elem()).Elem()
		d.decode(v, d.keyPath(path, k.Value), value)
		out.SetMapIndex(reflect.ValueOf(k.Value), value)
	})
}

// pairs calls each for every key of a mapping. It records a problem for a key that is not text or
// that is set twice.
func (d *decoder) pairs(n *yaml.Node, path string, each func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.problem(path, "must have keys and values; write key: value, with a space after the colon")
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind == yaml.ScalarNode && k.Tag == "!!merge":
			d.problemAt(k.Line, k.Column, path, "merging (<<) is not supported; use an alias "+
				"(*name) for a whole value")
		case k.Kind != yaml.ScalarNode || k.Tag != "!!str":
			d.problemAt(k.Line, k.Column, path, "this key is not text; put it in quotes")
		case first[k.Value] != 0:
			d.problemAt(k.Line, k.Column, d.keyPath(path, k.Value),
				fmt.Sprintf("the key is set twice, first in line %d; keep one", first[k.Value]))
		default:
			first[k.Value] = k.Line
			each(k, v)
		}
	}
}

// keyPath returns the path of a key that is not one of promsnap's. The path shows * for a key that
// may be a secret or, in http_config, a part of one.
func (d *decoder) keyPath(path, k string) string {
	if d.secret || !showable(k) {
		return key(path, "*")
	}
	return key(path, shorten(k))
}

// object fills a struct from a mapping: first the keys that are set, then the defaults of the rest.
func (d *decoder) object(n *yaml.Node, path string, out reflect.Value) {
	if inline := inlineMap(out); inline.IsValid() {
		d.mapping(n, path, inline)
		return
	}
	if n.Kind != yaml.MappingNode && out.Type() == reflect.TypeFor[promconfig.Header]() {
		d.problem(path, "a header has a list of values; write X-Scope-OrgID: {values: "+
			"[tenant-a]}, with your header and value, or secrets_env for a secret")
		return
	}
	if n.Kind == yaml.ScalarNode && out.Type() == reflect.TypeFor[dashboardKeys]() {
		d.problem(path, "must have keys; write dashboard: {file: dashboards/1860.json} (promsnap "+
			"dashboard get 1860 -o dashboards/1860.json downloads it)")
		return
	}
	fields := d.fields(out.Type())
	d.pairs(n, path, func(k, v *yaml.Node) {
		f, ok := fields[k.Value]
		if !ok {
			d.unknown(k, path, fields)
			return
		}
		d.field(f, v, key(path, k.Value), out.FieldByIndex(f.index))
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for name, f := range fields {
		switch {
		case hasKey(n, name):
			if plain := strings.TrimSuffix(name, "_env"); f.fromEnv && hasKey(n, plain) {
				d.problem(key(path, name), "cannot be used with %s; keep one of them", plain)
			}
		case f.required && !d.meant[key(path, name)]:
			d.problem(key(path, name), "missing, but required")
		case f.fallback != "":
			to := out.FieldByIndex(f.index)
			(&decoder{nodes: map[string]*yaml.Node{}}).decode(f.fallbackFor(to.Kind()), "", to)
		}
	}
}

// fields returns the keys of a struct type. It caches them.
func (d *decoder) fields(t reflect.Type) map[string]field {
	if d.types[t] == nil {
		if d.types == nil {
			d.types = map[reflect.Type]map[string]field{}
		}
		d.types[t] = fieldsOf(t)
	}
	return d.types[t]
}

// hasKey reports whether a mapping has a key, with any value.
func hasKey(n *yaml.Node, k string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == k {
			return true
		}
	}
	return false
}

// unknown records an unknown key and suggests the known key that was probably meant.
func (d *decoder) unknown(k *yaml.Node, path string, known map[string]field) {
	names := slices.Sorted(maps.Keys(known))
	at, advice, meant := d.keyPath(path, k.Value), "write one of "+strings.Join(names, ", "), ""
	if before := keyBefore(k.Value, known); before != "" {
		at, meant = key(path, before), before
		d.problemAt(k.Line, k.Column, at, fmt.Sprintf("not a key with a value; write %s: VALUE, "+
			"with a space after the colon", before))
	} else {
		if near := Nearest(k.Value, names); near != "" && showable(k.Value) {
			advice, meant = "did you mean "+near+"?", near
		} else if instead := foreign(k.Value, known); instead != "" {
			advice = instead
		}
		d.problemAt(k.Line, k.Column, at, "unknown key; "+advice)
	}
	if n := len(d.problems); n > 0 {
		d.problems[n-1].aside = true
	}
	if meant != "" {
		d.mean(key(path, meant))
	}
}

// mean records that an unknown key was meant to be the one at path, so that the key at path is not
// also reported as missing.
func (d *decoder) mean(path string) {
	if d.meant == nil {
		d.meant = map[string]bool{}
	}
	d.meant[path] = true
}

// field fills one field of a struct and checks it against the field's tags.
func (d *decoder) field(f field, n *yaml.Node, path string, out reflect.Value) {
	if f.fromEnv {
		d.fromEnv(n, path, out)
		return
	}
	if f.fromStore {
		d.fromStore(n, path, out)
		return
	}
	before := len(d.problems)
	d.decode(n, path, out)
	if len(d.problems) > before || d.visits >= d.maxVisits() {
		return
	}
	switch v := out.Interface().(type) {
	case duration:
		if v < f.least || f.most != 0 && v > f.most {
			d.problem(path, "%s is out of bounds; write %s to %s", v, f.least, f.most)
		}
	case int:
		if v < f.min || f.max != 0 && v > f.max {
			d.problem(path, "%d is out of bounds; write %s", v, between(f.min, f.max))
		}
	case string:
		if len(f.enum) > 0 && !slices.Contains(f.enum, v) {
			d.problem(path, "%q is not a known value; write one of %s", shorten(v),
				strings.Join(f.enum, ", "))
		}
	}
}

// between formats the range of an integer for a message.
func between(low, high int) string {
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
