package rulefile

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// corpus returns rule files as Prometheus reads them: the spec of a PrometheusRule is a file.
func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/rules/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no files (error %v), want some", err)
	}
	var all []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var object struct{ Spec yaml.Node }
		if err := yaml.Unmarshal(data, &object); err != nil {
			t.Fatal(err)
		}
		if object.Spec.Kind != 0 {
			if data, err = yaml.Marshal(&object.Spec); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, string(data))
	}
	return append(all, everything)
}

// everything has every key of a rule file, with the values that YAML writes in several ways.
const everything = `
groups:
- name: a
  interval: 1m30s
  query_offset: 0
  limit: 10
  labels: &labels {team: infra, n: 5, t: true, d: 2024-01-01, null: x, e: null, f: 1.50}
  rules: &rules
  - record: job:up
    expr: up
    labels: *labels
  - &alert
    alert: Up
    expr: 1
    for: 0s
    keep_firing_for: 1d
    labels: {<<: *labels, severity: "{{ $value }}"}
    annotations:
      summary: "{{ with $x := 5 }}{{ $x }}{{ end }}"
      "a.b": |
        text
  - <<: [*alert, {alert: Other, for: 5m}]
    alert: Merged
  - {expr: up, "alert": 'q"uote', for: }
- {name: b, rules: *rules}
- name: c
- &none
- *none
- {name: d, rules: null, interval: ~, labels: {}}
`

// referenceGroups returns what Prometheus reads.
func referenceGroups(data []byte) ([]rulefmt.RuleGroup, []error) {
	got, errs := rulefmt.Parse(data, false, model.UTF8Validation, panel.Parser(),
		slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, errs
	}
	return got.Groups, nil
}

// converted returns the groups of Prometheus in our form, without positions.
func converted(groups []rulefmt.RuleGroup) []Group {
	var out []Group
	for _, g := range groups {
		own := Group{
			Name: g.Name, Interval: time.Duration(g.Interval), Limit: g.Limit,
			Labels: series.FromMap(g.Labels),
		}
		if g.QueryOffset != nil {
			own.QueryOffset = time.Duration(*g.QueryOffset)
		}
		for _, r := range g.Rules {
			all := map[string]string{}
			for _, m := range []map[string]string{g.Labels, r.Labels} {
				for k, v := range m {
					all[k] = v
				}
			}
			own.Rules = append(own.Rules, Rule{
				Alert: r.Alert, Record: r.Record, Expr: r.Expr, For: time.Duration(r.For),
				KeepFiringFor: time.Duration(r.KeepFiringFor), Labels: series.FromMap(all),
				Annotations: series.FromMap(r.Annotations),
			})
		}
		out = append(out, own)
	}
	return out
}

// bare returns groups without positions.
func bare(groups []Group) []Group {
	out := slices.Clone(groups)
	for i := range out {
		out[i].File, out[i].Line, out[i].Column = "", 0, 0
		out[i].Rules = slices.Clone(out[i].Rules)
		for j := range out[i].Rules {
			r := &out[i].Rules[j]
			r.Line, r.Column = 0, 0
			if r.Annotations == nil {
				r.Annotations = series.Labels{}
			}
		}
	}
	return out
}

// agree returns how our parser and that of Prometheus differ, or "".
func agree(data string) string {
	got, err := Parse("", []byte(data))
	want, errs := referenceGroups([]byte(data))
	switch {
	case (err == nil) != (len(errs) == 0):
		return "ours: " + said(err) + "\nPrometheus: " + said(errors.Join(errs...))
	case err != nil:
		return ""
	}
	return cmp.Diff(converted(want), bare(got))
}

func said(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

func TestParseIsThatOfPrometheus(t *testing.T) {
	for i, file := range corpus(t) {
		if diff := agree(file); diff != "" {
			t.Errorf("file %d (-Prometheus +ours):\n%s", i, diff)
		}
		if _, err := Parse("", []byte(file)); err != nil {
			t.Errorf("file %d: got %v, want no error", i, err)
		}
	}
}

// edits are lines and words that replace or follow others.
var edits = []string{
	"  - alert: A", "    expr: up", "    for: 5m", "    for: 5", "    for: -5m", "    for: 5m5h",
	"    record: x", "    record: 'a b'", `    record: "a{}"`, "    labels: {a: b}",
	"    labels: {__name__: b}", "    labels: []", "    labels: {a: [b]}", "    labels: {'': b}",
	"    annotations: {a: '{{ $labels.x }}'}", "    annotations: {a: '{{ $x }}'}",
	"    annotations: {a: '{{ query \"x\" }}'}", "    annotations: {__name__: b}",
	"    keep_firing_for: 1h", "    unknown: 1", "- name: a", "- name: ''", "  interval: 1m",
	"  interval: x", "  query_offset: 1m", "  limit: 5", "  limit: x", "  limit: 1.5",
	"  limit: -1", "  limit: 0x10", "  labels: {a: b}", "  rules: []", "  rules: {}", "groups: []",
	"groups:", "rules: []", "    expr: up{", "    expr: ''", "    expr: 5", "    expr:", "    expr: [a]",
	"    alert: ''", "    alert: 5", "    alert: null", "  - null", "  - text", "-", "# comment", "",
	"    labels: !!map {a: !!str 5}", "    labels: {a: !!binary aGk=}", "    labels: {a: !!binary /w==}",
	"    labels: {!!binary /w==: a}", "    <<: {for: 5m}", "    <<: [{for: 5m}, {for: 6m, x: 1}]",
	"    <<: 5", "    labels: {<<: {a: b}, a: c}", "    ? [a]\n    : b", "    for: {}", "    for: null",
}

// TestParseAfterEdits changes lines of rule files at random. Our parser accepts what that of
// Prometheus accepts, and reads the same.
func TestParseAfterEdits(t *testing.T) {
	files := corpus(t)
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(rapid.SampledFrom(files).Draw(t, "file"), "\n")
		from := rapid.IntRange(0, len(lines)-1).Draw(t, "from")
		lines = slices.Clone(lines[:min(len(lines), from+60)]) // a short file is read faster
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			edit := rapid.SampledFrom(edits).Draw(t, "edit")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				lines = slices.Delete(lines, i, i+1)
			case 1:
				lines[i] = edit
			case 2:
				lines = slices.Insert(lines, i, edit)
			case 3:
				lines = slices.Insert(lines, i, lines[i])
			}
			if len(lines) == 0 {
				return
			}
		}
		file := strings.Join(lines, "\n")
		if alone(file) {
			if diff := agree(file); diff != "" {
				t.Fatalf("%s\n(-Prometheus +ours):\n%s", file, diff)
			}
		}
	})
}

// alone reports whether a file is one YAML document without the keys of objects, and within
// our limits. Prometheus reads only the first document.
func alone(file string) bool {
	dec := yaml.NewDecoder(bytes.NewReader([]byte(file)))
	var doc, more yaml.Node
	if err := decodeNode(dec, &doc); err != nil {
		return !errors.Is(err, io.EOF)
	}
	if err := decodeNode(dec, &more); !errors.Is(err, io.EOF) {
		return false
	}
	for _, n := range doc.Content {
		fs, _ := (&reader{}).fields(n, "")
		for _, f := range fs {
			if f.name == "kind" || f.name == "apiVersion" {
				return false
			}
		}
	}
	return len(file) < maxText
}

func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add(object)
	for _, e := range edits {
		f.Add("groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n" + e)
	}
	f.Fuzz(func(t *testing.T, file string) {
		groups, err := Parse("f", []byte(file))
		if err != nil && (groups != nil || err.Error() == "") {
			t.Errorf("got %d groups and the error %q, want one of both", len(groups), err)
		}
		if len(file) > 4096 || !alone(file) || strings.Contains(file, "&") {
			return // Prometheus' parser may need long for aliases
		}
		if diff := agree(file); diff != "" {
			t.Errorf("%q (-Prometheus +ours):\n%s", file, diff)
		}
	})
}
