package pagerduty

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double accepts events by PagerDuty's public description of the Events API v2: its schema and its
// limits.
type double struct {
	*httptest.Server
	mu     sync.Mutex
	open   map[string]Event // the alerts that are open, by deduplication key
	lines  []string         // one for each accepted event
	asked  int              // requests
	status int              // instead of accepting anything; 0: accepts
	text   string           // the body of that answer
	after  time.Duration
	lose   bool // accept the next event, and break the connection instead of answering
	hang   chan struct{}
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{open: map[string]Event{}}
	d.Server = httptest.NewServer(d)
	t.Cleanup(func() {
		if d.hang != nil {
			close(d.hang)
		}
		d.Close()
	})
	return d
}

func (d *double) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if hang := d.hang; hang != nil {
		d.mu.Unlock()
		<-hang
		d.mu.Lock()
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	switch {
	case d.status != 0:
		if d.after > 0 {
			rw.Header().Set("Retry-After", fmt.Sprint(int(d.after.Seconds())))
		}
		rw.WriteHeader(d.status)
		_, _ = io.WriteString(rw, d.text)
		return
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/v2/enqueue":
		rw.WriteHeader(http.StatusNotFound)
		return
	}
	e, wrong := checked(body)
	if len(wrong) > 0 {
		rw.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(rw).Encode(map[string]any{
			"status": "invalid event", "message": "Event object is invalid", "errors": wrong,
		})
		return
	}
	d.lines = append(d.lines, string(body))
	if e.Action == Resolve {
		delete(d.open, e.DedupKey)
	} else {
		d.open[e.DedupKey] = e
	}
	if d.lose {
		d.lose = false
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(rw).Encode(map[string]string{
		"status": "success", "message": "Event processed", "dedup_key": e.DedupKey,
	})
}

// checked returns the event of a body, and what PagerDuty's description forbids in it.
func checked(body []byte) (e Event, wrong []string) {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return e, []string{err.Error()}
	}
	bad := func(yes bool, what string) {
		if yes {
			wrong = append(wrong, what)
		}
	}
	bad(len(body) > 512<<10, "the event is larger than 512 KB")
	bad(e.RoutingKey != notifytest.Secret, "'routing_key' is wrong")
	bad(e.Action != Trigger && e.Action != Resolve, "'event_action' is wrong")
	bad(e.DedupKey == "" || utf8.RuneCountInString(e.DedupKey) > 255, "'dedup_key' is wrong")
	if e.Action == Resolve {
		return e, wrong
	}
	if e.Payload == nil {
		return e, append(wrong, "'payload' is missing")
	}
	p := e.Payload
	bad(p.Summary == "" || utf8.RuneCountInString(p.Summary) > 1024, "'payload.summary' is wrong")
	bad(p.Source == "", "'payload.source' is missing")
	bad(!slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity),
		"'payload.severity' is wrong")
	for _, l := range e.Links {
		bad(!letter.IsLink(l.Href), "'links.href' is no address")
	}
	for _, i := range e.Images {
		bad(!strings.HasPrefix(i.Src, "https://"), "'images.src' is not served via HTTPS")
	}
	return e, wrong
}

func (d *double) answer(status int, text string, after time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.text, d.after = status, text, after
}

// all returns a line for each event that was accepted.
func (d *double) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

// options returns options for a double at an address.
func options(link string) Options {
	return Options{
		RoutingKey: secret.Inline(notifytest.Secret), URL: link + "/v2/enqueue",
		Client: "promsnap", ClientURL: "https://wiki.example.com/promsnap",
		Transport: &http.Transport{},
	}
}

func open(t *testing.T, link string) *Notifier {
	t.Helper()
	n, err := New(options(link))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
