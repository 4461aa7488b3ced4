//go:build acceptance

package acceptance

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	matrixBegins = `{"status":"success","data":{"resultType":"matrix","result":[`
	matrixEnds   = `]}}`
)

// manySeries answers with n series. labels(i) returns the labels of series i.
func manySeries(n int, labels func(i int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		samples := values(r, "1")
		_, _ = io.WriteString(w, matrixBegins)
		for i := range n {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			if _, err := fmt.Fprintf(w, `{"metric":{%s},"values":%s}`, labels(i),
				samples); err != nil {
				return // the client has closed the connection
			}
		}
		_, _ = io.WriteString(w, matrixEnds)
	}
}

// oneSeries answers with format, whose argument is the samples of one series.
func oneSeries(format string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, format, values(r, "1"))
	}
}

// refuses answers as Prometheus does if it rejects a query.
func refuses(status int, errorType, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"status":"error","errorType":%q,"error":%q}`, errorType, message)
	}
}

// busy answers with 429 for the first times requests and then with one series.
func busy(times int, head ...string) http.HandlerFunc {
	var mu sync.Mutex
	asked := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked++
		n := asked
		mu.Unlock()
		if n > times {
			manySeries(1, func(int) string { return `"pod":"a"` })(w, r)
			return
		}
		if len(head) == 2 {
			w.Header().Set(head[0], head[1])
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

// hang sends headers and the start of an answer, then nothing until the client leaves.
func hang(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, matrixBegins)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// switches answers that it now speaks another protocol, then nothing until the client leaves.
func switches(w http.ResponseWriter, _ *http.Request) {
	raw(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", true)
}

// raw writes bytes unchanged. With hold it waits until the client leaves.
func raw(w http.ResponseWriter, bytes string, hold bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, bytes)
	if hold {
		_, _ = io.Copy(io.Discard, conn)
	}
	_ = conn.Close()
}

// drip sends a byte a second until the client leaves.
func drip(w http.ResponseWriter, r *http.Request) {
	for tick := time.NewTicker(time.Second); ; {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			tick.Stop()
			return
		}
	}
}

// bomb answers with 1.5 GiB: head and then text repeated. It is compressed to 1.5 MiB although no
// client asked for compression.
func bomb(head, text string) http.HandlerFunc {
	pack := func(s string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, s)
		_ = z.Close()
		return b.Bytes()
	}
	first, rest := pack(head), pack(strings.Repeat(text, 8<<20/len(text)))
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, err := w.Write(first)
		for range 192 {
			if err != nil {
				return // the client has closed the connection
			}
			_, err = w.Write(rest)
		}
	}
}

// aborted closes the connection after the start of an answer.
func aborted(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, `%s{"metric":{"pod":"a"},"values":%s}`, matrixBegins, values(r, "1"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// hostileAnswers are the faults of one panel's answer.
func hostileAnswers() []fault {
	pod := func(i int) string { return fmt.Sprintf(`"pod":"p%d"`, i) }
	faults := []fault{
		{name: "400", answer: refuses(400, "bad_data",
			`invalid parameter "query": 1:5: parse error: unclosed left parenthesis`), asked: 1,
			say: `HTTP 400: bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis; correct the query`},
		{name: "503 timeout", answer: refuses(503, "timeout",
			"query timed out in expression evaluation"), asked: 1,
			say: "query timed out in expression evaluation; Prometheus gave up after the query's " +
				"time limit: narrow the query, shorten its range, use a recording rule"},
		{name: "too many points", answer: refuses(400, "bad_data", "exceeded maximum resolution "+
			"of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"),
			asked: 1,
			say:   "use a larger step or a shorter range"},
		{
			name: "too many samples", answer: refuses(422, "execution", "query processing would "+
				"load too many samples into memory in query execution"), asked: 1,
			say: "narrow the selectors",
		},
		{
			name: "429 repeatedly", answer: busy(3), asked: 3, say: "HTTP 429; the server " +
				"or a proxy in front of it limits requests: lower concurrency or query less often",
		},
		{
			name: "429 with too long a wait", answer: busy(3, "Retry-After", "31"), asked: 1,
			say: "lower concurrency or query less often",
		},
		{
			name: "20,000 series", answer: manySeries(20_000, pod), asked: 1,
			say: "the query returns more than 10000 series; keep the ones that matter with " +
				"topk(10, …), add them up with sum by (…) (…), or raise max_series",
		},
		{name: "a series twice", answer: manySeries(2, func(int) string {
			return pod(1)
		}), asked: 1,
			say: `the answer has the series {pod="p1"} twice; a server that merges answers did not remove the copies`},
		{name: "a label of 64 KiB", answer: manySeries(2, func(i int) string {
			return pod(i) + `,"x":"` + strings.Repeat("x", 64<<10) + `"`
		}), asked: 1,
			say: "the labels of a series are longer than 64 KiB; keep only the labels that " +
				"matter: max by (namespace, pod) (…)"},
		{name: "labels of 60 KiB in 2,000 series", answer: manySeries(2000, func(i int) string {
			return pod(i) + `,"x":"` + strings.Repeat("x", 60<<10) + `"`
		}), asked: 1,
			say: "the labels of the series are longer than 19 MiB together; keep only the " +
				"labels that matter"},
		{
			name: "10,000 labels", answer: manySeries(1, manyLabels), asked: 1,
			say: "a series has more than 256 labels; keep only the labels that matter",
		},
		{name: "native histograms", answer: oneSeries(matrixBegins +
			`{"metric":{"pod":"a"},"histograms":[[1700000000,{"count":"1"}]],"values":%s}` +
			matrixEnds), asked: 1,
			say: "query a number of them: histogram_quantile(0.9, …)"},
		{
			name: "a vector",
			answer: oneSeries(
				`{"status":"success","data":{"resultType":"vector","result":[],"x":%s}}`), asked: 1,
			say: "the answer is a vector, not a matrix of series; this is the answer to an " +
				"instant query",
		},
		{
			name: "cut off", answer: oneSeries(matrixBegins + `{"metric":{"pod":"a"},"values":%s}`),
			asked: 1, say: "the answer was cut off: check the time and size limits of the " +
				"proxies in between",
		},
		{
			name: "connection broken", answer: aborted, asked: 1,
			say: "the connection failed or broke " +
				"off: check the network, and that Prometheus was not killed",
		},
		{name: "login page for one", answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>log in")
		}, asked: 1, say: "the login in front of Prometheus is for people"},
		{name: "one hangs", answer: func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, asked: 1, within: 2*hostileTimeout + 6*time.Second, say: "no complete answer after 2s"},
		{
			name: "one hangs after headers", answer: hang, asked: 1, within: 2*hostileTimeout +
				6*time.Second, say: "no complete answer after 2s",
		},
		{
			name: "one drips", answer: drip, asked: 1, within: 2*hostileTimeout + 6*time.Second,
			say: "no complete answer after 2s; the server or the network is too slow",
		},
		{
			name: "another protocol for one", answer: switches, asked: 1,
			say: "the server is no HTTP API: it switched protocols; check host and port: this " +
				"may not be a Prometheus server",
		},
		{
			name: "bomb", answer: bomb(`{"x":"`, "x"), asked: 1, patience: time.Minute,
			within: time.Minute, say: "the answer is longer than 1024 MiB; use a larger step " +
				"or query fewer series",
		},
		{
			name: "bomb of white space", answer: bomb(" ", " "), asked: 1, patience: time.Minute,
			within: time.Minute, say: "the answer is longer than 1024 MiB",
		},
		{
			name: "bomb of nested lists", answer: bomb(`{"x":`, "["), asked: 1,
			say: "objects and arrays are nested deeper than 128",
		},
		{
			name: "bomb of series", answer: bomb(matrixBegins, `{"metric":{},"values":[]},`),
			asked: 1, say: "the answer has the series {} twice",
		},
		{name: "brotli", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "\x0b\x02\x80{}\x03")
		}, asked: 1,
			say: `the answer is compressed with "br", which was not asked for; turn off compression in the proxy in front of Prometheus`},
	}
	for i := range faults {
		faults[i].hits, faults[i].code = panelOnly, 1
	}
	return faults
}

// manyLabels returns 10,000 labels.
func manyLabels(int) string {
	var parts []string
	for i := range 10_000 {
		parts = append(parts, fmt.Sprintf(`"l%d":"v"`, i))
	}
	return strings.Join(parts, ",")
}

// hostileOddities are unusual answers that are still valid.
func hostileOddities() []fault {
	const samples = `{"metric":{"pod":"a"},"values":%s}`
	odd := []fault{
		{name: "empty", answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, matrixBegins+matrixEnds)
		}, data: "absent"},
		{name: "all NaN", answer: func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, matrixBegins+samples+matrixEnds, values(r, "NaN"))
		}, data: "partial"},
		{
			name: "keys in another order",
			answer: oneSeries(
				`{"data":{"result":[{"values":%s,"metric":{"pod":"a"}}],"resultType":"matrix"},"status":"success"}`), data: "complete",
		},
		{
			name: "unknown keys",
			answer: oneSeries(
				`{"status":"success","stats":{"a":[1,{"b":null}]},"data":{"resultType":"matrix","analysis":{},"result":[{"metric":{"pod":"a"},"exemplars":[1],"values":%s}]},"trace":"x"}`), data: "complete",
		},
		{
			name: "isPartial",
			answer: oneSeries(
				`{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[` +
					samples + `]}}`), data: "partial",
		},
		{name: "warnings and infos", answer: oneSeries(
			`{"status":"success","warnings":["store eu-1 is gone"],"infos":["metric might not be a counter"],"data":{"resultType":"matrix","result":[` + samples + `]}}`),
			data: "partial", say: "store eu-1 is gone"},
		{name: "infos", answer: oneSeries(
			`{"status":"success","infos":["metric might not be a counter"],"data":{"resultType":"matrix","result":[` + samples + `]}}`),
			data: "complete", say: "metric might not be a counter"},
		{name: "a thousand warnings of 16 KiB", answer: oneSeries(
			`{"status":"success","warnings":[` + strings.Repeat(`"`+strings.Repeat("w", 16<<10)+
				`",`, 1000) + `"x"],"data":{"resultType":"matrix","result":[` + samples + `]}}`),
			data: "partial", say: strings.Repeat("w", 600) + "…" + strings.Repeat("w", 399)},
		{
			name: "invalid UTF-8",
			answer: oneSeries(matrixBegins + "{\"metric\":{\"pod\":\"a\xff\xfe\"},\"values\":%s}" +
				matrixEnds), data: "complete",
		},
		{name: "429 twice", answer: busy(2), data: "complete", asked: 3},
		{name: "429 with a wait", answer: busy(1, "Retry-After", "1"), data: "complete", asked: 2},
		{name: "gzip unasked", answer: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = fmt.Fprintf(z, matrixBegins+samples+matrixEnds, values(r, "1"))
			_ = z.Close()
		}, data: "complete"},
	}
	for i := range odd {
		odd[i].hits, odd[i].asked = panelOnly, cmp.Or(odd[i].asked, 1)
	}
	return odd
}
