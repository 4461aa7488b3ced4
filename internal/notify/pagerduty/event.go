package pagerduty

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// The limits of PagerDuty, in characters. An event is limited to 512 KB, which the limits of its
// parts together do not reach.
const (
	maxDedupKey = 255
	maxSummary  = 1024
)

// The limits of the parts for which PagerDuty has none.
const (
	maxTriggers = 50 // of one message; one more event stands for the rest
	maxName     = 255
	maxText     = 4 << 10
	maxLabels   = 20
	maxLabel    = 512 // characters of a value
	maxLines    = 10
	maxLink     = 16 << 10
)

// The actions of an event.
const (
	Trigger = "trigger"
	Resolve = "resolve"
)

// Event is the body of a request to the Events API v2.
type Event struct {
	RoutingKey string   `json:"routing_key,omitempty"` // a secret
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	ClientURL  string   `json:"client_url,omitempty"`
	Payload    *Payload `json:"payload,omitempty"` // nil for Resolve
	Links      []Link   `json:"links,omitempty"`
	Images     []Image  `json:"images,omitempty"`
}

// Payload describes the alert of an event.
type Payload struct {
	Summary   string    `json:"summary"`
	Source    string    `json:"source"`             // the object that has the problem
	Severity  string    `json:"severity"`           // critical, error, warning or info
	Timestamp time.Time `json:"timestamp,omitzero"` // when the alert began
	Component string    `json:"component,omitempty"`
	Group     string    `json:"group,omitempty"` // alerts with one cause have the same group
	Class     string    `json:"class,omitempty"`
	Details   *Details  `json:"custom_details,omitempty"`
}

// Details are what PagerDuty lists below the summary.
type Details struct {
	Cluster     string            `json:"cluster,omitempty"`
	Report      string            `json:"report,omitempty"`
	Description string            `json:"description,omitempty"`
	Value       string            `json:"value,omitempty"`
	Changes     []string          `json:"changes,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	// InsteadOf is the receiver that could not be notified.
	InsteadOf string `json:"instead_of,omitempty"`
}

// Link is a link of an event.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text,omitempty"`
}

// Image is a picture that PagerDuty loads from an address that begins with https://.
type Image struct {
	Src  string `json:"src"`
	Href string `json:"href,omitempty"`
	Alt  string `json:"alt,omitempty"`
}

// Events returns the events for a delivery, without the routing key. An event says whether its
// alert fires now, whatever the kind of the message: then the order of messages does not matter.
// There are none for a summary and for an all-clear.
func Events(d notify.Delivery, o Options) []Event {
	w := writer{d, o}
	switch m := d.Message; {
	case m == nil || m.Kind == notify.KindSummary:
		return nil
	case m.Kind == notify.KindTest:
		return w.test()
	}
	// PagerDuty keeps the alert of an earlier episode if it fires again
	ended, firing := d.Message.Alerts()
	var ends, fire []Event
	for _, i := range ended {
		ends = append(ends, Event{Action: Resolve, DedupKey: w.dedupKey(i.Key)})
	}
	for _, i := range firing {
		fire = append(fire, w.trigger(i))
	}
	if len(fire) > maxTriggers {
		fire = append(fire[:maxTriggers:maxTriggers], w.whole("more"))
	}
	return append(ends, fire...)
}

// writer writes the events of one delivery.
type writer struct {
	d notify.Delivery
	o Options
}

// test returns an alert that is marked as a test, and its end.
func (w *writer) test() []Event {
	e := w.whole("test")
	e.Payload.Severity = "info"
	return []Event{e, {Action: Resolve, DedupKey: e.DedupKey}}
}

// whole returns an event about the whole message. Nothing resolves it.
func (w *writer) whole(key rules.Key) Event {
	l := letter.Compose(w.d, letter.Limits{
		Title: maxSummary, Line: maxLabel, Place: maxLabel, Body: maxText, Code: maxText,
		URL: maxLink, Alt: maxLabel,
	})
	var lines []string
	for _, line := range l.Lines {
		lines = append(lines, line.String())
	}
	in := w.d.Report.Info
	return w.event(key, l.Links, Payload{
		Summary: l.Title, Source: outside.Line(in.Cluster), Severity: w.severity(l.Severity),
		Timestamp: in.Slot.UTC(),
		Details:   &Details{Description: outside.Clip(strings.Join(lines, "\n"), maxText)},
	})
}

// trigger returns the event of an alert that fires.
func (w *writer) trigger(i notify.Item) Event {
	one := w.d
	one.Memory.Alerts = map[rules.Key]rules.Alert{i.Key: i.Alert}
	said := letter.Say(one, i.Key, letter.Limits{URL: maxLink})
	in := w.d.Report.Info
	summary := in.Cluster + ": " + cmp.Or(said.Sentence, i.Alert.Rule)
	e := w.event(i.Key, said.Links, Payload{
		Summary: summary, Source: outside.Line(i.Alert.Name),
		Severity: w.severity(i.Alert.Severity), Timestamp: i.Episode.Since.UTC(),
		Component: i.Alert.Panel, Group: group(in.Cluster, i.Alert.Cause), Class: i.Alert.Rule,
		Details: &Details{
			Description: text(said.InFull, maxText), Value: text(said.Value, maxName),
			Labels: labels(i.Alert.Labels), Changes: lines(w.d.Changes[i.Key]),
		},
	})
	if src := w.picture(said.Link("report"), i.Alert.Panel); src != "" {
		e.Images = []Image{{src, said.Link("report"), text(said.Sentence, maxLabel)}}
	}
	return e
}

// event returns an event of type Trigger, with all texts within the limits.
func (w *writer) event(k rules.Key, links []letter.Link, p Payload) Event {
	in := w.d.Report.Info
	p.Summary = cmp.Or(text(p.Summary, maxSummary), "promsnap")
	p.Source = cmp.Or(text(p.Source, maxName), text(in.Cluster, maxName), "promsnap")
	p.Component, p.Class = text(p.Component, maxName), text(p.Class, maxName)
	p.Group = cmp.Or(text(p.Group, maxName), text(in.Cluster, maxName))
	p.Details.Cluster, p.Details.Report = text(in.Cluster, maxName), text(in.Name, maxName)
	p.Details.InsteadOf = text(w.d.Message.InsteadOf, maxName)
	e := Event{
		Action: Trigger, DedupKey: w.dedupKey(k), Payload: &p, Client: w.o.Client,
		ClientURL: w.o.ClientURL,
	}
	for _, l := range links {
		e.Links = append(e.Links, Link{l.URL, l.Words})
	}
	return e
}

// severity returns PagerDuty's word for a severity.
func (w *writer) severity(s rules.Severity) string {
	switch {
	case w.o.Severity != "":
		return w.o.Severity
	case s >= rules.Critical:
		return "critical"
	}
	return "warning"
}

// dedupKey returns the key by which PagerDuty knows an alert. It stays the same from the first
// event of the alert to its end, and in the next episode. A key that is too long or cannot be
// printed ends with its hash.
func (w *writer) dedupKey(k rules.Key) string {
	in := w.d.Report.Info
	whole := strings.Join([]string{"promsnap", in.Cluster, in.Name, string(k)}, "/")
	shown := outside.Line(whole)
	if shown == whole && len(whole) <= maxDedupKey {
		return whole
	}
	sum := sha256.Sum256([]byte(whole))
	mark := "#" + hex.EncodeToString(sum[:])
	return outside.Head(shown, maxDedupKey-len(mark)) + mark
}

// picture returns the address of a panel's picture beside the report; "" if there is none that
// PagerDuty can load. A link that expires is signed, and opens only the report.
func (w *writer) picture(link, panel string) string {
	name := report.PictureName(panel)
	if !slices.ContainsFunc(w.d.Files, func(f report.File) bool { return f.Name == name }) {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	beside, ok := strings.CutSuffix(link, "/index.html")
	if !ok {
		return ""
	}
	return beside + "/" + name
}

// group returns what the alerts of one cause share. A rule is no cause, so its alerts are of the
// cluster.
func group(cluster string, c rules.Cause) string {
	parts := []string{cluster}
	if c.Kind != rules.CauseRule {
		for _, part := range []string{string(c.Kind), c.Namespace, c.Name} {
			if part != "" {
				parts = append(parts, part)
			}
		}
	}
	return strings.Join(parts, "/")
}

// labels returns the first labels of a series by name.
func labels(from map[string]string) map[string]string {
	out := make(map[string]string, min(len(from), maxLabels))
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if shown := text(name, maxName); shown != "" && len(out) < maxLabels {
			out[shown] = text(from[name], maxLabel)
		}
	}
	return out
}

// lines returns the first of several lines.
func lines(from []string) []string {
	var out []string
	for _, s := range from[:min(len(from), maxLines)] {
		out = append(out, text(s, maxLabel))
	}
	return out
}

// text returns s as one line of at most n characters.
func text(s string, n int) string { return outside.Said(s, n) }
