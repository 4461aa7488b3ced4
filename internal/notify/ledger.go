package notify

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

// Page is what a report remembers from one run to the next, as far as telling people is concerned.
type Page struct {
	Memory   rules.Memory `json:"memory"`
	Silences []Silence    `json:"silences,omitempty"`
	Ledger   Ledger       `json:"ledger"`
}

// Book is where a Page lies between runs.
type Book interface {
	// Change reads the page, lets f change it, and writes it, all or nothing. Where another run has
	// written in between, f is called again with the page as it is then. An error of f is returned
	// as it is, and nothing is written. A nil error says that f's page is written.
	Change(ctx context.Context, f func(*Page) error) error
}

// ErrOvertaken is among the errors of a Book of which another run has written the page meanwhile,
// and that could not be read: what f was given last is not the newest.
var ErrOvertaken = errors.New("another run has written it meanwhile, and that could not be read")

// Ledger is what the receivers of one report have been told.
type Ledger struct {
	// Claim is the run that is telling people, nil while none is.
	Claim *Claim `json:"claim,omitempty"`
	// Receivers are by name.
	Receivers map[string]Entry `json:"receivers,omitempty"`
}

// Claim says that a run is telling people, until its own deadline at the latest.
type Claim struct {
	Slot  time.Time `json:"slot"`
	Run   string    `json:"run"`
	Until time.Time `json:"until"`
}

// LongestRun is how long a run may take, and so how far ahead a claim can lie.
const LongestRun = 6 * time.Hour

// live tells whether the claim's run may still be telling people. A claim that lies further ahead
// than any run lasts was written by a clock that was wrong: nobody stands back from it until then.
func (c *Claim) live(now time.Time) bool {
	return now.Before(c.Until) && c.Until.Sub(now) <= LongestRun
}

// Entry is what one receiver has been told.
type Entry struct {
	// the slot at which it was met first: what ended before is none of its news
	First   time.Time `json:"first"`
	Summary time.Time `json:"summary,omitzero"` // the slot of its last summary
	// it was told of an alert since the last all clear
	Alarmed  bool      `json:"alarmed,omitempty"`
	Archived time.Time `json:"archived,omitzero"` // the newest slot that it keeps the files of
	// Notified is, of each alert, what it was told of the episodes that are still remembered.
	Notified map[rules.Key][]Notified `json:"told,omitempty"`
	// Unsure are messages that may have been sent: a claim was written for them, and no receipt.
	// They are known by what they are about: episodes of alerts, each by the alert's key and its
	// begin, "summary", "all_clear". Of an archive they are the slots that it was to keep and has
	// given no receipt for: "archive" and the slot.
	Unsure []string `json:"unsure,omitempty"`
}

// Notified is what a receiver was last told of one episode of an alert.
type Notified struct {
	Since    time.Time      `json:"since"`              // of the episode, as it was known then
	At       time.Time      `json:"at"`                 // the slot at which it was told
	Severity rules.Severity `json:"severity,omitempty"` // that it was told
	Silent   bool           `json:"silent,omitempty"`   // it was told NO DATA
	// it was told that the episode is over, or does not want to know
	Ended bool `json:"over,omitempty"`
	// of the message that told of the episode first: where replies belong
	Receipt Receipt `json:"receipt,omitzero"`
}

// entry returns what a receiver was told, which is nothing of one that is met for the first time.
func (l *Ledger) entry(name string, slot time.Time) Entry {
	if e, ok := l.Receivers[name]; ok {
		e.Notified = maps.Clone(e.Notified)
		return e
	}
	return Entry{First: slot}
}

// maxLocation is the longest link that is kept. A signed one is longer, and would be a secret in
// the state.
const maxLocation = 256

// kept returns the receipt as the ledger keeps it.
func (r Receipt) kept() Receipt {
	r.Expires = r.Expires.Round(0).UTC()
	if len(r.Location) > maxLocation {
		r.Location = ""
	}
	return r
}

// besides returns e as if its receiver knew what another one was told too, whose place it takes.
// The other's messages are not its own to reply to.
func (e Entry) besides(o Entry) Entry {
	e.First = o.First
	if o.Summary.After(e.Summary) {
		e.Summary = o.Summary
	}
	told := maps.Clone(e.Notified)
	if told == nil {
		told = map[rules.Key][]Notified{}
	}
	for k, all := range o.Notified {
		for _, t := range all {
			if !slices.ContainsFunc(e.Notified[k], func(own Notified) bool {
				return own.Since.Equal(t.Since)
			}) {
				t.Receipt = Receipt{}
				told[k] = append(slices.Clone(told[k]), t)
			}
		}
		slices.SortFunc(told[k], bySince)
	}
	e.Notified = told
	return e
}

// open tells whether the receiver was told of something whose end it was not told.
func (e *Entry) open() bool {
	for _, all := range e.Notified {
		if slices.ContainsFunc(all, func(t Notified) bool { return !t.Ended }) {
			return true
		}
	}
	return false
}

func bySince(a, b Notified) int { return a.Since.Compare(b.Since) }

// told returns what the receiver was told of an episode; false: nothing.
func (e *Entry) told(k rules.Key, ep rules.Episode) (Notified, bool) {
	all := e.Notified[k]
	for i := len(all) - 1; i >= 0; i-- { // where two episodes have become one, the later counts
		if ep.Holds(all[i].Since) {
			return all[i], true
		}
	}
	return Notified{}, false
}

// put writes down what the receiver was told of an episode, in place of what it was told before.
func (e *Entry) put(k rules.Key, ep rules.Episode, t Notified) {
	all := slices.DeleteFunc(slices.Clone(e.Notified[k]), func(old Notified) bool {
		return ep.Holds(old.Since)
	})
	all = append(all, t)
	slices.SortFunc(all, bySince)
	if e.Notified == nil {
		e.Notified = map[rules.Key][]Notified{}
	}
	e.Notified[k] = all
}

// prune drops what was told of episodes that are no longer remembered.
func (e *Entry) prune(alerts map[rules.Key]rules.Alert) {
	for k, all := range e.Notified {
		kept := slices.DeleteFunc(slices.Clone(all), func(t Notified) bool {
			return !slices.ContainsFunc(alerts[k].Episodes, func(ep rules.Episode) bool {
				return ep.Holds(t.Since)
			})
		})
		if e.Notified[k] = kept; len(kept) == 0 {
			delete(e.Notified, k)
		}
	}
	e.Unsure = slices.DeleteFunc(slices.Clone(e.Unsure), func(id string) bool {
		key, since, ok := splitID(id)
		if key == unsureArchive {
			return false
		}
		if !ok {
			_, known := alerts[rules.Key(id)]
			return !known && id != unsureSummary && id != unsureAllClear
		}
		return !slices.ContainsFunc(alerts[key].Episodes, func(ep rules.Episode) bool {
			return ep.Holds(since)
		})
	})
}

// What Unsure calls messages that are about no one alert.
const (
	unsureSummary  = "summary"
	unsureAllClear = "all_clear"
	unsureArchive  = "archive" // with a slot behind it
)

// mostOwed is how many slots an archive is owed at most, the newest: each is made up for by any
// later one.
const mostOwed = 10

// owe writes down that the archive is to keep a slot.
func (e *Entry) owe(slot time.Time) {
	owed := append(e.owing(), unsureArchive+" "+slot.UTC().Format(time.RFC3339))
	slices.Sort(owed)
	owed = slices.Compact(owed)
	e.Unsure = owed[max(len(owed)-mostOwed, 0):]
}

// owing are the slots of Unsure.
func (e *Entry) owing() []string {
	return slices.DeleteFunc(slices.Clone(e.Unsure), func(id string) bool {
		what, _, ok := splitID(id)
		return !ok || what != unsureArchive
	})
}

// owed tells whether the archive is owed a slot, or one before it.
func (e *Entry) owed(slot time.Time) bool {
	return slices.ContainsFunc(e.owing(), func(id string) bool {
		_, at, _ := splitID(id)
		return !at.After(slot)
	})
}

// keep writes down that the archive has a slot. Those before it are made up for.
func (e *Entry) keep(slot time.Time) {
	if e.Archived.Before(slot) {
		e.Archived = slot
	}
	e.Unsure = slices.DeleteFunc(e.owing(), func(id string) bool {
		_, at, _ := splitID(id)
		return !at.After(slot)
	})
}

// ids returns what Unsure calls a message.
func (m *Message) ids() []string {
	switch m.Kind {
	case KindSummary:
		return []string{unsureSummary}
	case KindAllClear:
		return []string{unsureAllClear}
	}
	ids := make([]string, len(m.Items))
	for i, item := range m.Items {
		ids[i] = string(item.Key) + " " + item.Episode.Since.UTC().Format(time.RFC3339Nano)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// splitID returns the alert's key and the begin of its episode; false of what is about no one
// alert, and of the key alone, which the first version of the state has: that is about all its
// episodes. No key ends like a time: keys have braces.
func splitID(id string) (k rules.Key, since time.Time, ok bool) {
	at := strings.LastIndexByte(id, ' ')
	if at < 0 {
		return "", time.Time{}, false
	}
	since, err := time.Parse(time.RFC3339Nano, id[at+1:])
	return rules.Key(id[:at]), since, err == nil
}

// about tells whether m is about what Unsure calls id: of an episode the begin may be known better
// by now.
func (m *Message) about(id string) bool {
	key, since, ok := splitID(id)
	if !ok {
		return slices.Contains(m.ids(), id) || slices.ContainsFunc(m.Items, func(i Item) bool {
			return string(i.Key) == id
		})
	}
	return slices.ContainsFunc(m.Items, func(i Item) bool {
		return i.Key == key && i.Episode.Holds(since)
	})
}

// unsureOf tells whether m, or a part of it, may have been sent before.
func (e *Entry) unsureOf(m *Message) bool { return slices.ContainsFunc(e.Unsure, m.about) }

// sure takes back that m may have been sent unseen. Of an alert another episode may still be
// unsure.
func (e *Entry) sure(m *Message) { e.Unsure = slices.DeleteFunc(slices.Clone(e.Unsure), m.about) }

// record writes down that the receiver was told m at a slot.
func (e *Entry) record(m *Message, slot time.Time, receipt Receipt) {
	switch m.Kind {
	case KindSummary:
		e.Summary = slot
		return
	case KindAllClear:
		e.Alarmed = false
		return
	case KindNew:
		e.Alarmed = true
	}
	for _, item := range m.Items {
		t := Notified{
			Since: item.Episode.Since, At: slot, Severity: item.Alert.Severity,
			Ended:  !item.Episode.Fires(),
			Silent: !item.Alert.Silent.IsZero(), Receipt: item.Was.Receipt,
		}
		if t.Receipt == (Receipt{}) || m.Thread != (Receipt{}) {
			// a reply whose thread is gone has become a message of its own
			t.Receipt = receipt.kept()
		}
		e.put(item.Key, item.Episode, t)
	}
}
