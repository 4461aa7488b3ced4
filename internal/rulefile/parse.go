package rulefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/outside"
)

// Limits of a rule file.
const (
	MaxFile  = 16 << 20 // bytes
	MaxRules = 20_000

	maxGroups    = 10_000
	maxDocuments = 10_000
	maxText      = 1 << 16 // bytes of one value
	maxProblems  = 1000
	// values and keys that are read; those of an alias count once for each use
	maxVisits = 1_000_000
	maxDepth  = 8 // of lists in lists and of merges in merges
)

// Parse reads Prometheus rule files (a mapping with groups), PrometheusRule objects and lists of
// them; a file may have several YAML documents. It is as strict as promtool: an unknown key, a bad
// expression, duration, label name or template, and a group that is there twice are mistakes.
// PromQL may use all optional features; the server decides which of them it supports. Objects of
// other kinds are skipped, unless the file has no other. file is for messages. The error is of type
// Errors and has all mistakes; then there are no groups.
func Parse(file string, data []byte) ([]Group, error) {
	r := &reader{file: file, data: data, templates: newExecution(External{})}
	if len(data) > MaxFile {
		r.problem(1, 1, "larger than %d MiB, the limit for a rule file", MaxFile>>20)
	} else {
		r.documents()
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return r.groups, nil
}

// reader reads one file. It continues after a mistake, to find all of them.
type reader struct {
	file     string
	data     []byte
	groups   []Group
	problems Errors
	rules    int // until now
	visits   int
	// templates parses templates to find mistakes
	templates *execution
	found     bool       // a rule file or a PrometheusRule object
	skipped   *yaml.Node // the kind of the first object of another kind
}

// documents reads every YAML document of the file.
func (r *reader) documents() {
	names := map[string]bool{} // of the groups outside objects
	dec := yaml.NewDecoder(bytes.NewReader(r.data))
	for i := 0; ; i++ {
		var doc yaml.Node
		if err := decodeNode(dec, &doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			r.syntax(err)
			return
		}
		if i == maxDocuments {
			r.problem(doc.Line, doc.Column, "more than %d YAML documents", maxDocuments)
			return
		}
		for _, n := range doc.Content {
			r.document(n, names)
		}
	}
	if !r.found && r.skipped != nil {
		r.problem(r.skipped.Line, r.skipped.Column, "the file has no rules; promsnap reads "+
			"PrometheusRule objects and rule files of Prometheus, not %s",
			outside.Clip(r.skipped.Value, 60))
	}
}

// decodeNode decodes a document. It turns a panic of the YAML parser, which has had some, into an
// error.
func decodeNode(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: the parser gave up")
		}
	}()
	return dec.Decode(n)
}

var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax records an error of the YAML parser, which knows only the line.
func (r *reader) syntax(err error) {
	line, what := 1, "not YAML"
	if m := syntaxError.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " ")); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			// the parser may point past the end
			line = min(n, bytes.Count(r.data, []byte("\n"))+1)
		}
		what = m[2]
	}
	r.problem(line, 1, "%s; look on this line and above it for a missing colon, quote or bracket, "+
		"or a wrong indent", what)
}

// problem records a mistake at a position. It drops those after maxProblems, which nobody reads.
func (r *reader) problem(line, column int, format string, args ...any) {
	if len(r.problems) >= maxProblems {
		return
	}
	r.problems = append(r.problems, Problem{
		File: r.file, Line: max(line, 1), Column: max(column, 1),
		Message: fmt.Sprintf(format, args...),
	})
}

// document reads a rule file or an object. names are the groups of the file until now.
func (r *reader) document(n *yaml.Node, names map[string]bool) {
	fields, ok := r.fields(n, "a rule file")
	if !ok {
		return
	}
	_, api := fields.get("apiVersion")
	_, kind := fields.get("kind")
	if api != nil || kind != nil {
		r.object(n, fields, 0)
		return
	}
	r.found = r.found || !isNull(n)
	for _, f := range fields {
		switch f.name {
		case "groups":
			r.readGroups(f.value, source{names: names})
		default:
			r.unknown(f, "a rule file", "groups")
		}
	}
}

// source is where groups are from.
type source struct {
	isObject bool            // a PrometheusRule
	object   string          // its namespace/name
	names    map[string]bool // of the groups that are read already
}

// object reads a PrometheusRule or a list of objects.
func (r *reader) object(n *yaml.Node, fields fields, depth int) {
	kind := r.textOf(fields, "kind")
	switch {
	case kind == "PrometheusRule":
		r.found = true
		if api := r.textOf(fields, "apiVersion"); !strings.HasPrefix(api,
			"monitoring.coreos.com/") {
			r.problem(n.Line, n.Column, "a PrometheusRule has apiVersion: "+
				"monitoring.coreos.com/v1, not %q", outside.Clip(api, 60))
		}
		r.prometheusRule(fields)
	case kind == "List" || kind == "PrometheusRuleList":
		_, items := fields.get("items")
		for _, item := range r.items(items, "items") {
			of, ok := r.fields(item, "an object")
			if !ok {
				continue
			}
			if depth == maxDepth {
				r.problem(item.Line, item.Column, "too many lists in lists")
				continue
			}
			r.object(item, of, depth+1)
		}
		r.found = r.found || kind == "PrometheusRuleList"
	case kind == "":
		r.problem(n.Line, n.Column, "an object without its kind, such as kind: PrometheusRule")
	case r.skipped == nil:
		_, r.skipped = fields.get("kind")
	}
}

// prometheusRule reads the groups of a PrometheusRule.
func (r *reader) prometheusRule(fields fields) {
	from := source{isObject: true, names: map[string]bool{}}
	for _, f := range fields {
		switch f.name {
		case "metadata":
			if of, ok := r.fields(f.value, "metadata"); ok {
				from.object = strings.TrimPrefix(
					r.textOf(of, "namespace")+"/"+r.textOf(of, "name"), "/")
			}
		case "apiVersion", "kind", "spec", "status":
		default:
			r.unknown(f, "a PrometheusRule", "apiVersion, kind, metadata and spec")
		}
	}
	_, spec := fields.get("spec")
	of, ok := r.fields(spec, "spec")
	if !ok {
		return
	}
	for _, f := range of {
		switch f.name {
		case "groups":
			r.readGroups(f.value, from)
		default:
			r.unknown(f, "the spec of a PrometheusRule", "groups")
		}
	}
}
