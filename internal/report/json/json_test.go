package json

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the goldens and the schema")

const schemaFile = "../../../docs/report.schema.json"

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
		t.Errorf("%s is out of date: got\n%s\nwant\n%s\nrun go test ./internal/report/json "+
			"-update and read the difference", path, got, want)
	}
}

// schemaOf reflects the Go types of report.json.
func schemaOf(t *testing.T) []byte {
	t.Helper()
	number := &reflector.Schema{
		OneOf: []*reflector.Schema{{Type: "number"}, {Type: "null"}, {Enum: []any{"+Inf", "-Inf"}}},
	}
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
	for name, r := range map[string]*report.Report{
		"a day": reporttest.Daily(t), "foresight": reporttest.Foresight(t),
		"machines":  reporttest.WithMachines(t),
		"csv":       report.Build(report.Info{CSV: &report.CSV{All: true}}, nil),
		"pdf":       report.Build(report.Info{PDF: &report.PDF{}}, nil),
		"nothing":   report.Build(report.Info{}, nil),
		"hostile":   reporttest.Hostile(t, reporttest.Evil),
		"dashboard": reporttest.Dashboard(t, reporttest.EveryKind(t, "word")),
		"infinite":  report.Build(reporttest.Info(t, nil), []snapshot.Panel{infinite()}),
	} {
		body, err := json.Marshal(DocumentOf(r))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: got error %v, want a document that the schema allows", name, err)
		}
	}
	if err := schema.Validate(map[string]any{"version": 2}); err == nil {
		t.Error("got no error for a wrong document, want the schema to reject it")
	}
}

// infinite is a panel with values that JSON cannot write as numbers.
func infinite() snapshot.Panel {
	a := reporttest.Answers{}
	a.Add("x", series.FromPairs("a", "b"), func(h float64) float64 {
		switch {
		case h < 6:
			return math.Inf(1)
		case h < 12:
			return math.Inf(-1)
		case h < 18:
			return math.NaN()
		}
		return 1.5
	})
	return reporttest.Take(a, []panel.Spec{
		{Name: "x", Title: "X", Queries: []panel.Query{{Expr: "x"}}},
	})[0]
}

// The file is written one panel at a time, and still equals the document.
func TestRenderWritesTheDocument(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"a day": reporttest.Daily(t), "nothing": report.Build(report.Info{}, nil),
		"hostile":   reporttest.Hostile(t, reporttest.Evil),
		"dashboard": reporttest.Dashboard(t, reporttest.EveryKind(t, "word")),
		"infinite":  report.Build(reporttest.Info(t, nil), []snapshot.Panel{infinite()}),
	} {
		want, err := json.Marshal(DocumentOf(r))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Render(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want = append(want, '\n'); !bytes.Equal(got.Body, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.Body, want)
		}
	}
}

func TestDocumentReadsBack(t *testing.T) {
	want, err := json.Marshal(DocumentOf(reporttest.Daily(t)))
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
		t.Error("got another document after reading and writing it, want the same")
	}
}

// ReadWhole agrees with Report.Whole.
func TestReadWhole(t *testing.T) {
	a, nodes := reporttest.Fleet(3)
	failed := append(reporttest.Take(a, reporttest.Specs()[:1]), snapshot.Panel{
		Spec:    panel.Spec{Name: "blind"},
		Failure: snapshot.FailureOf(errors.New("connection refused")),
	})
	stopped := reporttest.Info(t, nodes)
	stopped.Incomplete = snapshot.NoteOf(snapshot.NoteStopped)
	for name, tc := range map[string]struct {
		report *report.Report
		want   bool
	}{
		"whole": {
			report.Build(reporttest.Info(t, nodes), reporttest.Take(a, reporttest.Specs()[:1])),
			true,
		},
		"empty":   {report.Build(reporttest.Info(t, nil), nil), true},
		"failed":  {report.Build(reporttest.Info(t, nodes), failed), false},
		"stopped": {report.Build(stopped, reporttest.Take(a, reporttest.Specs()[:1])), false},
	} {
		body, err := json.Marshal(DocumentOf(tc.report))
		if err != nil {
			t.Fatal(err)
		}
		if tc.report.Whole() != tc.want || ReadWhole(bytes.NewReader(body)) != tc.want {
			t.Errorf("%s: got whole %t, read as whole %t, want %t", name, tc.report.Whole(),
				ReadWhole(bytes.NewReader(body)), tc.want)
		}
		in := &tc.report.Info
		want := Head{
			Cluster: in.Cluster, Report: in.Name, Zone: in.Zone.String(),
			Headline: tc.report.Headline, Incomplete: tc.report.Incomplete(),
			Counts: DocumentOf(tc.report).Counts,
		}
		if got, ok := ReadHead(bytes.NewReader(body)); !ok || got != want {
			t.Errorf("%s: got the head %+v, %v; want %+v", name, got, ok, want)
		}
	}
	for _, body := range []string{
		"", "{", "{}", "null", "[1]", `{"counts":7}`, `{"counts":{}}`,
		`{"incomplete":1,"counts":{"failed":0}}`, `{1:2}`,
	} {
		if ReadWhole(strings.NewReader(body)) {
			t.Errorf("%s: got whole, want not whole", body)
		}
	}
}

func TestDocumentGolden(t *testing.T) {
	a, nodes := reporttest.Fleet(3)
	r := report.Build(reporttest.Info(t, nodes), reporttest.Take(a, reporttest.Specs()[:1]))
	d := DocumentOf(r)
	for i := range d.Panels {
		for j := range d.Panels[i].Series { // six hours of samples are enough
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
	a := reporttest.Answers{}
	for i := range 1500 {
		a.Add("cpu", series.FromPairs("node", reporttest.NodeName(i)), reporttest.Constant(0.99))
	}
	r := report.Build(reporttest.Info(t, nil), reporttest.Take(a, reporttest.Specs()[1:2]))
	p := DocumentOf(r).Panels[0]
	if len(p.Rows) != 1000 || p.RowsTruncated != 500 || p.Total != 1500 {
		t.Errorf("got %d rows, %d left out, of %d; want 1000, 500 and 1500", len(p.Rows),
			p.RowsTruncated, p.Total)
	}
	if len(p.Findings) != 1000 || p.FindingsTruncated != 500 ||
		len(DocumentOf(r).Findings) != 1000 {
		t.Errorf("got %d findings, %d left out, %d in the report; want 1000, 500 and 1000",
			len(p.Findings), p.FindingsTruncated, len(DocumentOf(r).Findings))
	}
	if r.Critical != 1500 {
		t.Errorf("got %d critical, want all 1500", r.Critical)
	}
}

// An alert in the state has its age in report.json.
func TestAgesInTheDocument(t *testing.T) {
	in, panels := reporttest.Aged(t)
	in.Zone = time.UTC
	var said []string
	for _, f := range DocumentOf(report.Build(in, panels)).Findings {
		if f.Alert == nil {
			continue
		}
		body, err := json.Marshal(f.Alert)
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, f.Name+" "+string(body))
	}
	if want := `ip-10-0-1-12 {"since":"2026-11-21T23:58:00Z","new":true,"day":2}`; len(said) != 5 ||
		said[0] != want {
		t.Errorf("got %d alerts in the document, the first %s, want %s", len(said), said[0], want)
	}
}

// The value of an ended finding is its peak, as in the page, whether or not the page was rendered.
func TestValueOfWhatHasEnded(t *testing.T) {
	got := map[string]string{}
	for _, f := range DocumentOf(reporttest.Daily(t)).Findings {
		if f.Status == "ended" {
			got[f.Name] = f.Value
		}
	}
	want := map[string]string{"ip-10-0-1-23": "96 %", "ip-10-0-1-15": "83.3 %"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
