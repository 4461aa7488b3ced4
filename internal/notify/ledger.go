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

// Page is what a report remembers from one run to the next.
type Page struct {
	Memory   rules.Memory `json:"memory"`
	Silences []Silence    `json:"silences,omitempty"`
	Ledger   Ledger       `json:"ledger"`
}

// Book stores a Page between runs.
type Book interface {
	// Change reads the page, calls f to change it, and writes it, all or nothing. If another run
	// has written the page in between, Change calls f again with that page. An error of f is
	// returned unchanged, and nothing is written. A nil error means that the page is written.
	Change(ctx context.Context, f func(*Page) error) error
}

// ErrOvertaken is in the error of a Book if another run has written the page in between and that
// page could not be read. The page that f got last is then not the newest.
var ErrOvertaken = errors.New("another run has written the state in the meantime, and it could " +
	"not be read")

// Ledger is what the receivers of one report were sent.
type Ledger struct {
	// Claim is the claim of the run that is sending; nil: no run is.
	Claim *Claim `json:"claim,omitempty"`
	// Receivers is by name.
	Receivers map[string]Entry `json:"receivers,omitempty"`
}

// Claim says that a run is sending, at the latest until its deadline.
type Claim struct {
	Slot  time.Time `json:"slot"`
	Run   string    `json:"run"`
	Until time.Time `json:"until"`
}

// LongestRun is how long a run may take, and so how far in the future a claim can end.
const LongestRun = 6 * time.Hour

// live reports whether the claim's run may still be sending. A claim that ends later than any run
// can was written by a wrong clock, and no run respects it.
func (c *Claim) live(now time.Time) bool {
	return now.Before(c.Until) && c.Until.Sub(now) <= LongestRun
}

// Entry is what one receiver was sent.
type Entry struct {
	// First is the slot at which the receiver was first seen: it is not notified of what ended
	// before.
	First   time.Time `json:"first"`
	Summary time.Time `json:"summary,omitzero"` // the slot of its last summary
	// Alarmed says that it was notified of an alert since the last all clear.
	Alarmed  bool      `json:"alarmed,omitempty"`
	Archived time.Time `json:"archived,omitzero"` // the newest slot whose files it keeps
	// Notified is what it was last sent about each alert's episodes that are still remembered.
	Notified map[rules.Key][]Notified `json:"told,omitempty"`
	// Unsure lists messages that may have been sent: they were claimed, and no receipt was
	// recorded. An entry is the key of an alert and the start of its episode, "summary", or
	// "all_clear". For an archive it lists the slots that are pending: "archive" and the slot.
	Unsure []string `json:"unsure,omitempty"`
}

// Notified is what a receiver was last sent about one episode of an alert.
type Notified struct {
	Since    time.Time      `json:"since"`              // of the episode, as it was known then
	At       time.Time      `json:"at"`                 // the slot of the message
	Severity rules.Severity `json:"severity,omitempty"` // that the message gave
	Silent   bool           `json:"silent,omitempty"`   // the message said NO DATA
	// Ended says that the receiver was notified of the end, or does not want to be.
	Ended bool `json:"over,omitempty"`
	// Receipt is of the message that first announced the episode: replies belong to it.
	Receipt Receipt `json:"receipt,omitzero"`
	// Announced is the slot of that message; At is that of the last one.
	Announced time.Time `json:"announced,omitzero"`
}

// entry returns a receiver's entry, or a new one if the receiver is new.
func (l *Ledger) entry(name string, slot time.Time) Entry {
	if e, ok := l.Receivers[name]; ok {
		e.Notified = maps.Clone(e.Notified)
		return e
	}
	return Entry{First: slot}
}

// maxLocation is the longest link that is kept. A signed link is longer, and would be a secret in
// the state.
const maxLocation = 256

// forLedger returns the receipt as the ledger keeps it.
func (r Receipt) forLedger() Receipt {
	r.Expires = r.Expires.Round(0).UTC()
	if len(r.Location) > maxLocation {
		r.Location = ""
	}
	return r
}

// withEntry returns e as if its receiver had also been sent what is in o, the entry of the receiver
// that it replaces. The receipts of o are dropped: the fallback cannot reply to another receiver's
// messages.
func (e Entry) withEntry(o Entry) Entry {
	e.First = o.First
	if o.Summary.After(e.Summary) {
		e.Summary = o.Summary
	}
	notified := maps.Clone(e.Notified)
	if notified == nil {
		notified = map[rules.Key][]Notified{}
	}
	for k, all := range o.Notified {
		for _, t := range all {
			if !slices.ContainsFunc(e.Notified[k], func(own Notified) bool {
				return own.Since.Equal(t.Since)
			}) {
				t.Receipt = Receipt{}
				notified[k] = append(slices.Clone(notified[k]), t)
			}
		}
		slices.SortFunc(notified[k], bySince)
	}
	e.Notified = notified
	return e
}

// open reports whether the receiver was notified of an episode but not of its end.
func (e *Entry) open() bool {
	for _, all := range e.Notified {
		if slices.ContainsFunc(all, func(t Notified) bool { return !t.Ended }) {
			return true
		}
	}
	return false
}

// isFirst reports whether messages are the first of all about alerts that this receiver is sent:
// nothing was announced to it yet, and some of these alerts are older than the receiver.
func (e *Entry) isFirst(messages []*Message) bool {
	return len(e.Notified) == 0 && slices.ContainsFunc(messages, func(m *Message) bool {
		return m.Kind == KindNew && slices.ContainsFunc(m.Items, func(i Item) bool {
			return !i.Episode.Since.After(e.First)
		})
	})
}

func bySince(a, b Notified) int { return a.Since.Compare(b.Since) }

// notified returns what the receiver was last sent about an episode, and whether it was sent
// anything.
func (e *Entry) notified(k rules.Key, ep rules.Episode) (Notified, bool) {
	all := e.Notified[k]
	for i := len(all) - 1; i >= 0; i-- { // if two episodes were joined, the later one counts
		if ep.Holds(all[i].Since) {
			return all[i], true
		}
	}
	return Notified{}, false
}

// put records what the receiver was sent about an episode, in place of what was recorded before.
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

// prune drops episodes that are no longer remembered.
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

// The entries of Unsure that are not about one alert.
const (
	unsureSummary  = "summary"
	unsureAllClear = "all_clear"
	unsureArchive  = "archive" // followed by a slot
)

// maxPending is how many slots can be pending for an archive. The newest are kept; any later report
// makes up for them.
const maxPending = 10

// addPending records that the archive has to keep a slot.
func (e *Entry) addPending(slot time.Time) {
	isPending := append(e.pending(), unsureArchive+" "+slot.UTC().Format(time.RFC3339))
	slices.Sort(isPending)
	isPending = slices.Compact(isPending)
	e.Unsure = isPending[max(len(isPending)-maxPending, 0):]
}

// pending returns the pending slots in Unsure.
func (e *Entry) pending() []string {
	return slices.DeleteFunc(slices.Clone(e.Unsure), func(id string) bool {
		what, _, ok := splitID(id)
		return !ok || what != unsureArchive
	})
}

// isPending reports whether a slot at or before this one is pending for the archive.
func (e *Entry) isPending(slot time.Time) bool {
	return slices.ContainsFunc(e.pending(), func(id string) bool {
		_, at, _ := splitID(id)
		return !at.After(slot)
	})
}

// markArchived records that the archive has a slot. Earlier pending slots are made up for.
func (e *Entry) markArchived(slot time.Time) {
	if e.Archived.Before(slot) {
		e.Archived = slot
	}
	e.Unsure = slices.DeleteFunc(e.pending(), func(id string) bool {
		_, at, _ := splitID(id)
		return !at.After(slot)
	})
}

// ids returns the entries of Unsure for a message.
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

// splitID splits an entry of Unsure into the alert's key and the start of its episode. ok is false
// for an entry that is not about one alert, and for a key alone: version 1 of the state has those,
// and they are about all episodes of the alert. No key ends in a time: keys end in a brace.
func splitID(id string) (k rules.Key, since time.Time, ok bool) {
	at := strings.LastIndexByte(id, ' ')
	if at < 0 {
		return "", time.Time{}, false
	}
	since, err := time.Parse(time.RFC3339Nano, id[at+1:])
	return rules.Key(id[:at]), since, err == nil
}

// isAbout reports whether m is about the entry id of Unsure. The start of an episode may have been
// corrected since.
func (m *Message) isAbout(id string) bool {
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

// unsureOf reports whether m, or a part of it, may have been sent before.
func (e *Entry) unsureOf(m *Message) bool { return slices.ContainsFunc(e.Unsure, m.isAbout) }

// clearUnsure removes m from Unsure. Other episodes of an alert stay.
func (e *Entry) clearUnsure(m *Message) {
	e.Unsure = slices.DeleteFunc(slices.Clone(e.Unsure), m.isAbout)
}

// record records that the receiver was sent m at a slot.
func (e *Entry) record(m *Message, slot time.Time, receipt Receipt) {
	switch m.Kind {
	case KindSummary:
		e.Summary = slot
		return
	case KindAllClear:
		e.Alarmed = false
		return
	case KindNew, KindJoined:
		e.Alarmed = true
	}
	for _, item := range m.Items {
		t := Notified{
			Since: item.Episode.Since, At: slot, Severity: item.Alert.Severity,
			Ended:  !item.Episode.Fires(),
			Silent: !item.Alert.Silent.IsZero(), Receipt: item.Was.Receipt,
			Announced: item.Was.Announced,
		}
		if t.Receipt == (Receipt{}) || m.Thread != (Receipt{}) {
			// the reply became a message of its own because its thread is gone
			t.Receipt = receipt.forLedger()
		}
		if item.Was == (Notified{}) || t.Receipt != item.Was.Receipt {
			t.Announced = slot
		}
		e.put(item.Key, item.Episode, t)
	}
}
