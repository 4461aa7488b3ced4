package snapshot

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "write the golden files")

// everything compares strictly: NaN equals NaN, times must agree in instant and offset, nil differs
// from empty.
var everything = gocmp.Options{
	cmpopts.EquateNaNs(),
	gocmp.Comparer(func(a, b time.Time) bool {
		_, one := a.Zone()
		_, other := b.Zone()
		return a.Equal(b) && one == other
	}),
	gocmp.AllowUnexported(Nodes{}, knownNode{}, holder{}, nodeKey{}, Lost{}),
}

// roundTrip encodes and decodes a snapshot.
func roundTrip(t interface {
	Helper()
	Fatal(...any)
}, s *Snapshot,
) *Snapshot {
	t.Helper()
	var out, again bytes.Buffer
	if err := errors.Join(s.Encode(&out), s.Encode(&again)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Fatal("encoding twice: got different bytes, want the same")
	}
	back, err := Decode(&out, MostUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// filler fills every field with random data, so that a new field is tested automatically.
type filler struct{ t *rapid.T }

var zones = []*time.Location{
	time.UTC, time.FixedZone("", 9*3600), time.FixedZone("", -(3*3600 + 30*60)),
}

func (f filler) fill(v reflect.Value) {
	t := f.t
	switch v.Interface().(type) {
	case time.Time:
		if rapid.Bool().Draw(t, "timed") {
			at := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "s"),
				rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
			v.Set(reflect.ValueOf(at.In(rapid.SampledFrom(zones).Draw(t, "zone"))))
		}
		return
	case units.Unit:
		u, err := units.Parse(rapid.SampledFrom(units.IDs()).Draw(t, "unit"))
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(u))
		return
	case rules.Status:
		v.Set(reflect.ValueOf(rapid.SampledFrom([]rules.Status{
			rules.Unknown, rules.OK, rules.Pending, rules.Breach, rules.NoData, rules.Gone,
		}).Draw(t, "status")))
		return
	case rules.Severity:
		v.Set(reflect.ValueOf(rapid.SampledFrom([]rules.Severity{
			rules.None, rules.Warning, rules.Critical,
		}).Draw(t, "severity")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{
			"", "a", "노드", "x\x00\n", "\xff broken", strings.Repeat("long ", 50),
		}).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "int"))
	case reflect.Int8:
		v.SetInt(rapid.Int64Range(-1, 1).Draw(t, "int8"))
	case reflect.Uint8:
		v.SetUint(rapid.Uint64Range(0, 3).Draw(t, "uint8"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float64:
		v.SetFloat(rapid.OneOf(
			rapid.SampledFrom([]float64{
				0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.1,
				math.MaxFloat64, 5e-324,
			}), rapid.Float64(),
		).Draw(t, "float"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, "len"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 2).Draw(t, "size"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				key, value := reflect.New(v.Type().Key()).Elem(),
					reflect.New(v.Type().Elem()).Elem()
				f.fill(key)
				f.fill(value)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		t.Fatalf("got the type %s, want only plain data", v.Type())
	}
}

// fillGrid gives everything on a panel's grid the right number of samples.
func fillGrid(t *rapid.T, p *Panel) {
	on := func(values *[]float64) {
		*values = rapid.SliceOfN(rapid.Float64(), p.Grid.Len, p.Grid.Len).Draw(t, "values")
	}
	for j := range p.Lines {
		on(&p.Lines[j].Values)
		if p.Lines[j].Before != nil {
			on(&p.Lines[j].Before)
		}
	}
	for j := range p.References {
		on(&p.References[j].Values)
	}
	for j := range p.Past {
		g := &p.Past[j].Grid
		g.Len, g.Step = rapid.IntRange(0, 3).Draw(t, "steps"), time.Minute
		p.Past[j].Values = make([]float64, g.Len)
	}
	if h := p.History; h != nil {
		h.Grid.Len, h.Grid.Step = rapid.IntRange(0, 3).Draw(t, "steps"), time.Hour
	}
	if r := p.Rest; r != nil {
		for _, values := range []*[]float64{&r.Min, &r.Max, &r.Sum, &r.P05, &r.P95} {
			on(values)
		}
		r.Count = make([]int, p.Grid.Len)
	}
	if k := p.Kept; k != nil {
		if k.Legends != nil {
			k.Legends = make([]string, len(p.Rows))
		}
		for j := range k.Sample {
			on(&k.Sample[j].Values)
		}
	}
}

// drawSnapshot draws a snapshot whose samples are on its grids.
func drawSnapshot(t *rapid.T) *Snapshot {
	var b body
	filler{t}.fill(reflect.ValueOf(&b).Elem())
	for i := range b.Panels {
		p := &b.Panels[i]
		p.Grid.Len, p.Grid.Step = rapid.IntRange(0, 3).Draw(t, "steps"), time.Minute
		fillGrid(t, p)
	}
	ordered(reflect.ValueOf(&b.Nodes).Elem())
	if diff := gocmp.Diff(b.Nodes, bodyOf(b.Nodes.nodes()), everything); diff != "" {
		t.Fatalf("node table after a round trip (-want +got):\n%s", diff)
	}
	return &Snapshot{
		Cluster: b.Cluster, Report: b.Report, Slot: b.Slot, Range: b.Range, End: b.End,
		Scrape: b.Scrape, Server: b.Server, ServerURL: b.ServerURL,
		Incomplete: b.Incomplete, Notes: b.Notes, Nodes: b.Nodes.nodes(), Panels: b.Panels,
	}
}

// ordered gives the entries of all tables distinct, sorted keys.
func ordered(tables reflect.Value) {
	for i := range tables.NumField() {
		list := tables.Field(i)
		for j := 0; list.Kind() == reflect.Slice && j < list.Len(); j++ {
			key := list.Index(j)
			if key.Kind() == reflect.Struct && key.FieldByName("Key").IsValid() {
				key = key.FieldByName("Key")
			}
			if key.Type() == reflect.TypeFor[keyBody]() {
				key.Set(reflect.ValueOf(keyBody{"c", fmt.Sprint(j)}))
			}
		}
	}
}

// TestNodesAreEncoded checks that every field of Nodes is encoded.
func TestNodesAreEncoded(t *testing.T) {
	in := reflect.TypeFor[nodesBody]()
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Nodes]()) {
		if f.Name == "index" { // derived from the list
			continue
		}
		if _, ok := in.FieldByName(strings.ToUpper(f.Name[:1]) + f.Name[1:]); !ok {
			t.Errorf("Nodes.%s is not encoded, want it in nodesBody", f.Name)
		}
	}
}

func TestSnapshotRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		if diff := gocmp.Diff(s, roundTrip(t, s), everything); diff != "" {
			t.Fatalf("decoded snapshot (-want +got):\n%s", diff)
		}
	})
}

// shape writes every field of a type.
func shape(b *strings.Builder, path string, t reflect.Type, seen []reflect.Type) {
	name := t.String()
	fmt.Fprintf(b, "%s %s\n", path, name)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		shape(b, path+"[]", t.Elem(), seen)
	case reflect.Map:
		shape(b, path+"{}", t.Elem(), seen)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() || slices.Contains(seen, t) {
			return
		}
		for _, f := range reflect.VisibleFields(t) {
			if len(f.Index) == 1 && !f.Anonymous || len(f.Index) > 1 {
				shape(b, path+"."+f.Name, f.Type, append(seen, t))
			}
		}
	}
}

// TestShape fails if the encoded data changes, because readers of old files rely on the version.
func TestShape(t *testing.T) {
	var b strings.Builder
	shape(&b, "snapshot", reflect.TypeFor[body](), nil)
	file := fmt.Sprintf("testdata/shape-%d.txt", Version)
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the encoding of version %d changed (-want +got). If a release has this "+
			"version, raise Version. Then run with -update.\n%s", Version, diff)
	}
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, " func(") || strings.Contains(line, "interface") ||
			strings.Contains(line, " chan ") {
			t.Errorf("got %s, want only plain data", line)
		}
	}
}

func marshal(v any) ([]byte, error) {
	mode, err := encMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

func packed(t testing.TB, items ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, item := range items {
		if raw, ok := item.(cbor.RawMessage); ok {
			out.Write(raw)
			continue
		}
		b, err := marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	zw, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return zw.EncodeAll(out.Bytes(), nil)
}

func bodyWith(p Panel) body { return (&Snapshot{Panels: []Panel{p}}).body() }

func TestDecodeRefuses(t *testing.T) {
	// 16M panels of one byte each
	nulls := append([]byte{0x9a, 0x00, 0xff, 0xff, 0xff}, bytes.Repeat([]byte{0xf6}, 0xffffff)...)
	many := append(append([]byte{0xa1, 0x66}, "Panels"...), nulls...)
	var full bytes.Buffer
	if err := (&Snapshot{Cluster: strings.Repeat("c", 5000)}).Encode(&full); err != nil {
		t.Fatal(err)
	}
	offGrid := Panel{
		Spec:  panel.Spec{Name: "p", Queries: []panel.Query{{}}},
		Lines: []Line{{Values: []float64{1}}},
	}
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":      {nil, "this is not a promsnap snapshot"},
		"text":         {[]byte("hello, world"), "it is truncated or not a snapshot"},
		"another file": {packed(t, "hello"), "this is not a promsnap snapshot"},
		"newer": {
			packed(t, head{magic, Version + 1}, "whatever comes"), "the snapshot has version 2, " +
				"and this promsnap reads up to version 1: update promsnap",
		},
		"cut off": {full.Bytes()[:full.Len()/2], "it is truncated or not a snapshot"},
		"no body": {packed(t, head{magic, Version}), "it is damaged: it is truncated"},
		"unknown field": {
			packed(t, head{magic, Version}, map[string]int{"Colour": 1}), `a field "Colour"`,
		},
		"other type": {
			packed(t, head{magic, Version}, map[string]string{"Panels": "x"}), "it is damaged",
		},
		"trailing data": {
			packed(t, head{magic, Version}, body{}, 1), "there is data after its end",
		},
		"many nulls": {
			packed(t, head{magic, Version}, cbor.RawMessage(many)), "it would take too much memory",
		},
		"deep": {
			packed(t, head{magic, Version}, cbor.RawMessage(bytes.Repeat([]byte{0x81}, 10_000))),
			"it is damaged",
		},
		"off its grid": {
			packed(t, head{magic, Version}, bodyWith(offGrid)),
			`panel "p": the line 0 has 1 samples, the grid 0`,
		},
		"samples twice": {
			packed(t, head{magic, Version}, body{
				Panels: []Panel{offGrid}, Samples: samplesBody{Lens: []int{-1, -1}},
			}), "its lists of samples do not fit the panels",
		},
		"samples of nothing": {
			packed(t, head{magic, Version}, body{
				Samples: samplesBody{Lens: []int{1}, Bytes: make([]byte, 8)},
			}), "its lists of samples do not fit the panels",
		},
		"too few samples": {
			packed(t, head{magic, Version}, body{
				Panels:  []Panel{{Lines: []Line{{}}}},
				Samples: samplesBody{Lens: []int{2, -1}, Bytes: make([]byte, 8)},
			}), "its lists of samples do not fit the panels",
		},
		"a history without steps": {
			packed(t, head{magic, Version}, bodyWith(Panel{
				History: &History{Grid: series.Grid{Len: 2}},
			})), "the history: a grid of 2 steps of 0s",
		},
		"a long week": {
			packed(t, head{magic, Version}, bodyWith(Panel{
				History: &History{Down: []Moved{{Before: make([]float64, 169)}}},
			})), "the history: a week of 169 samples, want at most 168",
		},
		"many forecasts": {
			packed(t, head{magic, Version}, bodyWith(Panel{
				History: &History{Forecasts: make([]Forecast, 101)},
			})), "the history: 101 forecasts, 0 series up and 0 down",
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := Decode(bytes.NewReader(tc.file), MostUnpacked)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %+v, %v; want an error of %q", name, s, err, tc.want)
		}
		// The race detector allocates too.
		if took := after.TotalAlloc - before.TotalAlloc; took > 128<<20 && !race.Enabled {
			t.Errorf("%s: got %d MiB allocated, want at most 128", name, took>>20)
		}
	}
	var newer *NewerError
	if _, err := Decode(bytes.NewReader(packed(t, head{magic, 7})), MostUnpacked); !errors.As(err, &newer) ||
		newer.Version != 7 {
		t.Errorf("version 7: got %v, want a NewerError of it", err)
	}
	if _, err := Decode(
		bytes.NewReader(packed(t, head{magic, Version},
			cbor.RawMessage(make([]byte, MostUnpacked)))), MostUnpacked); err == nil ||
		!strings.Contains(err.Error(), "larger than 256 MiB") {
		t.Errorf("too much data: got %v, want an error about 256 MiB", err)
	}
}

// FuzzDecode does not decompress: malformed zstd data is tested by the zstd package.
func FuzzDecode(f *testing.F) {
	for _, s := range []body{{}, {
		Cluster: "c", Nodes: nodesBody{List: []Node{{Name: "n"}}, Known: []knownBody{{Name: "n"}}},
		Panels: []Panel{
			{
				Spec: panel.Spec{Queries: []panel.Query{{}}}, Rows: []Row{{Name: "r"}},
				Failure: &Failure{Kind: FailureBusy}, Rest: &Band{},
			},
		},
	}} {
		raw, err := marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	mode, err := decMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := decode(mode, raw, 4*MostUnpacked)
		if err != nil {
			return
		}
		again, err := marshal(s.body())
		if err != nil {
			return // a time or a status that is never written
		}
		if _, err := decode(mode, again, 4*MostUnpacked); err != nil {
			t.Errorf("decoding the encoded snapshot: got %v, want no error", err)
		}
	})
}
