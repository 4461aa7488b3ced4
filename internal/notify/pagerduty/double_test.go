package pagerduty

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double accepts events by PagerDuty's public description of the Events API v2: its schema and its
// limits.
type double struct {
	*notifytest.Double
	open map[string]Event // the alerts that are open, by deduplication key
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{open: map[string]Event{}}
	d.Double = notifytest.NewDouble(t, d.accept)
	return d
}

func (d *double) accept(r *http.Request, body []byte) (status int, answer, arrived string) {
	if r.Method != http.MethodPost || r.URL.Path != "/v2/enqueue" {
		return http.StatusNotFound, "", ""
	}
	e, wrong := checked(body)
	if len(wrong) > 0 {
		return http.StatusBadRequest, fmt.Sprintf(`{"status":"invalid event","message":"Event object `+
			`is invalid","errors":[%q]}`, wrong), ""
	}
	if e.Action == Resolve {
		delete(d.open, e.DedupKey)
	} else {
		d.open[e.DedupKey] = e
	}
	return http.StatusAccepted, `{"status":"success","message":"Event processed"}`, string(body)
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
