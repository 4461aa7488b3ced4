package promapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func TestDecodeErrors(t *testing.T) {
	values := func(s string) string {
		return matrix(`{"metric":{"node":"a"},"values":[` + s + `]}`)
	}
	labels := func(n int) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"l%d":"v"`, i)
		}
		return matrix(`{"metric":{` + b.String() + `},"values":[]}`)
	}
	tests := []struct{ name, body, want string }{
		{"empty", "", "the answer ends at byte 0: expected a JSON object"},
		{"not an object", `[]`, `byte 0 of the answer: expected a JSON object, found '['`},
		{
			"a web page", "\n<!doctype html><title>Log in</title>",
			"not found: a web page instead of JSON",
		},
		{"nothing", `{}`, `the status is "" instead of success or error`},
		{"no data", `{"status":"success"}`, "the answer has no result"},
		{
			"no type", `{"status":"success","data":{"result":[]}}`,
			"not a matrix: the answer has no result type",
		},
		{
			"an error", `{"status":"error","errorType":"bad_data","error":"unknown \"x\""}`,
			`query: bad_data: unknown "x"`,
		},
		{
			"an error behind series", strings.Replace(one, `"status":"success",`, "",
				1)[:len(one)-len(`"status":"success",`)-1] +
				`,"status":"error","errorType":"internal","error":"boom"}`,
			"server: internal: boom",
		},
		{
			"vector",
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1700000040,"1"]}]}}`, "not a matrix: the answer is a vector",
		},
		{
			"vector, type last",
			`{"status":"success","data":{"result":[{"metric":{},"value":[1700000040,"1"]}],"resultType":"vector"}}`, "not a matrix: the answer is a vector",
		},
		{
			"empty vector, type last",
			`{"status":"success","data":{"result":[],"resultType":"vector"}}`,
			"not a matrix: the answer is a vector",
		},
		{
			"scalar",
			`{"status":"success","data":{"resultType":"scalar","result":[1700000040,"1"]}}`,
			"not a matrix: the answer is a scalar",
		},
		{
			"string, type last",
			`{"status":"success","data":{"result":[1700000040,"x"],"resultType":"string"}}`,
			"not a matrix: the answer is a scalar or string",
		},
		{
			"native histograms",
			matrix(`{"metric":{"node":"a"},"histograms":[[1700000040,{"count":"1"}]]}`),
			`histogram: the series {node="a"} has native histograms`,
		},
		{
			"off the grid", values(`[1700000040,"1"],[1700000101,"1"]`),
			`series {node="a"}: the sample at 2023-11-14T22:15:01Z is not on a step of 1m0s from 2023-11-14T22:14:00Z`,
		},
		{
			"too early", values(`[1699999980,"1"]`),
			`series {node="a"}: the sample at 2023-11-14T22:13:00Z is outside the queried range, 2023-11-14T22:14:00Z to 2023-11-14T22:18:00Z`,
		},
		{"too late", values(`[1700000340,"1"]`), `is outside the queried range`},
		{"moved up", values(`[1700000041,"1"],[1700000341,"1"]`), `is outside the queried range`},
		{
			"twice at one time", values(`[1700000040,"1"],[1700000040,"1"]`),
			`the sample at 2023-11-14T22:14:00Z does not come after the one at 2023-11-14T22:14:00Z`,
		},
		{"backwards", values(`[1700000100,"1"],[1700000040,"1"]`), `does not come after`},
		{
			"a bare value", values(`[1700000040,1]`),
			`expected a sample's value in quotes, found '1'`,
		},
		{"no value", values(`[1700000040,"one"]`), `"one" is not a sample's value`},
		{"a value too large", values(`[1700000040,"1e999"]`), `"1e999" is not a sample's value`},
		{
			"a long value", values(`[1700000040,"` + strings.Repeat("1", 65) + `"]`),
			`longer than 64 bytes`,
		},
		{"a long time", values(`[` + strings.Repeat("1", 65) + `,"1"]`), `longer than 64 bytes`},
		{
			"a time in nanoseconds", values(`[1700000040000000000,"1"]`),
			`"1700000040000000000" is not a time in seconds`,
		},
		{"a time in quotes", values(`["1700000040","1"]`), `expected a sample's time`},
		{
			"a time with a zero before",
			values(`[01700000040,"1"],[01700000100,"1"]` + strings.Repeat(" ", 200)),
			`expected a sample's time`,
		},
		{"three in a sample", values(`[1700000040,"1","2"]`), `expected ']' after a sample`},
		{
			"comma at the end", values(`[1700000040,"1"],` + strings.Repeat(" ", 200)),
			`expected a sample, found ']'`,
		},
		{
			"data twice",
			`{"status":"success","data":{"resultType":"matrix","result":[]},"data":{}}`,
			"data twice",
		},
		{
			"result twice",
			`{"status":"success","data":{"resultType":"matrix","result":[],"result":[]}}`,
			"result twice",
		},
		{
			"values twice", matrix(`{"values":[[1700000040,"1"]],"values":[[1700000040,"1"]]}`),
			"values twice",
		},
		{"labels twice", matrix(`{"metric":{},"metric":{}}`), "labels twice"},
		{"a label twice", matrix(`{"metric":{"a":"1","b":"","a":"2"}}`), `the label "a" twice`},
		{
			"a series twice",
			matrix(`{"metric":{"node":"a"}},{"metric":{"node":"b"}},{"metric":{"node":"a"}}`),
			`bad answer: the answer has the series {node="a"} twice; `,
		},
		{
			"a series twice but for invalid UTF-8",
			matrix(`{"metric":{"node":"` + "\xff" + `"}},{"metric":{"node":"` + "\xfe" + `"}}`),
			`twice; a server that merges`,
		},
		{"a null series", matrix(`null`), "expected a series, found 'n'"},
		{
			"many labels", labels(maxLabels + 1), "too much: a series has more than 256 labels; " +
				"keep only the labels that matter: max by (namespace, pod) (…)",
		},
		{
			"a long label", matrix(`{"metric":{"a":"` + strings.Repeat("x", maxLabelBytes) + `"}}`),
			"too much: the labels of a series are longer than 64 KiB; keep only the labels that " +
				"matter: max by (namespace, pod) (…)",
		},
		{
			"a longer label", matrix(`{"metric":{"a":"` + strings.Repeat("x", 2*maxLabelBytes) +
				`"}}`), "too much: the labels of a series are longer than 64 KiB",
		},
		{
			"a longer label's name", matrix(`{"metric":{"` + strings.Repeat("x", maxLabelBytes+1) +
				`":"a"}}`), "longer than 65536 bytes",
		},
		{
			"long labels", matrix(`{"metric":{"a":"` + strings.Repeat("x", maxLabelBytes/2) +
				`","b":"` + strings.Repeat("x", maxLabelBytes/2) + `"}}`),
			"too much: the labels of a series are longer than 64 KiB",
		},
		{"deep", `{"x":` + strings.Repeat("[", 1e5), "nested deeper than 128"},
		{"more behind", one + `{}`, `expected nothing more, found '{'`},
		{
			"a control character", "{\"sta\ntus\":1}",
			`expected no control character in a key, found '\n'`,
		},
		{"a bad escape", `{"\x":1}`, `expected an escape, found 'x'`},
		{"a bad number", `{"x":01}`, `expected a value`},
		{"a bad word", `{"x":trux}`, `expected true, found 'x'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := decode(strings.NewReader(tt.body), grid, 10)
			if got := describe(err); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			_, _, slow := decode(iotest.OneByteReader(strings.NewReader(tt.body)), grid, 10)
			if describe(slow) != describe(err) {
				t.Errorf("got  %v byte by byte\nwant %v", slow, err)
			}
		})
	}
}

// describe formats an error with its kind.
func describe(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Kind) + ": " + e.Error()
	}
	return fmt.Sprint(err)
}
