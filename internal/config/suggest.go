package config

import "strings"

// Nearest returns the known word of which word is a misspelling, or "" if there is none or more
// than one. A suggestion must never change the meaning of word. Words with different meanings often
// differ only in the first letter (active and inactive, include and exclude, kbytes and mbytes) or
// in a short part (max and min). So Nearest compares the parts between hyphens and underscores:
// each part must have the same first letter, and must differ in one letter or be a prefix.
func Nearest(word string, known []string) string {
	found, n := "", 0
	for _, k := range known {
		if joined(word) == joined(k) {
			return k
		}
		if isTypo(word, k) {
			found, n = k, n+1
		}
	}
	if n != 1 {
		return ""
	}
	return found
}

// dividers removes hyphens and underscores. It is a variable because building it takes longer than
// using it.
var dividers = strings.NewReplacer("_", "", "-", "")

// joined returns word in lower case, without hyphens and underscores: scrapeInterval and
// scrape_interval are then equal.
func joined(word string) string { return strings.ToLower(dividers.Replace(word)) }

// isTypo reports whether word is a misspelling of known. It compares them part by part.
func isTypo(word, known string) bool {
	if len(word) > 2*len(known) {
		return false
	}
	parts := strings.FieldsFunc(strings.ToLower(word), divides)
	meant := strings.FieldsFunc(strings.ToLower(known), divides)
	if len(parts) != len(meant) {
		return false
	}
	for i, p := range parts {
		if !isTypoOfPart(p, meant[i]) {
			return false
		}
	}
	return true
}

func divides(r rune) bool { return r == '_' || r == '-' }

// isTypoOfPart reports whether a part of a word is a misspelling or an abbreviation of another.
func isTypoOfPart(part, meant string) bool {
	short := min(len(part), len(meant))
	switch {
	case isSameWord(part, meant):
		return true
	case part == "" || part[0] != meant[0]:
		return false
	case short >= 3 && strings.HasPrefix(meant, part): // mem for memory
		return true
	}
	return short >= 4 && distance(part, meant) <= 1
}

// isSameWord reports whether word equals known, apart from case, hyphens and underscores, a plural
// s or two swapped letters.
func isSameWord(word, known string) bool {
	word, known = joined(word), joined(known)
	return word == known || word+"s" == known || known+"s" == word ||
		word != "" && word[0] == known[0] && swapped(word, known)
}

// swapped reports whether a and b differ only in two neighbouring bytes that are swapped.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// distance returns the least number of edits that turn a into b (optimal string alignment). An edit
// inserts, deletes or replaces a byte, or swaps two neighbours.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// foreign returns what to write instead of a key that other programs have, or "" for any other key.
// known holds the keys that are allowed here.
func foreign(word string, known map[string]field) string {
	has := func(k string) bool { _, ok := known[k]; return ok }
	switch ref, isRef := strings.CutSuffix(word, "_ref"); {
	case isRef && has(ref+"_from"):
		return "write " + ref + "_from, which names a place in AWS"
	case has("mute_time_intervals") && strings.HasSuffix(word, "_time_intervals"):
		return "promsnap can only mute; add the opposite times, such as nights and weekends, to " +
			"time_intervals, and their name to mute_time_intervals"
	case has("min_severity") && strings.HasSuffix(word, "severity"):
		return "promsnap has min_severity but no maximum; add a receiver for each severity that " +
			"goes elsewhere"
	case has("send_resolved") && strings.HasPrefix(word, "send_"):
		return "firing alerts are always sent; send_resolved decides whether resolved ones are"
	case has("alertname") && word == "severity":
		return "each limit has its severity; write above: {warning: …, critical: …}"
	case has("alertname") && word == "alert":
		return "write alertname"
	case has("query") && word == "expr":
		return "write query"
	}
	return ""
}
