package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	promconfig "github.com/prometheus/common/config"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/units"
)

// Update is the flag that rewrites the expected errors and the JSON Schema.
var Update = flag.Bool("update", false, "rewrite the expected errors and the JSON Schema")

const schemaFile = "../../docs/promsnap.schema.json"

// schema returns the JSON Schema of the file's types.
func schema(t *testing.T) *jsonschema.Schema {
	comments := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			maps.Copy(comments, commentsOf(t, f))
		}
	}
	r := jsonschema.Reflector{
		Namer: func(t reflect.Type) string {
			return strings.TrimSuffix(t.Name(), "Keys")
		},
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		Anonymous:                  true,
		ExpandedStruct:             true,
		Mapper:                     leafSchema,
		LookupComment: func(t reflect.Type, field string) string {
			return comments[t.Name()+"."+field]
		},
	}
	s := r.Reflect(&file{})
	s.Definitions["http_config"] = httpSchema(reflect.TypeFor[promconfig.HTTPClientConfig]())
	s.Definitions["tls_config"] = httpSchema(reflect.TypeFor[promconfig.TLSConfig]())
	allowTrue(s.Definitions["pdf"])
	s.Title = "promsnap.yaml"
	return s
}

// allowTrue changes the schema of keys so that it also allows true, for their defaults.
func allowTrue(s *jsonschema.Schema) {
	s.Type, s.AnyOf = "", []*jsonschema.Schema{{Type: "object"}, {Const: true}}
}

// leafSchema returns the schema of a type that is written as text, of http_config, or of
// tls_config.
func leafSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[duration]():
		return &jsonschema.Schema{
			Type:      "string",
			Pattern:   `^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`,
			MinLength: ptr(2),
		}
	case reflect.TypeFor[name]():
		return &jsonschema.Schema{Type: "string", Pattern: nameSyntax.String()}
	case reflect.TypeFor[address]():
		return &jsonschema.Schema{Type: "string", Pattern: "^https?://"}
	case reflect.TypeFor[base]():
		return &jsonschema.Schema{Type: "string", Pattern: "^https?://[^?#@]*$"}
	case reflect.TypeFor[schedule]():
		return &jsonschema.Schema{
			Type:    "string",
			Pattern: `^(\S+( +\S+){4}|@(hourly|daily|midnight|weekly|monthly|yearly|annually))$`,
		}
	case reflect.TypeFor[clock]():
		return &jsonschema.Schema{Type: "string", Pattern: "^[0-9]{1,2}:[0-9]{2}$"}
	case reflect.TypeFor[weekdays](), reflect.TypeFor[monthDays](), reflect.TypeFor[months](),
		reflect.TypeFor[years]():
		return &jsonschema.Schema{
			AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", MinLength: ptr(1)}},
		}
	case reflect.TypeFor[label]():
		return &jsonschema.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(maxLabel)}
	case reflect.TypeFor[intervalName]():
		return &jsonschema.Schema{Type: "string", MinLength: ptr(1)}
	case reflect.TypeFor[bucketName]():
		return &jsonschema.Schema{Type: "string", Pattern: `^(arn:.+:accesspoint[/:].+|[^/:]*)$`}
	case reflect.TypeFor[service]():
		return &jsonschema.Schema{Type: "string", Pattern: serviceSyntax.String()}
	case reflect.TypeFor[namespace]():
		return &jsonschema.Schema{Type: "string", Pattern: namespaceSyntax.String()}
	case reflect.TypeFor[objectName]():
		return &jsonschema.Schema{Type: "string", Pattern: objectNameSyntax.String()}
	case reflect.TypeFor[channel]():
		return &jsonschema.Schema{Type: "string", Pattern: channelSyntax.String()}
	case reflect.TypeFor[mention]():
		return &jsonschema.Schema{Type: "string", Pattern: mentionSyntax.String()}
	case reflect.TypeFor[zone](), reflect.TypeFor[selector](), reflect.TypeFor[matchers]():
		return &jsonschema.Schema{Type: "string", MinLength: ptr(1)}
	case reflect.TypeFor[unit]():
		s := &jsonschema.Schema{Type: "string"}
		for _, id := range units.IDs() {
			s.Enum = append(s.Enum, id)
		}
		return s
	case reflect.TypeFor[quantity]():
		return &jsonschema.Schema{
			AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", MinLength: ptr(1)}},
		}
	case reflect.TypeFor[variableValues]():
		one := []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
		list := &jsonschema.Schema{
			Type: "array", Items: &jsonschema.Schema{AnyOf: one}, MinItems: ptr(1),
		}
		return &jsonschema.Schema{AnyOf: append(slices.Clone(one), list)}
	case reflect.TypeFor[panelRules]():
		return &jsonschema.Schema{
			Type: "object", AdditionalProperties: &jsonschema.Schema{
				Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/rule"}, MinItems: ptr(1),
			},
		}
	case reflect.TypeFor[smarthost]():
		return &jsonschema.Schema{Type: "string", Pattern: `^.+:[0-9]{1,5}$`}
	case reflect.TypeFor[hostName]():
		return &jsonschema.Schema{Type: "string", MinLength: ptr(1)}
	case reflect.TypeFor[mailAddress](), reflect.TypeFor[mailAddresses]():
		return &jsonschema.Schema{Type: "string", Pattern: "@"}
	case reflect.TypeFor[Attachment]():
		return &jsonschema.Schema{Type: "string", Enum: []any{AttachHTML, AttachPDF}}
	case reflect.TypeFor[byteSize]():
		return &jsonschema.Schema{Type: "string", Pattern: byteSizeSyntax.String()}
	case reflect.TypeFor[promconfig.TLSConfig]():
		return &jsonschema.Schema{Ref: "#/$defs/tls_config"}
	case reflect.TypeFor[promconfig.HTTPClientConfig]():
		return &jsonschema.Schema{Ref: "#/$defs/http_config"}
	}
	return nil
}

func ptr(n uint64) *uint64 { return &n }

// httpSchema returns the schema of a type of prometheus/common, from its yaml tags as adapted by
// adaptHTTP.
func httpSchema(t reflect.Type) *jsonschema.Schema {
	switch {
	case t == reflect.TypeFor[promconfig.URL]():
		return &jsonschema.Schema{Type: "string"}
	case t == reflect.TypeFor[promconfig.TLSVersion]():
		return &jsonschema.Schema{Type: "string", Enum: []any{"TLS10", "TLS11", "TLS12", "TLS13"}}
	case t.Kind() == reflect.Pointer:
		return httpSchema(t.Elem())
	case t.Kind() == reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: httpSchema(t.Elem())}
	case t.Kind() == reflect.Map:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: httpSchema(t.Elem())}
	case t.Kind() == reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case t.Kind() == reflect.String:
		return &jsonschema.Schema{
			AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}},
		}
	case t.Kind() == reflect.Interface:
		return jsonschema.TrueSchema
	}
	if inline := inlineMap(reflect.New(t).Elem()); inline.IsValid() {
		return httpSchema(inline.Type())
	}
	s := &jsonschema.Schema{
		Type: "object", Properties: jsonschema.NewProperties(),
		AdditionalProperties: jsonschema.FalseSchema,
	}
	fields := fieldsOf(t)
	for _, k := range sortedKeys(fields) {
		of := t.FieldByIndex(fields[k].index).Type
		p := httpSchema(of)
		if fields[k].fromEnv {
			p = &jsonschema.Schema{Type: "string", Pattern: variableSyntax.String()}
			if of.Kind() == reflect.Slice {
				p = &jsonschema.Schema{Type: "array", Items: p}
			}
			p.Description = "The name of the environment variable that holds " +
				strings.TrimSuffix(k, "_env") + "."
		}
		if fields[k].fromStore {
			p = &jsonschema.Schema{
				Type: "string", Pattern: "^aws-(secretsmanager|ssm):",
				Description: "The place of " + strings.TrimSuffix(k, "_from") + " in AWS.",
			}
		}
		s.Properties.Set(k, p)
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// commentsOf returns the doc comments of the struct types in a Go file, by Type and Type.Field.
func commentsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	text := func(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec := g.Specs[0].(*ast.TypeSpec)
		st, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		of := strings.TrimPrefix(strings.TrimPrefix(text(g.Doc), spec.Name.Name+" "), "is ")
		comments[spec.Name.Name+"."] = strings.ToUpper(of[:1]) + of[1:]
		for _, field := range st.Fields.List {
			for _, n := range field.Names {
				comments[spec.Name.Name+"."+n.Name] = text(field.Doc)
			}
		}
	}
	return comments
}

// The committed schema matches the types. `go test ./internal/config -update` writes it.
func TestSchemaIsCommitted(t *testing.T) {
	got, err := json.MarshalIndent(schema(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *Update {
		if err := os.WriteFile(schemaFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs from the types of file.go; run `go test ./internal/config -update`; "+
			"diff (-want +got):\n%s", schemaFile, diff)
	}
}

// compiled returns the committed schema, ready to validate.
func compiled(t *testing.T) (*validator.Schema, map[string]any) {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("promsnap.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("promsnap.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s, doc.(map[string]any)
}

// validate checks a YAML text against the schema.
func validate(t *testing.T, s *validator.Schema, text []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := validator.UnmarshalJSON(bytes.NewReader(j))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(instance)
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	s, _ := compiled(t)
	files, _ := filepath.Glob("testdata/good/*.yaml")
	if len(files) < 3 {
		t.Fatalf("got %d files, want at least 3", len(files))
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, data); err != nil {
			t.Errorf("%s: got error %v, want none", f, err)
		}
	}
}

func TestSchemaRefusesBadFiles(t *testing.T) {
	s, _ := compiled(t)
	for _, name := range []string{
		"key-unknown", "key-of-a-later-feature", "value-missing", "type-text", "type-text-is-list",
		"type-number", "type-bool", "type-list", "type-mapping",
		"type-params", "version-missing", "version-unknown", "version-not-a-number",
		"kubernetes-service", "state-configmap-name-missing", "url-without-scheme",
		"duration-without-unit",
		"duration-word", "concurrency-out-of-bounds", "max-series-out-of-bounds", "matcher-empty",
		"http-unknown-key", "http-half-a-password", "http-ref",
		"http-type", "http-bool", "http-env-not-a-name", "http-tls-version", "report-name-missing",
		"report-name-syntax", "unit-unknown", "top-out-of-bounds",
		"capacity-query-missing", "rule-reduce-unknown", "rule-no-data-unknown", "rule-runbook-url",
		"override-without-match", "dashboard-number", "dashboard-file-missing",
		"dashboard-key-unknown", "dashboard-variable-empty", "rules-of-unshowable-titles",
	} {
		data, err := os.ReadFile("testdata/bad/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if validate(t, s, data) == nil {
			t.Errorf("%s: got no error from the schema, want one", name)
		}
	}
}

// The schema has the same keys at the same places as the decoder.
func TestSchemaAndLoadKnowTheSameKeys(t *testing.T) {
	_, doc := compiled(t)
	inSchema := map[string]bool{}
	schemaKeys(doc, doc, "", inSchema)
	if len(inSchema) < 100 {
		t.Fatalf("got %d keys, want at least 100", len(inSchema))
	}
	inTypes := map[string]bool{}
	typeKeys(reflect.TypeFor[file](), "", inTypes)
	if diff := cmp.Diff(sortedKeys(inTypes), sortedKeys(inSchema)); diff != "" {
		t.Errorf("keys: diff (-want as in the decoder, +got in the schema):\n%s", diff)
	}
	for path := range inSchema {
		d := &decoder{file: "f", env: func(string) string {
			return ""
		}, nodes: map[string]*yaml.Node{}, source: []byte(yamlOf(path, "0"))}
		d.decode(d.parse(), "", reflect.ValueOf(new(file)).Elem())
		if strings.Contains(d.problems.Error(), "unknown key") {
			t.Errorf("%s: got %v, want no unknown key", path, d.problems)
		}
		sibling := path[:strings.LastIndexByte(path, '.')+1] + "nonsense_key"
		d = &decoder{
			file: "f", env: d.env, nodes: map[string]*yaml.Node{},
			source: []byte(yamlOf(sibling, "0")),
		}
		d.decode(d.parse(), "", reflect.ValueOf(new(file)).Elem())
		if free := strings.HasSuffix(path, ".*"); !free &&
			!strings.Contains(d.problems.Error(), "unknown key") {
			t.Errorf("%s: got %v, want an unknown key", sibling, d.problems)
		}
	}
}

// yamlOf writes a value at a path in flow style: a.b[].c is {"a": {"b": [{"c": value}]}}.
func yamlOf(path, value string) string {
	k, rest, more := strings.Cut(path, ".")
	k, list := strings.CutSuffix(k, "[]")
	if more {
		value = yamlOf(rest, value)
	}
	if list {
		value = "[" + value + "]"
	}
	return `{"` + k + `": ` + value + "}"
}

// schemaKeys collects the paths of all keys of a schema; * is a key that the user chooses.
func schemaKeys(doc, s map[string]any, path string, keys map[string]bool) {
	if ref, ok := s["$ref"].(string); ok {
		s = doc["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if items, ok := s["items"].(map[string]any); ok {
		schemaKeys(doc, items, path+"[]", keys)
	}
	if of, ok := s["additionalProperties"].(map[string]any); ok {
		schemaKeys(doc, of, key(path, "*"), keys)
	}
	properties, _ := s["properties"].(map[string]any)
	for k, v := range properties {
		keys[key(path, k)] = true
		schemaKeys(doc, v.(map[string]any), key(path, k), keys)
	}
}

// typeKeys does the same for a type of the file.
func typeKeys(t reflect.Type, path string, keys map[string]bool) {
	if t == reflect.TypeFor[panelRules]() { // it keeps the order of a mapping
		t = reflect.TypeFor[map[string][]rule]()
	}
	switch t.Kind() {
	case reflect.Pointer:
		typeKeys(t.Elem(), path, keys)
	case reflect.Slice:
		if t != reflect.TypeFor[selector]() && t != reflect.TypeFor[matchers]() {
			typeKeys(t.Elem(), path+"[]", keys)
		}
	case reflect.Map:
		typeKeys(t.Elem(), key(path, "*"), keys)
	case reflect.Struct:
		if leaf := leafSchema(t); leaf != nil && (leaf.Type == "string" || leaf.AnyOf != nil) ||
			t == reflect.TypeFor[promconfig.URL]() {
			return
		}
		if inline := inlineMap(reflect.New(t).Elem()); inline.IsValid() {
			typeKeys(inline.Type(), path, keys)
			return
		}
		for k, f := range fieldsOf(t) {
			keys[key(path, k)] = true
			if !f.fromEnv {
				typeKeys(t.FieldByIndex(f.index).Type, key(path, k), keys)
			}
		}
	}
}

// The reference has every key; those of http_config and tls_config are described by Prometheus.
func TestEveryKeyIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	typeKeys(reflect.TypeFor[file](), "", keys)
	for path := range keys {
		k := path[strings.LastIndexByte(path, '.')+1:]
		if inside := strings.Contains(path, "http_config.") ||
			strings.Contains(path, "tls_config."); !inside &&
			!strings.Contains(string(doc), "`"+k+"`") && !strings.Contains(string(doc), k+":") {
			t.Errorf("%s: got no description in the reference, want one", path)
		}
	}
}

// The tags that the decoder reads are valid.
func TestTags(t *testing.T) {
	seen := 0
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[file]().PkgPath() ||
			leafSchema(of) != nil {
			return
		}
		for k, f := range fieldsOf(of) {
			sf := of.FieldByIndex(f.index)
			if tag := sf.Tag.Get("limits"); tag != "" {
				seen++
				if got := f.least.String() + ".." + f.most.String(); got != tag {
					t.Errorf("%s.%s: got limits %s, want %s", of.Name(), k, got, tag)
				}
				if k == "range" && (f.least != duration(minRange) || f.most != duration(maxRange)) {
					t.Errorf("%s.%s: got limits %s, want those of a range", of.Name(), k, tag)
				}
			}
			if f.fallback != "" {
				seen++
				d := &decoder{nodes: map[string]*yaml.Node{}}
				d.field(f, f.fallbackFor(sf.Type.Kind()), "", reflect.New(sf.Type).Elem())
				if len(d.problems) > 0 {
					t.Errorf("%s.%s: got %v, want a valid default", of.Name(), k, d.problems)
				}
			}
			walk(sf.Type)
		}
	}
	walk(reflect.TypeFor[file]())
	if seen < 12 {
		t.Errorf("got %d tags, want at least 12", seen)
	}
}
