package report

import (
	"fmt"
	"time"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/words"
)

// ChangesOf returns what changed on the object of a finding before it began, and then
// its events, each the newest first: "14 min before: image of shop/checkout 1.41 → 1.42".
func (r *Report) ChangesOf(k changelog.Key) []string {
	var out []string
	for _, c := range r.Changed(k).Changes {
		out = append(out, r.words.changed(r.Changed(k), c, r.Info))
	}
	return out
}

// Changed returns what changed before a finding began. If the state of the alerts knows that it
// began before the window of its panel, what changed later is left out.
func (r *Report) Changed(k changelog.Key) changelog.Before {
	b := r.Info.Changes[k]
	age := r.ages[findingID{k.Panel, k.Rule, k.Series}]
	if !b.Open || age.Since.IsZero() || !age.Since.Before(b.Begin) {
		return b
	}
	out := changelog.Before{Begin: age.Since, Open: age.Open}
	for _, c := range b.Changes {
		if c.Kind == changelog.Happened || !c.At.After(age.Since) {
			out.Changes = append(out.Changes, c)
		}
	}
	return out
}

// changed returns one change and when it happened: relative to the beginning of the finding, or the
// time of day if nobody knows that beginning.
func (w wording) changed(b changelog.Before, c changelog.Change, in Info) string {
	what := w.change(c)
	switch ago := b.Begin.Sub(c.At); {
	case b.Open, ago <= -2*time.Minute: // an event may come after the beginning
		return fmt.Sprintf(w.Changes.At, w.clock(c.At, in), what)
	case ago < time.Minute:
		return fmt.Sprintf(w.Changes.AtOnce, what)
	default:
		return fmt.Sprintf(w.Changes.Before, w.duration(ago.Round(time.Minute)), what)
	}
}

// change returns what changed.
func (w wording) change(c changelog.Change) string {
	of := c.Object
	if c.Container != "" {
		of = fmt.Sprintf(w.Changes.Container, of, c.Container)
	}
	from, to, resource := w.Figure(c.From), w.Figure(c.To), w.CPU
	if c.Resource == "memory" {
		resource = w.Changes.Memory
	}
	switch c.Kind {
	case changelog.Image:
		return fmt.Sprintf(w.Changes.Image, of, c.From, c.To)
	case changelog.Limit:
		return fmt.Sprintf(w.Changes.Limit, of, from, to, resource)
	case changelog.Request:
		return fmt.Sprintf(w.Changes.Request, of, from, to, resource)
	case changelog.Replicas:
		return fmt.Sprintf(w.Changes.Replicas, of, from, to)
	case changelog.Spec:
		return fmt.Sprintf(w.Changes.Spec, of)
	case changelog.Created:
		return fmt.Sprintf(w.Changes.Created, of)
	case changelog.Joined:
		return fmt.Sprintf(w.Changes.Joined, of)
	case changelog.Cordoned:
		return fmt.Sprintf(w.Changes.Cordoned, of)
	case changelog.Uncordoned:
		return fmt.Sprintf(w.Changes.Uncordoned, of)
	case changelog.Rebooted:
		return fmt.Sprintf(w.Changes.Rebooted, of)
	case changelog.Restarted:
		return fmt.Sprintf(w.Changes.Restarted, of)
	case changelog.Happened:
		return w.event(c)
	}
	return string(c.Kind) + " " + of
}

// event returns what an event says: "FailedScheduling 3× of shop/checkout: 0/42 nodes are
// available".
func (w wording) event(c changelog.Change) string {
	reason := c.Reason
	if c.Count > 1 {
		reason = fmt.Sprintf(w.Changes.Times, reason, words.Thousands(c.Count))
	}
	if c.Message == "" {
		return fmt.Sprintf(w.Changes.EventOnly, c.Object, reason)
	}
	return fmt.Sprintf(w.Changes.Event, c.Object, reason, c.Message)
}
