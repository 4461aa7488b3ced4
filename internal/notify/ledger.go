package notify

import (
	"context"
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
	// Change reads the page, lets f change it, and writes it, all or nothing. Where another run has written in between, f is called again
	// with the page as it is then. An error of f is returned as it is, and nothing is written. A nil error says that f's page is written.
	Change(ctx context.Context, f func(*Page) error) error
}

// Ledger is what the receivers of one report have been told.
type Ledger struct {
	// Claim is the run that is telling people, nil while none is.
	Claim *Claim `json:"claim,omitempty"`
	// Slot is the newest slot whose deliveries were begun.
	Slot time.Time `json:"slot,omitzero"`
	// Receivers are by name.
	Receivers map[string]Entry `json:"receivers,omitempty"`
}

// Claim says that a run is telling people, until its own deadline at the latest.
type Claim struct {
	Slot  time.Time `json:"slot"`
	Run   string    `json:"run"`
	Until time.Time `json:"until"`
}

// Entry is what one receiver has been told.
type Entry struct {
	First    time.Time          `json:"first"`             // the slot at which it was met first: what ended before is none of its news
	Told     map[rules.Key]Told `json:"told,omitempty"`    // of each alert, what it was told last
	Summary  time.Time          `json:"summary,omitzero"`  // the slot of its last summary
	Alarmed  bool               `json:"alarmed,omitempty"` // it was told of an alert since the last all clear
	Archived time.Time          `json:"archived,omitzero"` // the newest slot that it keeps the files of
	// Unsure are messages that may have been sent: a claim was written for them, and no receipt. They are known by what they are about:
	// the keys of alerts, "summary", "all_clear".
	Unsure []string `json:"unsure,omitempty"`
}

// Told is what a receiver was last told of an alert.
type Told struct {
	Since    time.Time      `json:"since"`              // of the episode that it was told of
	At       time.Time      `json:"at"`                 // the slot at which it was told
	Severity rules.Severity `json:"severity,omitempty"` // that it was told
	Silent   bool           `json:"silent,omitempty"`   // it was told NO DATA
	Over     bool           `json:"over,omitempty"`     // it was told that the episode is over, or did not want to know
	Receipt  Receipt        `json:"receipt,omitzero"`   // of the message that told of the episode first: where replies belong
}
