//go:build acceptance

package acceptance

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// marked is the secret in every place that has one. The letters in its middle survive escaping, or
// are encoded.
const marked = "m+/&" + markedCore + "%=x"

const markedCore = "MARKEDsweepTOKEN"

// traces are the signs of the secret in a text: a part of it, which is what a cut leaves, or its
// base64 or hexadecimal form.
var traces = sync.OnceValue(func() []string {
	const part = "MARKEDsw"
	out := []string{
		part, hex.EncodeToString([]byte(part)), strings.ToUpper(hex.EncodeToString([]byte(part))),
	}
	for before := range 3 { // base64 depends on where the text begins
		all := base64.StdEncoding.EncodeToString(append(make([]byte, before), markedCore...))
		out = append(out, all[4*((before+2)/3):][:12])
	}
	return out
})

// parrot answers every request with the request's own words, wherever they were in it, encoded or
// not, including the credentials.
type parrot struct {
	name   string
	answer func(w http.ResponseWriter, echo string)
}

// echoOf returns all that a server sees of a request, in one line.
func echoOf(r *http.Request) string {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // a part is enough
	parts := []string{r.Method, r.RequestURI, r.URL.Path}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "User-Agent" && !strings.HasPrefix(name, "Accept") {
			parts = append(parts, name+": "+strings.Join(r.Header[name], ", "))
		}
	}
	if user, password, ok := r.BasicAuth(); ok {
		parts = append(parts, user+":"+password)
	}
	if strings.Contains(string(body), markedCore) || strings.Contains(string(body), "token=") {
		parts = append(parts, string(body))
	}
	return strings.Join(parts, " ")
}

func (p parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.answer(w, echoOf(r)) }

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// status answers with a status code and a body of a content type.
func status(code int, kind string,
	body func(echo string) string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, echo string) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body(echo))
	}
}

func asItIs(echo string) string { return echo }

// redirect answers with a location that holds the request's words.
func redirect(w http.ResponseWriter, echo string) {
	w.Header().Set("Location", "http://127.0.0.1:1/"+strings.ReplaceAll(echo, " ", "_"))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// parrots are refusals that any server may send.
func parrots() []parrot {
	return []parrot{
		{"401", status(401, "text/plain", asItIs)},
		{"404", status(404, "text/plain", asItIs)},
		{"400 cut", status(400, "text/plain", func(echo string) string {
			return cutAt(echo, 200)
		})},
		{"400", status(400, "text/plain", asItIs)},
		{"422 cut", status(422, "text/plain", func(echo string) string {
			return cutAt(echo, 300)
		})},
		{"500", status(500, "text/html", asItIs)},
		{"a line of 500", status(500, "text/plain", asItIs)},
		{"text labelled JSON", status(200, "application/json", asItIs)},
		{"redirect", redirect},
	}
}

// cutAt puts text before the secret so that a limit of this many bytes cuts the secret in its
// middle.
func cutAt(echo string, limit int) string {
	i := strings.Index(echo, markedCore)
	if i < 0 {
		return echo
	}
	before := echo[max(0, i-20):i]
	return strings.Repeat("x", max(limit-len(before)-10, 0)) + before + echo[i:]
}

// prometheusParrots are refusals as Prometheus sends them.
func prometheusParrots() []parrot {
	failed := func(kind string, echo string) string {
		return jsonText(map[string]any{"status": "error", "errorType": kind, "error": echo})
	}
	return []parrot{
		{"bad_data", status(400, "application/json", func(echo string) string {
			return failed("bad_data", echo)
		})},
		{"errorType", status(400, "application/json", func(echo string) string {
			return failed(cutAt(echo, 50), "no")
		})},
		{"cut", status(422, "application/json", func(echo string) string {
			return failed("execution", cutAt(echo, 1000))
		})},
		{"error with 200", status(200, "application/json", func(echo string) string {
			return failed("internal", cutAt(echo, 1000))
		})},
		{"warnings", status(200, "application/json", func(echo string) string {
			return jsonText(map[string]any{
				"status": "success", "data": map[string]any{
					"resultType": "matrix", "result": []any{},
				}, "warnings": []string{echo, cutAt(echo, 1000)}, "infos": []string{echo},
			})
		})},
		{"another type", status(200, "application/json", func(echo string) string {
			return jsonText(map[string]any{
				"status": "success", "data": map[string]any{"resultType": echo, "result": []any{}},
			})
		})},
		{"another compression", func(w http.ResponseWriter, echo string) {
			w.Header().Set("Content-Encoding", echo)
			_, _ = io.WriteString(w, "x")
		}},
	}
}

// slackParrots are refusals as Slack sends them.
func slackParrots() []parrot {
	return []parrot{
		{"error", status(200, "application/json", func(echo string) string {
			return jsonText(map[string]any{"ok": false, "error": echo})
		})},
		{"error of the token", status(200, "application/json", func(string) string {
			return jsonText(map[string]any{"ok": false, "error": marked})
		})},
		{"needed", status(200, "application/json", func(echo string) string {
			return jsonText(map[string]any{
				"ok": false, "error": "missing_scope", "needed": marked, "provided": echo,
			})
		})},
		{"messages", status(200, "application/json", func(echo string) string {
			return jsonText(map[string]any{
				"ok": false, "error": "invalid_blocks", "response_metadata": map[string]any{
					"messages": []string{echo},
				},
			})
		})},
		{"short webhook error", status(400, "text/plain", func(string) string { return marked })},
	}
}

// s3Parrot is a refusal as S3 sends it.
var s3Parrot = parrot{"XML", status(400, "application/xml", func(echo string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(echo))
	return "<Error><Code>InvalidArgument</Code><Message>" + b.String() + "</Message></Error>"
})}

// TestNothingShowsASecret provokes the errors of every server that promsnap talks to. Their answers
// repeat the request. The test looks for the secret in everything that the program prints and
// writes.
func TestNothingShowsASecret(t *testing.T) {
	t.Parallel() // it mostly waits
	s := newSweep(t)
	s.prometheus(t)
	s.people(t)
	s.programs(t)
	s.bucket(t)
	s.wait(t)
}
