package chart

import "strings"

// elideAll shortens names until each fits into room. Names of one kind often end alike, as those of
// hosts with their domain. That end is cut first, because it tells nothing.
func (p *picture) elideAll(names []string, st style, room float64) []string {
	out := make([]string, len(names))
	cut := -1 // the length of the end that is cut; -1: not known yet
	for i, name := range names {
		if p.textWidth(name, st) > room {
			if cut < 0 {
				cut = commonEnd(names)
			}
			if cut > 0 && len(name) > cut {
				name = name[:len(name)-cut] + ellipsis
			}
		}
		out[i] = p.elide(name, st, room)
	}
	return out
}

// commonEnd returns the length of the end that all names share, from a mark between two words on.
// Empty names do not count. If all are the same, it is 0.
func commonEnd(names []string) int {
	end, n, first, differ := "", 0, "", false
	for _, name := range names {
		switch {
		case name == "":
			continue
		case n == 0:
			end, first = name, name
		}
		n++
		differ = differ || name != first
		for !strings.HasSuffix(name, end) {
			end = end[1:]
		}
		if len(name) == len(end) { // the whole name
			end = end[1:]
		}
	}
	at := strings.IndexAny(end, ".-_/:@ ")
	if n < 2 || at < 0 || !differ {
		return 0
	}
	return len(end) - at
}
