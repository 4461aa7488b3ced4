package opsgenie

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/rules"
)

// The limits of Opsgenie, in characters: https://docs.opsgenie.com/docs/alerts-and-alert-fields.
const (
	maxMessage     = 130
	maxAlias       = 512
	maxDescription = 15_000
	maxEntity      = 512
	maxTags        = 20
	maxTag         = 50
	maxDetails     = 8_000 // of all keys and values together
)

// The limits of the parts for which Opsgenie has none.
const (
	maxCreates = 50 // of one message; one more alert is about the rest
	maxLabels  = 20
	maxLines   = 10 // about what changed
	maxValue   = 512
	maxLink    = 4 << 10
	maxText    = 4 << 10
	slugSize   = 60 // characters of a name in an alias
	keySize    = 240
)

// The steps of requests.
const (
	Create = "create"
	Update = "update"
	Close  = "close"
)

// Request is a request to the Alert API.
type Request struct {
	Step   string // Create, Update or Close
	Method string
	Path   string // after the address of the API
	Body   any
}

// Alert is the body of a request that creates an alert.
type Alert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias"`
	Description string            `json:"description,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Details     map[string]string `json:"details,omitempty"`
	Entity      string            `json:"entity,omitempty"`
	Source      string            `json:"source"`
	Priority    string            `json:"priority"`
}

// Closing is the body of a request that closes an alert.
type Closing struct {
	Source string `json:"source"`
}

// source is who has created an alert.
const source = "promsnap"

// Requests returns the requests for a delivery, ends first. There are none for a summary and for an
// all-clear.
func Requests(d notify.Delivery, o Options) []Request {
	w := writer{d, o}
	switch m := d.Message; {
	case m == nil || m.Kind == notify.KindSummary:
		return nil
	case m.Kind == notify.KindTest:
		return w.test()
	}
	ended, firing := d.Message.Alerts()
	var out []Request
	for _, i := range ended {
		out = append(out, closing(w.alias(i.Key)))
	}
	for at, i := range firing {
		if at == maxCreates {
			return append(out, creating(w.whole("more")))
		}
		a := w.alert(i)
		out = append(out, creating(a))
		if k := d.Message.Kind; o.Update && (k == notify.KindWorse || k == notify.KindBetter) {
			out = append(out, updates(a)...)
		}
	}
	return out
}

func creating(a Alert) Request { return Request{Create, http.MethodPost, "/v2/alerts", a} }

func closing(alias string) Request {
	return Request{Close, http.MethodPost, path(alias, "close"), Closing{source}}
}

// updates returns the requests that change an alert that is open: Opsgenie only counts how often
// it was created.
func updates(a Alert) []Request {
	return []Request{
		{
			Update, http.MethodPut, path(a.Alias, "priority"),
			map[string]string{"priority": a.Priority},
		},
		{
			Update, http.MethodPut, path(a.Alias, "message"),
			map[string]string{"message": a.Message},
		},
	}
}

// path returns the path of what is done with an alert. An alias needs no escaping.
func path(alias, what string) string {
	return "/v2/alerts/" + alias + "/" + what + "?identifierType=alias"
}

// writer writes the requests for one delivery.
type writer struct {
	d notify.Delivery
	o Options
}

// test returns the requests for an alert that is marked as a test, and for its end.
func (w *writer) test() []Request {
	a := w.whole("test")
	a.Priority = "P5"
	return []Request{creating(a), closing(a.Alias)}
}

// whole returns an alert about the whole message. Nothing closes it.
func (w *writer) whole(key rules.Key) Alert {
	l := letter.Compose(w.d, letter.Limits{
		Title: maxMessage, Line: maxValue, Place: maxValue, Body: maxText, Code: maxText,
		URL: maxLink, Alt: maxValue,
	})
	var lines []string
	for _, line := range l.Lines {
		lines = append(lines, line.String())
	}
	return w.filled(Alert{
		Message: l.Title, Alias: w.alias(key), Description: strings.Join(lines, "\n"),
		Priority: w.priority(l.Severity),
	}, l.Links, nil)
}

// alert returns an alert that fires.
func (w *writer) alert(i notify.Item) Alert {
	one := w.d
	one.Memory.Alerts = map[rules.Key]rules.Alert{i.Key: i.Alert}
	said := letter.Say(one, i.Key, letter.Limits{URL: maxLink})
	changes := w.d.Changes[i.Key]
	lines := append([]string{said.InFull}, changes[:min(len(changes), maxLines)]...)
	return w.filled(Alert{
		Message: w.d.Report.Info.Cluster + ": " + cmp.Or(said.Sentence, i.Alert.Rule),
		Alias:   w.alias(i.Key), Description: strings.Join(lines, "\n"), Entity: i.Alert.Name,
		Tags:     []string{i.Alert.Rule, i.Alert.Severity.String(), i.Alert.Panel},
		Priority: w.priority(i.Alert.Severity),
	}, said.Links, i.Alert.Labels)
}

// filled returns an alert with what all have, and with all texts within the limits.
func (w *writer) filled(a Alert, links []letter.Link, labels map[string]string) Alert {
	in := w.d.Report.Info
	a.Message = cmp.Or(text(a.Message, maxMessage), source)
	a.Entity = cmp.Or(text(a.Entity, maxEntity), text(in.Cluster, maxEntity))
	a.Source = source
	var lines []string
	for line := range strings.SplitSeq(a.Description, "\n") {
		lines = append(lines, text(line, maxText))
	}
	var more []pair
	for _, l := range links {
		lines = append(lines, l.Words+": "+l.URL)
		more = append(more, pair{l.ID + "_url", l.URL})
	}
	a.Description = outside.Clip(strings.Join(lines, "\n"), maxDescription)
	var tags []string
	for _, t := range slices.Concat(w.o.Tags, []string{source, in.Cluster, in.Name}, a.Tags) {
		// Opsgenie splits tags at commas
		if t = text(strings.ReplaceAll(t, ",", " "), maxTag); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	a.Tags = tags[:min(len(tags), maxTags)]
	all := append([]pair{
		{"cluster", in.Cluster}, {"report", in.Name}, {"instead_of", w.d.Message.InsteadOf},
	}, more...)
	names := slices.Sorted(maps.Keys(labels))
	for _, name := range names[:min(len(names), maxLabels)] {
		all = append(all, pair{name, labels[name]})
	}
	a.Details = details(all)
	return a
}

// pair is a key of the details with its value.
type pair struct{ key, value string }

// details returns as many pairs as Opsgenie accepts, the first of each key.
func details(all []pair) map[string]string {
	out := map[string]string{}
	room := maxDetails
	for _, p := range all {
		k, v := text(p.key, maxTag), text(p.value, maxValue)
		if letter.IsLink(p.value) {
			v = p.value // which is useless in part
		}
		size := utf8.RuneCountInString(k) + utf8.RuneCountInString(v)
		if _, ok := out[k]; ok || k == "" || v == "" || size > room {
			continue
		}
		out[k] = v
		room -= size
	}
	return out
}

// priority returns Opsgenie's word for a severity.
func (w *writer) priority(s rules.Severity) string {
	switch {
	case w.o.Priority != "":
		return w.o.Priority
	case s >= rules.Critical:
		return "P1"
	}
	return "P3"
}

// alias returns the name by which Opsgenie knows an alert. It stays the same from the first request
// about the alert to its end, and in the next episode. It is a part of addresses, so it has only
// [a-z0-9-]; the hash at its end distinguishes keys that look alike then.
func (w *writer) alias(k rules.Key) string {
	in := w.d.Report.Info
	sum := sha256.Sum256([]byte(strings.Join([]string{in.Cluster, in.Name, string(k)}, "\x00")))
	var parts []string
	for _, part := range []string{
		source, outside.Slug(in.Cluster, slugSize), outside.Slug(in.Name, slugSize),
		outside.Slug(string(k), keySize), hex.EncodeToString(sum[:16]),
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-")
}

// tag matches the beginning of what HTML reads as a tag or a comment.
var tag = regexp.MustCompile(`<([A-Za-z/!?])`)

// text returns s as one line of at most n characters. Opsgenie shows HTML as such, so no tag is
// left.
func text(s string, n int) string { return tag.ReplaceAllString(outside.Said(s, n), "‹$1") }
