package lab

import (
	"bufio"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// queryData is the data of a query's answer.
type queryData struct{ value parser.Value }

// seriesData is the data of /api/v1/series.
type seriesData []labels.Labels

// respond writes an answer in Prometheus' own JSON: keys in its order, timestamps in seconds with
// at most three decimals, values as strings. It streams, so that a large matrix is never in memory
// as text.
func respond(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	j := jsonWriter{w: bufio.NewWriterSize(w, 64<<10)}
	j.raw(`{"status":"success","data":`)
	switch d := a.data.(type) {
	case queryData:
		j.query(d.value)
	case seriesData:
		j.list(len(d), func(i int) { j.labels(d[i]) })
	case []string:
		j.list(len(d), func(i int) { j.string(d[i]) })
	default:
		j.any(d)
	}
	warnings, infos := a.notes.AsStrings(a.query, 10, 10)
	for _, n := range []struct {
		key  string
		said []string
	}{{`,"warnings":`, warnings}, {`,"infos":`, infos}} {
		if len(n.said) > 0 {
			j.raw(n.key)
			j.list(len(n.said), func(i int) { j.string(n.said[i]) })
		}
	}
	j.raw("}")
	_ = j.w.Flush() // a client that left needs no error
}

// jsonWriter writes JSON through one buffer. w keeps errors of the connection.
type jsonWriter struct {
	w   *bufio.Writer
	buf []byte
}

func (j *jsonWriter) raw(s string) { _, _ = j.w.WriteString(s) }

// any writes a small value like encoding/json.
func (j *jsonWriter) any(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		// only a NaN or a channel could fail, and no such value gets here
		b = []byte("null")
	}
	_, _ = j.w.Write(b)
}

func (j *jsonWriter) list(n int, item func(i int)) {
	j.raw("[")
	for i := range n {
		if i > 0 {
			j.raw(",")
		}
		item(i)
	}
	j.raw("]")
}

func (j *jsonWriter) query(v parser.Value) {
	j.raw(`{"resultType":"` + string(v.Type()) + `","result":`)
	switch v := v.(type) {
	case promql.Matrix:
		j.list(len(v), func(i int) {
			j.raw(`{"metric":`)
			j.labels(v[i].Metric)
			j.raw(`,"values":`)
			j.list(len(v[i].Floats), func(k int) { j.point(v[i].Floats[k].T, v[i].Floats[k].F) })
			j.raw("}")
		})
	case promql.Vector:
		j.list(len(v), func(i int) {
			j.raw(`{"metric":`)
			j.labels(v[i].Metric)
			j.raw(`,"value":`)
			j.point(v[i].T, v[i].F)
			j.raw("}")
		})
	default: // a scalar or a string, which marshal themselves
		j.any(v)
	}
	j.raw("}")
}

func (j *jsonWriter) labels(lset labels.Labels) {
	j.raw("{")
	first := true
	lset.Range(func(l labels.Label) {
		if !first {
			j.raw(",")
		}
		first = false
		j.string(l.Name)
		j.raw(":")
		j.string(l.Value)
	})
	j.raw("}")
}

func (j *jsonWriter) point(t int64, v float64) {
	b := append(j.buf[:0], '[')
	b = append(appendTime(b, t), `,"`...)
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, v, format, -1, 64)
	j.buf = append(b, `"]`...)
	j.flush()
}

func (j *jsonWriter) flush() { _, _ = j.w.Write(j.buf) }

// appendTime writes milliseconds as seconds.
func appendTime(b []byte, t int64) []byte {
	if t < 0 {
		b, t = append(b, '-'), -t
	}
	b = strconv.AppendInt(b, t/1000, 10)
	if f := t % 1000; f != 0 {
		b = append(b, '.', byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
	}
	return b
}

// string writes a JSON string as Prometheus does. It does not escape HTML, which is up to the
// reader.
func (j *jsonWriter) string(s string) {
	const hex = "0123456789abcdef"
	b := append(j.buf[:0], '"')
	for _, r := range s { // an invalid byte becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r < ' ':
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	j.buf = append(b, '"')
	j.flush()
}
