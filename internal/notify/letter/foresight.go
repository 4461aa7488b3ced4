package letter

import (
	"strings"

	"github.com/promsnap/promsnap/internal/report"
)

// The marks of what rose and what fell.
const (
	upMark   = "▲"
	downMark = "▼"
	itemMark = "•"
)

// fills returns what fills next, with a heading: "ip-10-0-1-12 disk 78 %: reaches 85 % in about 5
// days (3–8), 1.4 GiB a day, higher than a week before on 21 of 21 days". It returns nil if nothing
// does: that is no news.
func (w *writer) fills() []Line {
	r := w.report
	if len(r.Fills) == 0 {
		return nil
	}
	lines := []Line{{{Text: w.FillsNext, Bold: true}}}
	for _, f := range r.Fills {
		what := spaced(w.what(w.limits.middle(f.Name, longName), f.Subject), f.Level)
		lines = append(lines, join(" ", text(itemMark),
			fill(w.NamedFinding, text(what), join(", ", text(f.Short), text(f.Growth)))))
	}
	if r.FillsMore > 0 {
		lines = append(lines, text(w.MoreFill.Of(r.FillsMore)))
	}
	if r.ReachedMore > 0 {
		lines = append(lines, text(w.MoreReached.Of(r.ReachedMore)))
	}
	return lines
}

// moves returns what changed since last week, with a heading: "▲ shop/checkout memory 41 → 63 %
// (+3.5 GiB) since Tuesday; 14 min before: image of shop/checkout 1.41 → 1.42". It returns nil if
// nothing did.
func (w *writer) moves() []Line {
	r := w.report
	if len(r.Up)+len(r.Down) == 0 {
		return nil
	}
	lines := []Line{{{Text: w.ChangedSince, Bold: true}}}
	for _, m := range r.Up {
		lines = append(lines, w.move(upMark, m))
	}
	for _, m := range r.Down {
		lines = append(lines, w.move(downMark, m))
	}
	var more []string
	if r.UpMore > 0 {
		more = append(more, w.MoreRose.Of(r.UpMore))
	}
	if r.DownMore > 0 {
		more = append(more, w.MoreFell.Of(r.DownMore))
	}
	if len(more) > 0 {
		lines = append(lines, text(strings.Join(more, ", ")))
	}
	return lines
}

// move returns a change of a level as a line, with the newest of what changed before it.
func (w *writer) move(mark string, m report.Move) Line {
	said := text(w.limits.Clip(m.Short, moveRoom))
	said = join(", ", said, text(m.SinceDay))
	if len(m.Changes) > 0 {
		said = join("; ", said, text(m.Changes[0]))
	}
	return join(" ", text(mark), said)
}

// moveRoom is the room of a change of a level in its line, so that what caused it has room too.
const moveRoom = 160
