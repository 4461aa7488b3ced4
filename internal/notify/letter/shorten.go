package letter

import "github.com/promsnap/promsnap/internal/notify"

// Alone returns the letter of a delivery's message for a transport without threads: it also says
// when its link expires. If fits reports false, the letter says that it is cut, and lacks commands,
// links and lines until fits reports true or only the title is left. What it says about the message
// itself, such as that it may be a repetition, is cut last.
func Alone(d notify.Delivery, limits Limits, fits func(Letter) bool) Letter {
	w := newWriter(d, limits)
	l, tail := Compose(d, limits), w.linkUntil()
	l.Lines = append(l.Lines, tail...)
	if fits(l) {
		return l
	}
	kept := min(len(w.notices())+len(tail), len(l.Lines))
	lines, last := l.Lines[:len(l.Lines)-kept], l.Lines[len(l.Lines)-kept:]
	last = append([]Line{text(w.MessageCut)}, last...)
	for {
		l.Lines = append(lines[:len(lines):len(lines)], last...)
		if fits(l) {
			return l
		}
		switch {
		case len(l.Commands) > 0:
			l.Commands = l.Commands[:len(l.Commands)-1]
		case len(l.Links) > 1: // the first one leads to the report
			l.Links = l.Links[:len(l.Links)-1]
		case len(lines) > 0:
			lines = lines[:len(lines)-1]
		case len(last) > 1:
			last = last[:len(last)-1]
		case len(l.Links) > 0:
			l.Links = nil
		default:
			return Letter{Title: l.Title, Severity: l.Severity}
		}
	}
}
