package promapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/promsnap/promsnap/internal/series"
)

// decode reads body as the answer to a query over g with at most limit series, and returns the
// series.
func decode(body io.Reader, g series.Grid, limit int) (Meta, []series.Series, error) {
	var all []series.Series
	d := newDecoder(body, Query{Grid: g, Limit: limit}, func(s series.Series) error {
		all = append(all, series.Series{
			Labels: s.Labels.Clone(), Values: append([]float64(nil), s.Values...),
		})
		return nil
	})
	meta, err := d.decode()
	return meta, all, err
}

// matrix returns an answer with these series and nothing else.
func matrix(result string) string {
	return matrixHead + result + matrixTail
}

const (
	matrixHead = `{"status":"success","data":{"resultType":"matrix","result":[`
	matrixTail = `]}}`
)

var nan = math.NaN()

var sameNaN = cmpopts.EquateNaNs()

// A sample that is NaN is no gap.
func TestDecodeNotANumber(t *testing.T) {
	_, got, err := decode(strings.NewReader(matrix(
		`{"metric":{},"values":[[1700000040,"NaN"],[1700000160,"nan"],[1700000220,"1"]]}`)), grid, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true, false, false, true} {
		if gap := series.IsGap(got[0].Values[i]); gap != want {
			t.Errorf("step %d, %v: got a gap: %v, want %v", i, got[0].Values[i], gap, want)
		}
	}
}

func TestDecode(t *testing.T) {
	a := series.Series{
		Labels: series.FromPairs("node", "a"), Values: []float64{1, nan, 2.5, nan, nan},
	}
	b := series.Series{
		Labels: series.FromPairs("node", "b"), Values: []float64{nan, nan, nan, nan, -0.25},
	}
	ab := []series.Series{a, b}
	const (
		sa = `{"metric":{"node":"a"},"values":[[1700000040,"1"],[1700000160,"2.5"]]}`
		sb = `{"metric":{"node":"b"},"values":[[1700000280,"-0.25"]]}`
	)
	only := func(values ...float64) []series.Series {
		return []series.Series{{Values: values}}
	}
	named := func(n string, values ...float64) series.Series {
		return series.Series{Labels: series.FromPairs("n", n), Values: values}
	}
	tests := []struct {
		name, body string
		want       []series.Series
		meta       func(*Meta)
	}{
		{name: "Prometheus", body: matrix(sa + "," + sb), want: ab},
		{
			name: "result before resultType, data before status", body: `{"data":{"result":[` + sa +
				"," + sb + `],"resultType":"matrix"},"status":"success"}`, want: ab,
		},
		{
			name: "values before metric",
			body: matrix(`{"values":[[1700000040,"1"],[1700000160,"2.5"]],"metric":{"node":"a"}}`),
			want: []series.Series{a},
		},
		{name: "VictoriaMetrics", body: `{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[` + sa + `]},"stats":{"seriesFetched":"1","executionTimeMsec":3},"trace":{"duration_msec":0.1,"children":[{"message":"x"}]}}`,
			want: []series.Series{a}, meta: func(m *Meta) { m.Partial = true }},
		{
			name: "isPartial false",
			body: `{"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[]}}`,
		},
		{name: "Thanos", body: `{"status":"success","data":{"resultType":"matrix","result":[` + sa + `],"analysis":{"name":"[x]","children":null}},"warnings":["store \"a\" is gone"]}`,
			want: []series.Series{a}, meta: func(m *Meta) {
				m.Partial = true
				m.Warnings = []string{`store "a" is gone`}
			}},
		{name: "warnings and infos first", body: `{"warnings":["w"],"infos":["i","j"],"status":"success","data":{"resultType":"matrix","result":[]}}`,
			meta: func(m *Meta) {
				m.Partial = true
				m.Warnings = []string{"w"}
				m.Infos = []string{"i", "j"}
			}},
		{name: "infos alone are not partial", body: `{"status":"success","data":{"resultType":"matrix","result":[],"stats":{"a":[1,{"b":[]}]}},"infos":["i"]}`,
			meta: func(m *Meta) { m.Infos = []string{"i"} }},
		{
			name: "null result",
			body: `{"status":"success","data":{"resultType":"matrix","result":null},"warnings":null}`,
		},
		{name: "white space", body: " { \"status\" :\t\"success\" ,\r\n \"data\" : { " +
			"\"resultType\" : \"matrix\" , \"result\" : [ { \"metric\" : { } , \"values\" : [ [ " +
			"1700000040 , \"1\" ] , [ 1700000100 , \"2\" ] ] } ] } } \n",
			want: only(1, 2, nan, nan, nan)},
		{name: "words and exponents", body: matrix(
			`{"metric":{},"values":[[1700000040,"NaN"],[1700000100,"+Inf"],[1700000160,"-Inf"],[1700000220,"1e+06"],[1.70000028e9,"1.5e-300"]]}`),
			want: only(nan, math.Inf(1), math.Inf(-1), 1e6, 1.5e-300)},
		{name: "no values", body: matrix(
			`{"metric":{}},{"metric":{"n":"1"},"values":[],"histograms":[]},{"values":null,"histograms":null,"metric":{"n":"2"}}`),
			want: append(append(only(nan, nan, nan, nan, nan), named("1", nan, nan, nan, nan, nan)),
				named("2", nan, nan, nan, nan, nan))},
		{name: "labels out of order, an empty one", body: matrix(
			`{"metric":{"z":"1","a":"2","m":""},"values":[]}`),
			want: []series.Series{
				{
					Labels: series.FromPairs("a", "2", "z", "1"),
					Values: []float64{nan, nan, nan, nan, nan},
				},
			}},
		{name: "escapes", body: matrix(
			`{"metric":{"\u0061":"\"\\\/\b\f\n\r\t한글 \ud83d\ude00 \ud83d \udc00x \ud83d\n \ud83d\ud83d\ude00` + "\xff\xc3" + `"},"values":[]}`),
			want: []series.Series{
				{
					Labels: series.FromPairs("a", "\"\\/\b\f\n\r\t한글 😀 \uFFFD \uFFFDx \uFFFD\n "+
						"\uFFFD😀\uFFFD\uFFFD"), Values: []float64{nan, nan, nan, nan, nan},
				},
			}},
		{name: "the grid moved down", body: matrix(
			`{"metric":{},"values":[[1700000073.5,"2"]]},{"metric":{"n":"1"},"values":[[1700000013.5,"1"],[1700000253.500,"3"]]}`),
			want: append(only(nan, 2, nan, nan, nan), named("1", 1, nan, nan, nan, 3)),
			meta: func(m *Meta) { m.Grid.Start = time.UnixMilli(1700000013_500).UTC() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := Meta{Grid: grid, Series: len(tt.want), Bytes: int64(len(tt.body))}
			if tt.meta != nil {
				tt.meta(&want)
			}
			for how, body := range map[string]io.Reader{
				"whole":        strings.NewReader(tt.body),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.body)),
			} {
				meta, got, err := decode(body, grid, 10)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(tt.want, got, sameNaN, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: series (-want +got):\n%s", how, diff)
				}
				want.Samples = meta.Samples // the next test counts them
				if diff := cmp.Diff(want, meta); diff != "" {
					t.Errorf("%s: meta (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestDecodeCountsSamples(t *testing.T) {
	meta, _, err := decode(
		strings.NewReader(
			matrix(
				`{"values":[[1700000040,"NaN"],[1700000160,"2.5"]]},{"values":[],"metric":{"n":"1"}},{"metric":{"n":"2"},"values":[[1700000280,"1"]]}`)), grid, 10)
	if err != nil || meta.Samples != 3 || meta.Series != 3 {
		t.Errorf("%d samples of %d series, %v; want 3 of 3", meta.Samples, meta.Series, err)
	}
}

func TestDecodeLimit(t *testing.T) {
	body := matrix(`{"metric":{"n":"1"}},{"metric":{"n":"2"}},{"metric":{"n":"3"}}`)
	var limit *LimitError
	if _, got, err := decode(strings.NewReader(body), grid, 2); !errors.As(err, &limit) ||
		limit.Limit != 2 || len(got) != 2 {
		t.Errorf("%d series, %v; want 2 and a LimitError", len(got), err)
	}
	if _, got, err := decode(strings.NewReader(body), grid, 3); err != nil || len(got) != 3 {
		t.Errorf("%d series, %v; want 3", len(got), err)
	}
}

// TestDecodeBoundsLabels checks that the labels of the whole answer are bounded, depending on the
// limit of series.
func TestDecodeBoundsLabels(t *testing.T) {
	body := func(n, size int) io.Reader {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`{"metric":{"n":"%d","x":"%s"}}`, i,
				strings.Repeat("x", size)))
		}
		return strings.NewReader(matrix(strings.Join(parts, ",")))
	}
	for _, tt := range []struct{ series, size, limit, want int }{
		{30, 60 << 10, 10_000, 30},
		{30, 60 << 10, 100, 17}, // 1 MiB
		{3000, 2 << 10, 3000, 2991},
		{3000, 1 << 10, 3000, 3000},
	} {
		_, got, err := decode(body(tt.series, tt.size), grid, tt.limit)
		var e *Error
		switch {
		case tt.want == tt.series && (err != nil || len(got) != tt.want):
			t.Errorf("%+v: got %d series, %v, want all", tt, len(got), err)
		case tt.want < tt.series && (!errors.As(err, &e) || e.Kind != KindTooMuch ||
			!strings.Contains(e.Error(), "MiB together; keep only the labels that matter") ||
			len(got) > tt.want || len(got) < tt.want*9/10):
			t.Errorf("%+v: got %d series, %s, want too much and about as many", tt, len(got), describe(err))
		}
	}
}

// TestDecodeLargestLabels checks that labels just within the limits are read, across the end of the
// buffer.
func TestDecodeLargestLabels(t *testing.T) {
	value := strings.Repeat("é", (maxLabelBytes-1)/2)
	_, got, err := decode(strings.NewReader(matrix(`{"metric":{"a":"`+value+
		`"},"values":[[1700000040,"1"]]}`)), grid, 1)
	if err != nil || len(got) != 1 || got[0].Labels.Get("a") != value || got[0].Values[0] != 1 {
		t.Errorf("got %d series, %v, want one", len(got), err)
	}
}

// TestDecodeCut cuts an answer at every byte. Each is an error with the number of the byte.
func TestDecodeCut(t *testing.T) {
	body := `{"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[{"metric":{"node":"a\u00e9"},"values":[[1700000040,"1"],[1700000160.000,"2.5e1"]]}],"x":[1,{"y":null}]},"warnings":["w"]}`
	if _, _, err := decode(strings.NewReader(body), grid, 10); err != nil {
		t.Fatal(err)
	}
	for n := range body {
		_, _, err := decode(strings.NewReader(body[:n]), grid, 10)
		var syntax *syntaxError
		if !errors.As(err, &syntax) || !syntax.cut || syntax.Offset != int64(n) {
			t.Errorf("cut at byte %d: got error %v, want one with the byte", n, err)
		}
		broken := errors.New("broken")
		_, _, err = decode(io.MultiReader(strings.NewReader(body[:n]), iotest.ErrReader(broken)),
			grid, 10)
		if !errors.Is(err, broken) ||
			!strings.Contains(err.Error(), fmt.Sprintf("at byte %d,", n)) {
			t.Errorf("broken at byte %d: got error %v, want that of the reader", n, err)
		}
	}
	_, _, err := decode(io.MultiReader(strings.NewReader(body),
		iotest.ErrReader(io.ErrUnexpectedEOF)), grid, 10)
	if want := fmt.Sprintf("the answer breaks off at byte %d, where it was to end: unexpected EOF",
		len(body)); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestDecodeStops checks that an error of each stops the reading at once and is returned unchanged.
func TestDecodeStops(t *testing.T) {
	enough := errors.New("enough")
	calls := 0
	d := newDecoder(strings.NewReader(matrix(`{},{"metric":{"n":"1"}},{"metric":{"n":"2"}}`)),
		Query{Grid: grid, Limit: 10}, func(series.Series) error {
			if calls++; calls == 2 {
				return enough
			}
			return nil
		})
	if _, err := d.decode(); !errors.Is(err, enough) || calls != 2 || !d.stopped {
		t.Errorf("got error %v after %d calls, want %v after 2", err, calls, enough)
	}
}

// TestDecodeAllocations checks that a series allocates only its new strings and its place in the
// set of seen series.
func TestDecodeAllocations(t *testing.T) {
	body := func(n int) []byte {
		var b bytes.Buffer
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b,
				`{"metric":{"__name__":"m","pod":"p%d","container":"c%d"},"values":[[1700000040,"1"],[1700000100,"0.8234567890123456"],[1700000160,"NaN"],[1700000220,"1e9"]]}`, i%50, i/50)
		}
		return []byte(matrix(b.String()))
	}
	few, many := body(100), body(1100)
	run := func(b []byte) float64 {
		return testing.AllocsPerRun(10, func() {
			d := newDecoder(bytes.NewReader(b), Query{Grid: grid, Limit: 2000},
				func(series.Series) error { return nil })
			if _, err := d.decode(); err != nil {
				t.Fatal(err)
			}
		})
	}
	if extra := run(many) - run(few); extra > 50 { // 20 are the new containers' names
		t.Errorf("got %v allocations for 1,000 more series of known labels, want at most 50", extra)
	}
}

// reference reads body with encoding/json. It returns false if decode need not accept body.
func reference(body []byte, g series.Grid) (all []series.Series, ok bool) {
	type object map[string]json.RawMessage
	var answer, data object
	var status, resultType string
	var result []object
	read := func(raw json.RawMessage, into any) bool { return json.Unmarshal(raw, into) == nil }
	if !read(body, &answer) || !read(answer["status"], &status) || status != "success" ||
		!read(answer["data"], &data) ||
		!read(data["resultType"], &resultType) || resultType != "matrix" ||
		!read(data["result"], &result) {
		return nil, false
	}
	shift, known := time.Duration(0), false
	for _, o := range result {
		var metric map[string]string
		var points [][2]json.RawMessage
		if o["metric"] != nil && !read(o["metric"], &metric) ||
			o["values"] != nil && !read(o["values"], &points) {
			return nil, false
		}
		for name, value := range metric {
			if value == "" {
				delete(metric, name)
			}
		}
		s := series.Series{Labels: series.FromMap(metric), Values: make([]float64, g.Len)}
		for i := range s.Values {
			s.Values[i] = math.NaN()
		}
		for _, p := range points {
			var at float64
			var text string
			if !read(p[0], &at) || !read(p[1], &text) {
				return nil, false
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, false
			}
			from := time.Duration(math.Round(at*1000))*time.Millisecond - time.Duration(
				g.Start.UnixMilli())*time.Millisecond
			if !known {
				shift, known = ((from%g.Step)-g.Step)%g.Step, true
			}
			i := int((from - shift) / g.Step)
			if i < 0 || i >= g.Len {
				return nil, false
			}
			s.Values[i] = v
		}
		all = append(all, s)
	}
	return all, true
}

// FuzzDecode compares decode with encoding/json: what it accepts is JSON and has the same values,
// whether it arrives at once or byte by byte.
func FuzzDecode(f *testing.F) {
	sample := `[1700000040,"0.8234567890123456"],[1700000100,"123456789"],[1700000160.000,"-0.5"],[1700000220,"+Inf"],[1700000280,"17"]`
	for _, seed := range []string{
		one, matrix(`{"metric":{"a":"\ud83d\ude00\ud83d","b":"` + "\xff" + `"},"values":[` +
			sample + `]}`),
		matrix(`{"metric":{"n":"1"},"values":[` + sample + `]},{"values":[` + sample +
			`],"metric":{"n":"2"}},{"metric":{"n":"3"},"values":[` + sample + `]},{}`),
		matrix(`{"metric":{"n":"1"},"values":[` + sample +
			`]},{"metric":{"n":"1","m":""},"values":[` + sample + `]}`),
		`{"data":{"result":[{"values":[[1.7e9,"1e+06"]],"metric":{"z":"1","a":""}}],"resultType":"matrix","stats":{"a":[1,-2.5e3,true,false,null]}},"warnings":["w"],"infos":[],"isPartial":true,"status":"success"}`,
		`{"status":"error","errorType":"timeout","error":"query timed out"}`,
		matrix(`{"metric":{},"histograms":[[1,{}]]}`),
		`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		meta, got, err := decode(bytes.NewReader(body), grid, 100)
		slowMeta, slow, slowErr := decode(iotest.OneByteReader(bytes.NewReader(body)), grid, 100)
		if describe(err) != describe(slowErr) ||
			!cmp.Equal(got, slow, sameNaN, cmpopts.EquateEmpty()) || !cmp.Equal(meta, slowMeta) {
			t.Fatalf("byte by byte: got  %v, %v\nwant what the whole gives: %v, %v", slow, slowErr,
				got, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("got no error for %q, want one: it is not JSON", body)
		}
		want, ok := reference(body, grid)
		if !ok || !cmp.Equal(want, got, sameNaN, cmpopts.EquateEmpty()) {
			t.Fatalf("got  %v\nwant %v, %v", got, want, ok)
		}
	})
}
