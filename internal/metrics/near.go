package metrics

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest returns at most n of the names that are most like name: those that differ in few letters,
// and those that share most of their parts. The best comes first.
func Nearest(name string, names []string, n int) []string {
	type candidate struct {
		name  string
		score float64
	}
	var found []candidate
	lower, parts := strings.ToLower(name), Parts(name)
	for _, other := range names {
		if other == name {
			continue
		}
		score := shared(parts, Parts(other))
		if most := min(max(2, len(lower)/6), len(lower)/3); abs(len(other)-len(lower)) <= most {
			if d := distance(lower, strings.ToLower(other)); d <= most {
				score = max(score, 1) + 1 - float64(d)/float64(most+1)
			}
		}
		if score >= 0.5 {
			found = append(found, candidate{other, score})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name))
	})
	var best []string
	for _, c := range found[:min(n, len(found))] {
		best = append(best, c.name)
	}
	return best
}

// shared returns which share of the parts of two names is in both, 0 to 1.
func shared(a, b []string) float64 {
	both := 0
	for _, p := range a {
		if slices.Contains(b, p) {
			both++
		}
	}
	return float64(2*both) / float64(max(1, len(a)+len(b)))
}

// maxCompared is the longest name whose letters are compared, in bytes.
const maxCompared = 200

// distance returns the least number of letters that must be inserted, deleted or replaced to turn a
// into b. Longer names than maxCompared are far from all others.
func distance(a, b string) int {
	if len(a) > maxCompared || len(b) > maxCompared {
		return maxCompared
	}
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last, row = row, last
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
		}
	}
	return row[len(b)]
}

func abs(n int) int { return max(n, -n) }
