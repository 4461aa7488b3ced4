package chart

import "strings"

// elideAll shortens names until each fits into room. Names of one kind often end alike, as those of
// hosts with their domain, or begin alike. If one is too wide, all lose that end, and then that
// beginning, before any loses its middle.
func (p *picture) elideAll(names []string, st style, room float64) []string {
	out := p.withoutCommon(names, st, room)
	for i := range out {
		out[i] = p.elide(out[i], st, room)
	}
	return out
}

// withoutCommon returns names without what is common to all, as far as that is needed to fit them
// into room.
func (p *picture) withoutCommon(names []string, st style, room float64) []string {
	out := append([]string(nil), names...)
	head, tail := commonStart(names), commonEnd(names)
	if head+tail > 0 && !p.allFit(out, st, room) {
		for i, name := range names {
			if tail > 0 && name != "" {
				out[i] = name[:len(name)-tail] + ellipsis
			}
		}
	}
	if head > 0 && !p.allFit(out, st, room) {
		for i := range out {
			if len(names[i]) > head+tail {
				out[i] = ellipsis + out[i][head:]
			}
		}
	}
	return out
}

func (p *picture) allFit(names []string, st style, room float64) bool {
	return p.widest(names, st) <= room
}

// widest returns the width of the widest of texts.
func (p *picture) widest(texts []string, st style) float64 {
	width := 0.0
	for _, text := range texts {
		width = max(width, p.textWidth(text, st))
	}
	return width
}

// marks are what divides the words of a name.
const marks = ".-_/:@, "

// commonEnd returns the length of the end that all names share, from a mark between two words on.
// Empty names do not count.
func commonEnd(names []string) int {
	end := common(names, strings.HasSuffix, func(end string) string { return end[1:] })
	if at := strings.IndexAny(end, marks); at >= 0 {
		return len(end) - at
	}
	return 0
}

// commonStart returns the length of the beginning that all names share, up to a mark.
func commonStart(names []string) int {
	start := common(names, strings.HasPrefix, func(start string) string {
		return start[:len(start)-1]
	})
	return strings.LastIndexAny(start, marks) + 1
}

// common returns the longest part that each name has, but not as a whole. It is empty if all names
// are the same. Less makes a part shorter.
func common(names []string, has func(name, part string) bool, less func(string) string) string {
	part, first, differ := "", "", false
	for _, name := range names {
		if name == "" {
			continue
		}
		if first == "" {
			part, first = name, name
		}
		differ = differ || name != first
		for !has(name, part) || len(name) == len(part) {
			part = less(part)
		}
	}
	if !differ {
		return ""
	}
	return part
}
