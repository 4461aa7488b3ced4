// Package grafanadouble stands in for grafana.com and for a Grafana server in tests: it serves the
// dashboards that it is given, records what it is asked, and fails on demand. It never ships.
package grafanadouble

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fault is something that goes wrong with requests.
type Fault struct {
	Path  string // what the path of the request ends with; "": every request
	Times int    // so many requests fail; 0: all

	Status     int    // of the answer; 0: 200
	Body       string // of the answer
	Redirect   string // the address that the answer redirects to
	RetryAfter int    // in seconds; 0: the answer does not say
	Length     int    // the answer is so many bytes of JSON
	Chunked    bool   // it does not say how long it is
	Drop       bool   // the connection breaks within the answer
}

// Call is one request that was received.
type Call struct {
	Path          string // with the query
	Authorization string
	Referer       string
}

// Double is a server with the APIs of both.
type Double struct {
	server *httptest.Server

	mu        sync.Mutex
	token     string
	public    map[int][]string  // revisions of dashboards by number; the first is revision 1
	dashboard map[string]string // by UID
	files     map[string]string // by path
	faults    []Fault
	calls     []Call
}

// Start starts a double. If token is not empty, the Grafana server requires it. The APIs are at the
// root and below /grafana.
func Start(token string) *Double {
	d := &Double{
		token: token, public: map[int][]string{}, dashboard: map[string]string{},
		files: map[string]string{},
	}
	d.server = httptest.NewServer(d)
	return d
}

// Close ends it.
func (d *Double) Close() {
	d.server.CloseClientConnections()
	d.server.Close()
}

// URL is its address.
func (d *Double) URL() string { return d.server.URL }

// Publish adds a revision of a dashboard of grafana.com.
func (d *Double) Publish(number int, dashboard string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.public[number] = append(d.public[number], dashboard)
}

// Save saves a dashboard of the Grafana server.
func (d *Double) Save(uid, dashboard string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dashboard[uid] = dashboard
}

// Serve serves a file at a path.
func (d *Double) Serve(path, body string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[path] = body
}

// Fail adds a fault.
func (d *Double) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, f)
}

// Mend removes all faults.
func (d *Double) Mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = nil
}

// Calls returns the requests so far, and forgets them.
func (d *Double) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := d.calls
	d.calls = nil
	return calls
}

// ServeHTTP implements http.Handler.
func (d *Double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.calls = append(d.calls, Call{
		r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Referer"),
	})
	fault, fails := d.fault(r.URL.Path)
	d.mu.Unlock()
	if fails {
		fault.answer(w, r)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/grafana")
	if body, ok := d.files[r.URL.Path]; ok {
		say(w, http.StatusOK, body)
	} else if uid, ok := strings.CutPrefix(path, "/api/dashboards/uid/"); ok {
		d.private(w, r, uid)
	} else if rest, ok := strings.CutPrefix(path, "/api/dashboards/"); ok {
		d.published(w, rest)
	} else {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, "<!DOCTYPE html><html><body>Page not found</body></html>")
	}
}

// fault returns the fault of a request, and uses it up.
func (d *Double) fault(path string) (Fault, bool) {
	i := slices.IndexFunc(d.faults, func(f Fault) bool { return strings.HasSuffix(path, f.Path) })
	if i < 0 {
		return Fault{}, false
	}
	f := d.faults[i]
	switch f.Times {
	case 0:
	case 1:
		d.faults = slices.Delete(d.faults, i, i+1)
	default:
		d.faults[i].Times--
	}
	return f, true
}

// answer answers as the fault says.
func (f Fault) answer(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.Drop:
		w.Header().Set("Content-Length", "1000")
		_, _ = fmt.Fprint(w, `{"title":`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.Redirect != "":
		http.Redirect(w, r, f.Redirect, http.StatusFound)
		return
	case f.Length > 0:
		if !f.Chunked {
			w.Header().Set("Content-Length", strconv.Itoa(f.Length))
		}
		f.fill(w)
		return
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if strings.HasPrefix(f.Body, "<") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(max(f.Status, http.StatusOK))
	_, _ = fmt.Fprint(w, f.Body)
}

// fill writes Length bytes of JSON, until the client has enough.
func (f Fault) fill(w http.ResponseWriter) {
	block := []byte(strings.Repeat(" ", 64<<10))
	for left := f.Length; left > 0; left -= len(block) {
		if _, err := w.Write(block[:min(left, len(block))]); err != nil {
			return
		}
	}
}

// private answers the API of a Grafana server.
func (d *Double) private(w http.ResponseWriter, r *http.Request, uid string) {
	switch got := r.Header.Get("Authorization"); {
	case d.token != "" && got == "":
		say(w, http.StatusUnauthorized, `{"message":"Unauthorized"}`)
		return
	case d.token != "" && got != "Bearer "+d.token:
		say(w, http.StatusUnauthorized, `{"message":"Invalid API key"}`)
		return
	}
	dashboard, ok := d.dashboard[uid]
	if !ok {
		say(w, http.StatusNotFound, `{"message":"Dashboard not found"}`)
		return
	}
	say(w, http.StatusOK, `{"meta":{"slug":"`+url.PathEscape(uid)+`","folderId":0},"dashboard":`+
		dashboard+`}`)
}

// published answers the API of grafana.com.
func (d *Double) published(w http.ResponseWriter, rest string) {
	parts := strings.Split(rest, "/")
	number, err := strconv.Atoi(parts[0])
	revisions := d.public[number]
	if err != nil || len(revisions) == 0 {
		say(w, http.StatusNotFound, `{"code":"NotFound","message":"Dashboard not found"}`)
		return
	}
	if len(parts) == 1 {
		newest := revisions[len(revisions)-1]
		about, _ := json.Marshal(map[string]any{
			"id": number, "revision": len(revisions), "name": "A dashboard",
			"json": json.RawMessage(newest),
		})
		say(w, http.StatusOK, string(about))
		return
	}
	if len(parts) == 4 && parts[1] == "revisions" && parts[3] == "download" {
		if n, err := strconv.Atoi(parts[2]); err == nil && 0 < n && n <= len(revisions) {
			say(w, http.StatusOK, revisions[n-1])
			return
		}
	}
	say(w, http.StatusNotFound, `{"code":"NotFound","message":"Revision not found"}`)
}

func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}
