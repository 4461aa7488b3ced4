// Package helm holds the test of the chart's schema, which needs no helm: the chart itself is
// tested in internal/acceptance.
package helm

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
)

var update = flag.Bool("update", false,
	"rewrite the sections of promsnap.yaml in the chart's schema")

const (
	valuesSchema  = "promsnap/values.schema.json"
	configSchema  = "../../docs/promsnap.schema.json"
	receiverRoles = "promsnap/templates/_roles.tpl"
)

// sections are the definitions of promsnap.yaml that are also in the chart's values.
var sections = []string{
	"prometheusSection", "kubernetesSection", "report", "receiver", "namedIntervals",
}

// TestSchemaFollowsTheConfigurations checks that helm refuses values that the program would refuse
// in promsnap.yaml. Otherwise the mistake would fail every run.
func TestSchemaFollowsTheConfigurations(t *testing.T) {
	had, err := os.ReadFile(valuesSchema)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := bytes.Cut(had, []byte(`  "definitions": `))
	if !ok {
		t.Fatalf("%s does not end with definitions, want them there", valuesSchema)
	}
	var want bytes.Buffer
	want.Write(head)
	want.WriteString(`  "definitions": `)
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(definitions(t)); err != nil {
		t.Fatal(err)
	}
	want.WriteString("}\n")
	if *update {
		if err := os.WriteFile(valuesSchema, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(had)); diff != "" {
		t.Errorf("%s differs from %s (-want +got); run make golden\n%s", valuesSchema,
			configSchema, diff)
	}
}

// TestRolesFollowTheConfigurations checks the roles of receivers by which the chart gives reports
// their receivers.
func TestRolesFollowTheConfigurations(t *testing.T) {
	want := "{{/* The keys of receivers by what these are for: written by make golden. */}}\n"
	for _, of := range []struct {
		name string
		role config.Role
	}{{"promsnap.archives", config.RoleArchive}, {"promsnap.people", config.RolePeople}} {
		kinds, err := json.Marshal(config.Kinds(of.role))
		if err != nil {
			t.Fatal(err)
		}
		want += fmt.Sprintf("{{- define %q }}%s{{ end }}\n", of.name, kinds)
	}
	if *update {
		if err := os.WriteFile(receiverRoles, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	had, err := os.ReadFile(receiverRoles)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(had)); diff != "" {
		t.Errorf("%s differs from the kinds of receivers (-want +got); run make golden\n%s",
			receiverRoles, diff)
	}
}

// definitions returns the sections and everything that they refer to, adapted to the chart's
// values.
func definitions(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile(configSchema)
	if err != nil {
		t.Fatal(err)
	}
	// Helm 3 supports draft 7, which has no $defs.
	data = bytes.ReplaceAll(data, []byte("#/$defs/"), []byte("#/definitions/"))
	var schema struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	nameless(t, schema.Defs["report"])
	withPort(t, schema.Defs["kubernetesSection"])
	oneKind(t, schema.Defs["receiver"])
	out := map[string]any{}
	for _, name := range sections {
		reach(schema.Defs, name, out)
	}
	return out
}

// nameless removes the name from a report, because it is the report's key in the values. A null
// report is removed.
func nameless(t *testing.T, report map[string]any) {
	t.Helper()
	delete(properties(t, report), "name")
	delete(report, "required")
	report["type"] = []string{"object", "null"}
}

// withPort requires a Service with a port, so that no right to look it up is needed, and removes
// the context, which no Pod has.
func withPort(t *testing.T, kubernetes map[string]any) {
	t.Helper()
	delete(properties(t, kubernetes), "context")
	service, _ := properties(t, kubernetes)["service"].(map[string]any)
	pattern, _ := service["pattern"].(string)
	service["pattern"] = strings.Replace(pattern, "(:[a-z0-9-]{1,15})?(/", ":[a-z0-9-]{1,15}(/", 1)
	if service["pattern"] == pattern {
		t.Fatalf("the pattern %q has no optional port, want one to make required", pattern)
	}
	service["description"] = "The Service that speaks Prometheus' API, as " +
		"NAMESPACE/NAME:PORT[/PATH]."
}

// oneKind requires exactly one of a receiver's keys that are sections, which say where it delivers
// to.
func oneKind(t *testing.T, receiver map[string]any) {
	t.Helper()
	var kinds []any
	for _, name := range slices.Sorted(maps.Keys(properties(t, receiver))) {
		if p, _ := properties(t, receiver)[name].(map[string]any); p["$ref"] != nil {
			kinds = append(kinds, map[string]any{"required": []string{name}})
		}
	}
	if len(kinds) < 2 {
		t.Fatalf("got the kinds of receivers %q, want two or more", kinds)
	}
	receiver["oneOf"] = kinds
}

func properties(t *testing.T, section map[string]any) map[string]any {
	t.Helper()
	p, ok := section["properties"].(map[string]any)
	if !ok {
		t.Fatal("a section has no properties, want some")
	}
	return p
}

// reach adds a definition and everything that it refers to to out.
func reach(all map[string]map[string]any, name string, out map[string]any) {
	if out[name] != nil {
		return
	}
	out[name] = all[name]
	each(all[name], func(ref string) { reach(all, strings.TrimPrefix(ref, "#/definitions/"), out) })
}

// each calls f with every reference in a part of a schema.
func each(v any, f func(ref string)) {
	switch v := v.(type) {
	case []any:
		for _, child := range v {
			each(child, f)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			f(ref)
		}
		for _, child := range v {
			each(child, f)
		}
	}
}
