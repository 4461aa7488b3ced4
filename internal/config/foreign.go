package config

import (
	"regexp"
	"strings"
)

// What other programs write where a label's value shall stand: Grafana's variables, Prometheus'
// templates of alerts, Go's pipelines.
var (
	legendVariable = regexp.MustCompile(
		`\$\{([A-Za-z_]\w*)(?:[:.][^}]*)?\}|\$(?:labels\.)?([A-Za-z_]\w*)|\[\[\s*([A-Za-z_]\w*)(?:[:.][^]]*)?\s*\]\]`)
	templateLabel = regexp.MustCompile(
		`^(?:\$labels\.|\.Labels\.|\$|\.)([A-Za-z_][\w.]*)(?:\s*\|.*)?$`)
	pipeline    = regexp.MustCompile(`^"?([^"|]+?)"?\s*\|.*$`)
	indexed     = regexp.MustCompile(`^(?:\(?\s*)index\s+(?:\$labels|\.Labels)\s+"([^"]+)"`)
	wholeBraces = regexp.MustCompile(`^\{\{\s*(.*?)\s*\}\}$`)
)

// foreignField returns the label that is meant by what stands between {{ and }}, where that is no
// label's name as promsnap has it; "" where it is one.
func foreignField(inner string) string {
	for _, shape := range []*regexp.Regexp{templateLabel, indexed, pipeline} {
		if m := shape.FindStringSubmatch(inner); m != nil {
			return m[1]
		}
	}
	return ""
}

// foreignLabel returns the label that is meant where a name alone should stand; "" where text is no
// such thing.
func foreignLabel(text string) string {
	if m := wholeBraces.FindStringSubmatch(text); m != nil {
		if meant := foreignField(m[1]); meant != "" {
			return meant
		}
		return strings.Trim(m[1], `"`)
	}
	if m := legendVariable.FindStringSubmatch(text); m != nil && m[0] == text {
		return m[1] + m[2] + m[3]
	}
	return ""
}

// foreignLegend returns the first part of a legend that is another program's, and what to write for
// it; "" where there is none.
func foreignLegend(text string) (part, write string) {
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, "{{")
		inner, behind, closed := strings.Cut(after, "}}")
		if !ok || !closed {
			break
		}
		if meant := foreignField(strings.TrimSpace(inner)); meant != "" {
			return "{{" + inner + "}}", "{{" + meant + "}}"
		}
		rest = behind
	}
	if m := legendVariable.FindStringSubmatch(outsideBraces(text)); m != nil {
		return m[0], "{{" + m[1] + m[2] + m[3] + "}}"
	}
	return "", ""
}

// outsideBraces is a legend without its labels.
func outsideBraces(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "{{")
		_, behind, closed := strings.Cut(after, "}}")
		b.WriteString(before)
		if !ok || !closed {
			return b.String()
		}
		b.WriteString(" ")
		text = behind
	}
}

// matcherVariable is a variable of a dashboard as it stands in the value of a label matcher. What
// begins with a digit is a group of a regular expression, and a lone $ its end.
var matcherVariable = regexp.MustCompile(
	`\$\{[A-Za-z_]\w*(?:[:.][^}]*)?\}|\$[A-Za-z_]\w*|\[\[[A-Za-z_]\w*(?:[:.][^]]*)?\]\]`)

// place is a text and where it stands.
type place struct {
	text string
	at   int
}

// foreignMatchers returns the variables of a dashboard that stand in the values of a query's label
// matchers, in any dialect.
func foreignMatchers(query string) []place {
	var found []place
	depth := 0
	for i := 0; i < len(query); i++ {
		switch c := query[i]; c {
		case '"', '\'', '`':
			from := i + 1
			for i++; i < len(query) && query[i] != c; i++ {
				if query[i] == '\\' && c != '`' {
					i++
				}
			}
			if depth == 0 {
				continue // not a matcher's: $1 of label_replace
			}
			text := query[from:min(i, len(query))]
			for _, m := range matcherVariable.FindAllStringIndex(text, -1) {
				escaped := m[0] > 0 && text[m[0]-1] == '\\'
				if !escaped && !isOurs(text[m[0]:m[1]]) {
					found = append(found, place{text[m[0]:m[1]], from + m[0]})
				}
			}
		case '#':
			for i < len(query) && query[i] != '\n' {
				i++
			}
		case '{':
			depth++
		case '}':
			depth = max(depth-1, 0)
		}
	}
	return found
}

// adviceOnVariable says what to write in place of a variable of a dashboard in a label matcher.
func adviceOnVariable(variable string) string {
	return "promsnap does not fill in the " +
		"variable " + shorten(variable) + "; write a value, or .+ for all"
}
