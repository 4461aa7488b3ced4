package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/promapi"
)

var end = time.Date(2026, 11, 29, 12, 0, 30, 0, time.UTC)

// double is a Prometheus whose queries are the answers' names: "20000" has so many series, "fail"
// is refused, "hang" never answers, and everything else has two series.
type double struct {
	*httptest.Server
	mu   sync.Mutex
	sent []string // "range EXPR START END STEP", "instant EXPR TIME", "values LABEL MATCH"
}

func newDouble(t *testing.T) *double {
	t.Helper()
	d := &double{}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

// client returns a client of the double that does not retry.
func (d *double) client(t *testing.T) *promapi.Client {
	t.Helper()
	return clientOf(t, d.URL)
}

func clientOf(t *testing.T, address string) *promapi.Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := promapi.New(base, nil, promapi.Options{Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asked returns what the double was asked, sorted.
func (d *double) asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(slices.Values(d.sent))
}

// ServeHTTP implements http.Handler.
func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	expr := r.FormValue("query")
	var line string
	switch {
	case strings.HasSuffix(r.URL.Path, "/query_range"):
		line = "range " + expr + " " + r.FormValue("start") + " " + r.FormValue("end") + " " +
			r.FormValue("step")
	case strings.HasSuffix(r.URL.Path, "/query"):
		line = "instant " + expr + " " + r.FormValue("time")
	default:
		line = "values " + r.URL.Path + " " + r.FormValue("match[]")
	}
	if strings.Contains(line, "no_such_metric") { // whether the server heeds match[]
		fmt.Fprint(w, `{"status":"success","data":[]}`)
		return
	}
	d.mu.Lock()
	d.sent = append(d.sent, line)
	d.mu.Unlock()
	switch {
	case strings.HasPrefix(expr, "fail"), strings.Contains(r.FormValue("match[]"), "fail"):
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"status":"error","errorType":"execution","error":"many-to-many matching"}`)
	case strings.HasPrefix(expr, "hang"):
		<-r.Context().Done()
	case strings.HasSuffix(line, " empty"):
		fmt.Fprint(w, `{"status":"success","data":[]}`)
	case strings.HasSuffix(line, " warn"):
		fmt.Fprint(w, `{"status":"success","warnings":["a store is down"],"data":["one"]}`)
	case strings.HasPrefix(line, "values"):
		fmt.Fprint(w, `{"status":"success","data":["one","two"]}`)
	default:
		answer(w, r, expr)
	}
}

// answer writes as many series as expr says. The i-th of n series has the value n-i.
func answer(w http.ResponseWriter, r *http.Request, expr string) {
	n, err := strconv.Atoi(strings.TrimPrefix(expr, "n"))
	if err != nil {
		n = 2
	}
	start, _ := strconv.ParseFloat(r.FormValue("start"), 64)
	stop, _ := strconv.ParseFloat(r.FormValue("end"), 64)
	step, _ := strconv.ParseFloat(r.FormValue("step"), 64)
	kind := "vector"
	if step > 0 {
		kind = "matrix"
	}
	warnings := ""
	if strings.HasPrefix(expr, "warn") {
		warnings = `"warnings":["a store is down"],`
	}
	fmt.Fprintf(w, `{"status":"success",%s"data":{"resultType":%q,"result":[`, warnings, kind)
	var line []byte
	for i := range n {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, `{"metric":{"__name__":"m","i":"%05d"},`, i)
		if kind == "vector" {
			fmt.Fprintf(w, `"value":[%s,"%d"]}`, r.FormValue("time"), n-i)
			continue
		}
		line = append(line[:0], `"values":[`...)
		for t := start; t <= stop; t += step {
			if t > start {
				line = append(line, ',')
			}
			line = strconv.AppendInt(append(line, '['), int64(t), 10)
			line = strconv.AppendInt(append(line, `,"`...), int64(n-i), 10)
			line = append(line, `"]`...)
		}
		_, _ = w.Write(append(line, "]}"...))
	}
	fmt.Fprint(w, `]}}`)
}

// decode returns a dashboard with panels and variables in JSON.
func decode(t *testing.T, panels, variables string) *grafana.Dashboard {
	t.Helper()
	b, err := grafana.Decode([]byte(`{"title": "Test", "templating": {"list": [` + variables +
		`]}, "panels": [` + panels + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// graph returns a panel in JSON that queries some expressions, with the refs A, B, ...
func graph(id int, title string, exprs ...string) string {
	return panelOf(id, title, "timeseries", "", exprs...)
}

func panelOf(id int, title, kind, more string, exprs ...string) string {
	var targets []string
	for i, e := range exprs {
		targets = append(targets, fmt.Sprintf(`{"refId": "%c", "expr": %q%s}`, 'A'+i, e, more))
	}
	return fmt.Sprintf(`{"id": %d, "title": %q, "type": %q, "targets": [%s],
		"gridPos": {"x": 0, "y": %d, "w": 12, "h": 8}}`, id, title, kind,
		strings.Join(targets, ","), id*8)
}
