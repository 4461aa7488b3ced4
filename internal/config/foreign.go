package config

import (
	"regexp"
	"strings"
)

// The syntax of other programs for the value of a label: Grafana variables, Prometheus alert
// templates and Go pipelines.
var (
	legendVariable = regexp.MustCompile(
		`\$\{([A-Za-z_]\w*)(?:[:.][^}]*)?\}|\$(?:labels\.)?([A-Za-z_]\w*)|` +
			`\[\[\s*([A-Za-z_]\w*)(?:[:.][^]]*)?\s*\]\]`)
	templateLabel = regexp.MustCompile(
		`^(?:\$labels\.|\.Labels\.|\$|\.)([A-Za-z_][\w.]*)(?:\s*\|.*)?$`)
	pipeline    = regexp.MustCompile(`^"?([^"|]+?)"?\s*\|.*$`)
	indexed     = regexp.MustCompile(`^(?:\(?\s*)index\s+(?:\$labels|\.Labels)\s+"([^"]+)"`)
	wholeBraces = regexp.MustCompile(`^\{\{\s*(.*?)\s*\}\}$`)
)

// foreignField returns the label that the text between {{ and }} means in the syntax of another
// program, or "" if the text is not in such a syntax.
func foreignField(inner string) string {
	for _, shape := range []*regexp.Regexp{templateLabel, indexed, pipeline} {
		if m := shape.FindStringSubmatch(inner); m != nil {
			return m[1]
		}
	}
	return ""
}

// foreignLabel returns the label that a text means in the syntax of another program, where only the
// name of a label is allowed. It returns "" for any other text.
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

// foreignLegend returns the first part of a legend that is in the syntax of another program, and
// what to write instead. Both are "" if there is none.
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

// outsideBraces returns a legend without its labels.
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

// matcherVariable matches a dashboard variable in the value of a label matcher. In a regular
// expression, $1 is a group and a $ alone is the end of the text: they are no variables.
var matcherVariable = regexp.MustCompile(
	`\$\{[A-Za-z_]\w*(?:[:.][^}]*)?\}|\$[A-Za-z_]\w*|\[\[[A-Za-z_]\w*(?:[:.][^]]*)?\]\]`)

// place is a text and its offset in a query.
type place struct {
	text string
	at   int
}

// foreignMatchers returns the dashboard variables in the values of a query's label matchers.
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
				continue // not in a matcher, such as $1 in label_replace
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

// adviceOnVariable returns the message about a dashboard variable in a label matcher.
func adviceOnVariable(variable string) string {
	return "promsnap does not fill in the " +
		"variable " + shorten(variable) + "; write a value, or .+ for all"
}
