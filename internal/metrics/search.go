package metrics

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Hit is a metric that a search found.
type Hit struct {
	Name   string
	Known  *Metric // nil if promsnap does not know it
	Absent bool    // the server does not have it
	score  int
	place  int // in the guide; after it for other metrics
}

// How well a word fits a metric. The first word of an entry fits as well as a part of
// the name, and each further one a little less.
const (
	fitsName = 20 // is a part of the name
	fitsPart = 10 // begins a part of the name, or is somewhere in it
	fitsHelp = 5  // begins a word of the help text or of the sentences
	maxWords = 20 // words of one search
)

// Search returns the metrics that fit every word, the best first: metrics with a verdict, first
// those to use, then those for one purpose and those to avoid, and then all others. Metrics of the
// guide that the server does not have come last. help has the help text of each metric of the
// server. Without words, Search returns the metrics of the guide.
func (g *Guide) Search(words []string, help map[string]string) []Hit {
	words = g.terms(words)
	var hits []Hit
	for i := range g.Metrics {
		m := &g.Metrics[i]
		text, there := help[m.Name]
		about := strings.ToLower(strings.Join([]string{m.Is, m.When, m.Source, text}, " "))
		if score := fit(words, m.Name, m.Words, about); score > 0 || len(words) == 0 {
			hits = append(hits, Hit{m.Name, m, !there, score, i})
		}
	}
	if len(words) > 0 {
		for name, text := range help {
			if g.Metric(name) != nil {
				continue
			}
			if score := fit(words, name, nil, strings.ToLower(text)); score > 0 {
				hits = append(hits, Hit{Name: name, score: score, place: len(g.Metrics)})
			}
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.tier(), b.tier()), cmp.Compare(b.score, a.score),
			cmp.Compare(a.place, b.place), cmp.Compare(a.Name, b.Name))
	})
	return hits
}

// tier returns the place of a hit before its score counts.
func (h *Hit) tier() int {
	switch {
	case h.Absent:
		return 4
	case h.Known == nil:
		return 3
	case h.Known.Verdict == Use:
		return 0
	case h.Known.Verdict == Special:
		return 1
	}
	return 2
}

// filler are words of a question that say nothing about the metric.
var filler = []string{
	"a", "an", "are", "can", "do", "does", "for", "has", "have", "how", "i", "in", "is", "it",
	"metric", "metrics", "much", "my", "of", "on", "should", "that", "the", "to", "what", "when",
	"where", "which", "why", "with",
}

// terms returns the words of a search in lower case, without those that say nothing.
func (g *Guide) terms(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, Parts(w)...)
	}
	terms := slices.DeleteFunc(slices.Clone(all), func(w string) bool {
		return slices.Contains(filler, w)
	})
	if len(terms) == 0 {
		terms = all
	}
	return terms[:min(len(terms), maxWords)]
}

// Parts returns the words in a name or a text, in lower case: node, memory, mem and available of
// node_memory_MemAvailable.
func Parts(text string) []string {
	var parts []string
	begin, last := -1, rune(0)
	for i, r := range text {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if begin >= 0 && (!letter || unicode.IsUpper(r) && unicode.IsLower(last)) {
			parts = append(parts, strings.ToLower(text[begin:i]))
			begin = -1
		}
		if letter && begin < 0 {
			begin = i
		}
		last = r
	}
	if begin >= 0 {
		parts = append(parts, strings.ToLower(text[begin:]))
	}
	return parts
}

// fit returns how well a metric fits all words, 0 if it does not fit one of them.
func fit(words []string, name string, known []string, about string) int {
	parts, lower := Parts(name), strings.ToLower(name)
	texts := strings.FieldsFunc(about, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	sum := 0
	for _, w := range words {
		score := fitOne(w, parts, known)
		switch {
		case score > 0:
		case len(w) > 2 && strings.Contains(lower, w):
			score = fitsPart
		case slices.ContainsFunc(texts, func(t string) bool { return same(w, t) }),
			len(w) > 3 && slices.ContainsFunc(texts, func(t string) bool {
				return strings.HasPrefix(t, w)
			}):
			score = fitsHelp
		default:
			return 0
		}
		sum += score
	}
	return sum
}

// fitOne returns how well a word fits the parts of a name and the words of an entry.
func fitOne(word string, parts, known []string) int {
	if slices.ContainsFunc(parts, func(p string) bool { return same(word, p) }) {
		return fitsName
	}
	i := slices.IndexFunc(known, func(k string) bool { return same(word, k) })
	if i < 0 {
		return 0
	}
	return max(fitsName-i, fitsPart+1)
}

// same reports whether two words are equal apart from their endings: restart, restarts, restarting.
func same(a, b string) bool { return a == b || stem(a) == stem(b) }

// stem returns a word without a plural s and without ing.
func stem(word string) string {
	if rest, ok := strings.CutSuffix(word, "ing"); ok && len(rest) > 3 {
		return rest
	}
	return strings.TrimSuffix(word, "s")
}
