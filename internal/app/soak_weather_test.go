package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
)

// fleetQuery is the only query that a fleet answers.
const fleetQuery = "node_memory_used_ratio"

// fleet is a Prometheus about nodes whose memory is above its limit at times.
type fleet map[string][]incident

// incident is a time in which a node is above its limit, from its first minute to its last.
type incident struct{ from, to time.Time }

func (in incident) name(node string) string { return node + " from " + in.from.Format("Mon 15:04") }

// newFleet returns six nodes with incidents of 3 to 60 minutes, hours apart, which begin an hour
// after begin.
func newFleet(random *rand.Rand, begin time.Time, length time.Duration) fleet {
	f := fleet{}
	for i := range 6 {
		node := fmt.Sprintf("ip-10-0-1-%d", 11+i)
		for at := begin.Add(-30 * time.Minute); ; {
			at = at.Add(time.Duration(90+random.IntN(400)) * time.Minute)
			in := incident{at, at.Add(time.Duration(3+random.IntN(58)) * time.Minute)}
			if at = in.to; at.After(begin.Add(length)) {
				break
			}
			f[node] = append(f[node], in)
		}
	}
	return f
}

func (f fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	data := `[]`
	switch r.URL.Path {
	case "/api/v1/query_range":
		data = `{"resultType":"matrix","result":` + f.lines(r, "") + `}`
	case "/api/v1/status/buildinfo":
		data = `{"version":"3.15.0"}`
	}
	_, _ = io.WriteString(w, `{"status":"success","data":`+data+`}`)
}

// lines returns the series of a range query, without one node.
func (f fleet) lines(r *http.Request, without string) string {
	type line struct {
		Metric map[string]string `json:"metric"`
		Values [][2]any          `json:"values"`
	}
	lines := []line{}
	from, _ := strconv.ParseInt(r.FormValue("start"), 10, 64)
	to, _ := strconv.ParseInt(r.FormValue("end"), 10, 64)
	step, _ := strconv.ParseInt(r.FormValue("step"), 10, 64)
	for node, incidents := range f {
		if r.FormValue("query") != fleetQuery || node == without || step < 1 {
			continue
		}
		l := line{Metric: map[string]string{"node": node}}
		for at := from; at <= to; at += step {
			value := "0.5"
			for _, in := range incidents {
				if now := time.Unix(at, 0); !now.Before(in.from) && !now.After(in.to) {
					value = "0.95"
				}
			}
			l.Values = append(l.Values, [2]any{at, value})
		}
		lines = append(lines, l)
	}
	body, err := json.Marshal(lines)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// The servers with faults.
const (
	overPrometheus = "Prometheus"
	overS3         = "S3"
)

// weather makes requests fail: for one slot, or for up to five in a row, and then for three not.
type weather struct {
	mu     sync.Mutex
	random *rand.Rand
	spells map[string]*spell
	met    map[string]int // faults
}

// spell is a time in which requests to one server fail.
type spell struct {
	until, calm int     // slots
	share       float64 // of the requests that fail
	hangs       int     // how many more requests may hang, because each takes its time
}

// change sets the faults of the next slot, and reports whether nothing will fail.
func (w *weather) change(n int) (calm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spells == nil {
		w.spells = map[string]*spell{overPrometheus: {calm: 3}, overS3: {calm: 3}}
	}
	calm = true
	for _, over := range []string{overPrometheus, overS3} {
		s := w.spells[over]
		s.hangs = 1
		if n >= s.calm && w.random.IntN(40) == 0 {
			s.until = n + 1
			if w.random.IntN(4) == 0 {
				s.until += w.random.IntN(5)
			}
			s.calm, s.share = s.until+3, []float64{0.15, 0.4, 1}[w.random.IntN(3)]
		}
		if n >= s.until {
			s.share = 0
		}
		calm = calm && s.share == 0
	}
	return calm
}

// fails reports whether requests to a server fail now.
func (w *weather) fails(over string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spells[over].share > 0
}

// fate returns a kind of fault, or -1 for a request that succeeds. Kind 0 is a hang, which occurs
// once a slot.
func (w *weather) fate(over string, kinds int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.spells[over]
	if s == nil || w.random.Float64() >= s.share {
		return -1
	}
	w.met[over]++
	kind := w.random.IntN(kinds)
	if kind == 0 {
		if s.hangs--; s.hangs < 0 || w.random.IntN(3) > 0 {
			kind = 1
		}
	}
	return kind
}

// overS3 returns the fault of a request to S3.
func (w *weather) overS3(r *http.Request, _ int) *cloudtest.Fault {
	faults := []*cloudtest.Fault{
		{Hang: true},
		{
			Status: http.StatusServiceUnavailable, Code: "SlowDown",
			Message: "Please reduce your request rate.",
		},
		{
			Status: http.StatusInternalServerError, Code: "InternalError",
			Message: "We encountered an internal error. Please try again.",
		},
		{
			Status: http.StatusTooManyRequests, Code: "TooManyRequests",
			Header: map[string]string{"Retry-After": "1"},
		},
		{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"},
		{Lost: true}, {Lost: true},
		{
			Status: http.StatusConflict, Code: "ConditionalRequestConflict",
			Message: "The conditional request cannot succeed due to a conflicting operation",
		},
		{
			Status: http.StatusPreconditionFailed, Code: "PreconditionFailed",
			Message: "At least one of the pre-conditions you specified did not hold",
		},
	}
	kinds := len(faults)
	if r.Header.Get("If-Match")+r.Header.Get("If-None-Match") == "" {
		kinds -= 2
	}
	if kind := w.fate(overS3, kinds); kind >= 0 {
		return faults[kind]
	}
	return nil
}

// over returns a Prometheus with faults.
func (w *weather) over(f fleet) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			return
		}
		switch kind := w.fate(overPrometheus, 9); kind {
		case -1:
			f.ServeHTTP(rw, r)
		case 0:
			<-r.Context().Done()
		case 1:
			http.Error(rw, "upstream connect error", http.StatusServiceUnavailable)
		case 2:
			rw.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(rw,
				`{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`)
		case 3:
			rw.Header().Set("Retry-After", "1")
			http.Error(rw, "too many requests", http.StatusTooManyRequests)
		case 4:
			http.Error(rw, "internal error", http.StatusInternalServerError)
		case 5:
			panic(http.ErrAbortHandler)
		case 6: // cut off in the middle
			answer := httptest.NewRecorder()
			f.ServeHTTP(answer, r)
			body := answer.Body.Bytes()
			rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = rw.Write(body[:len(body)/2])
			panic(http.ErrAbortHandler)
		case 7:
			rw.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(rw, "<html>Sign in</html>")
		case 8: // only a part of the data, as from Thanos
			if r.URL.Path != "/api/v1/query_range" {
				f.ServeHTTP(rw, r)
				return
			}
			_, _ = io.WriteString(rw, `{"status":"success","data":{"resultType":"matrix","result":`+
				f.lines(r, "ip-10-0-1-12")+`},"warnings":["a store did not answer"]}`)
		}
	})
}
