package letter

import (
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/rules"
)

// Said is an alert as text, for receivers that are programs and forward alerts one by one.
type Said struct {
	Sentence string // "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10"
	// the same with its limit and trend, and the largest users on a second line
	InFull string
	Value  string // "94 %"; "" for a condition
	Links  []Link
}

// Say returns the text of an alert in a delivery's memory.
func Say(d notify.Delivery, k rules.Key, limits Limits) Said {
	a := d.Memory.Alerts[k]
	f := d.Report.FindingOf(a, a.Now())
	w := newWriter(d, limits)
	said := Said{
		f.Sentence, d.Report.InFull(&f), f.Value, w.linked(d.Report.QueryURL(a.Panel), f.Runbook),
	}
	if top := d.Details[k]; len(top) > 0 {
		said.InFull += "\n" + fillText(w.TopOf, strings.Join(top, ", "), f.Subject)
	}
	return said
}

// Link returns the address of the link with an ID, or "" if there is none.
func (s Said) Link(id string) string {
	for _, l := range s.Links {
		if l.ID == id {
			return l.URL
		}
	}
	return ""
}
