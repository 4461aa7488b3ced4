package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const schemaFile = "../../docs/report.schema.json"

// golden compares got with a committed file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date: run go test ./internal/report -update and read the difference", path)
	}
}

// schemaOf reflects the Go types of report.json.
func schemaOf(t *testing.T) []byte {
	t.Helper()
	number := &reflector.Schema{OneOf: []*reflector.Schema{{Type: "number"}, {Type: "null"}, {Enum: []any{"+Inf", "-Inf"}}}}
	r := reflector.Reflector{
		FieldNameTag: "json",
		Mapper: func(typ reflect.Type) *reflector.Schema {
			switch typ {
			case reflect.TypeFor[Number]():
				return number
			case reflect.TypeFor[Numbers]():
				return &reflector.Schema{Type: "array", Items: number}
			}
			return nil
		},
	}
	s := r.Reflect(&Document{})
	s.ID = "https://github.com/promsnap/promsnap/blob/main/docs/report.schema.json"
	s.Title = "report.json of promsnap"
	body, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(body, '\n')
}

func TestSchemaIsThatOfTheTypes(t *testing.T) { golden(t, schemaFile, schemaOf(t)) }

func TestDocumentFitsTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Report{
		"a day": daily(t), "machines": withMachines(t), "nothing": Build(Info{}, nil), "hostile": hostile(t), "infinite": Build(info(t, nil), []snapshot.Panel{infinite()}),
	} {
		body, err := json.Marshal(r.Document())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := schema.Validate(map[string]any{"version": 2}); err == nil {
		t.Error("the schema takes anything")
	}
}

// infinite is a panel with what JSON has no numbers for.
func infinite() snapshot.Panel {
	p := take(answers{"x": {{series.FromPairs("a", "b"), func(h float64) float64 {
		switch {
		case h < 6:
			return math.Inf(1)
		case h < 12:
			return math.Inf(-1)
		case h < 18:
			return math.NaN()
		}
		return 1.5
	}}}}, []panel.Spec{{Name: "x", Title: "X", Queries: []panel.Query{{Expr: "x"}}}})
	return p[0]
}

func TestDocumentReadsBack(t *testing.T) {
	want, err := json.Marshal(daily(t).Document())
	if err != nil {
		t.Fatal(err)
	}
	var d Document
	if err := json.Unmarshal(want, &d); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("a document that was read and written again differs")
	}
}

// What a report says of itself in report.json is what it is.
func TestReadWhole(t *testing.T) {
	a, nodes := fleetOf(3)
	failed := append(take(a, specs()[:1]), snapshot.Panel{Spec: panel.Spec{Name: "blind"}, Err: errors.New("connection refused")})
	stopped := info(t, nodes)
	stopped.Incomplete = "stopped"
	for name, tc := range map[string]struct {
		report *Report
		want   bool
	}{
		"whole":   {Build(info(t, nodes), take(a, specs()[:1])), true},
		"empty":   {Build(info(t, nil), nil), true},
		"failed":  {Build(info(t, nodes), failed), false},
		"stopped": {Build(stopped, take(a, specs()[:1])), false},
	} {
		body, err := json.Marshal(tc.report.Document())
		if err != nil {
			t.Fatal(err)
		}
		if tc.report.Whole() != tc.want || ReadWhole(bytes.NewReader(body)) != tc.want {
			t.Errorf("%s: whole %t, read as whole %t, want %t", name, tc.report.Whole(), ReadWhole(bytes.NewReader(body)), tc.want)
		}
	}
	for _, body := range []string{"", "{", "{}", "null", "[1]", `{"counts":7}`, `{"counts":{}}`, `{"incomplete":1,"counts":{"failed":0}}`, `{1:2}`} {
		if ReadWhole(strings.NewReader(body)) {
			t.Errorf("%s is read as whole", body)
		}
	}
}

func TestDocumentGolden(t *testing.T) {
	a, nodes := fleetOf(3)
	r := Build(info(t, nodes), take(a, specs()[:1]))
	d := r.Document()
	for i := range d.Panels {
		for j := range d.Panels[i].Series { // six hours of samples are enough to look at
			d.Panels[i].Series[j].Values = d.Panels[i].Series[j].Values[:6]
		}
	}
	body, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.json", append(body, '\n'))
}

func TestDocumentIsBounded(t *testing.T) {
	a := answers{}
	for i := range 1500 {
		a.add("cpu", series.FromPairs("node", nodeName(i)), constant(0.99))
	}
	r := Build(info(t, nil), take(a, specs()[1:2]))
	p := r.Document().Panels[0]
	if len(p.Rows) != 1000 || p.RowsTruncated != 500 || p.Total != 1500 {
		t.Errorf("%d rows, %d left off, of %d", len(p.Rows), p.RowsTruncated, p.Total)
	}
	if len(p.Findings) != 1000 || p.FindingsTruncated != 500 || len(r.Document().Findings) != 1000 {
		t.Errorf("%d findings, %d left off; %d said", len(p.Findings), p.FindingsTruncated, len(r.Document().Findings))
	}
	if r.Critical != 1500 {
		t.Errorf("%d critical, want all 1500", r.Critical)
	}
}
