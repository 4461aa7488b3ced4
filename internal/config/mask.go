package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// secrets match what must never be shown: tokens of Slack, AWS, GitHub, GitLab, Google and Grafana,
// JSON web tokens, webhook addresses, credentials after Bearer and Basic, and the user and password
// of a URL.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%+/=_-]+|xapp-[A-Za-z0-9-]+`),
	regexp.MustCompile(`(?:AKIA|ASIA)[A-Z0-9]{12,}`),
	regexp.MustCompile(
		`(?:gh[opsur]_|github_pat_|glpat-|AIza|\bgl[cs][a-z]?_|\bsk-|\bhf_)[A-Za-z0-9_-]{8,}`),
	regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*`),
	regexp.MustCompile(`(?i)hooks\.slack\.com/\S*`),
	regexp.MustCompile(`(?i)(?:bearer|basic) +[A-Za-z0-9._~+/=-]{6,}`),
	regexp.MustCompile(`:/{1,2}[^/@\s]*@`),
	regexp.MustCompile(`-----BEGIN [A-Z ]*KEY-----`),
}

// masked returns text with everything that looks like a secret replaced by <redacted>.
func masked(text string) string {
	for _, shape := range secrets {
		text = shape.ReplaceAllString(text, redacted)
	}
	return longWord.ReplaceAllStringFunc(text, func(word string) string {
		if isRandom(word) {
			return redacted
		}
		return word
	})
}

// longWord matches letters and digits in a row, as many as a secret has and a name does not.
var longWord = regexp.MustCompile(`[A-Za-z0-9+/=]{16,}`)

// isRandom reports whether a word looks random: it changes between letters and digits often.
func isRandom(word string) bool {
	changes := 0
	for i := 1; i < len(word); i++ {
		if isDigit(word[i]) != isDigit(word[i-1]) && word[i] != '/' && word[i-1] != '/' {
			changes++
		}
	}
	return changes >= 4
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// keySyntax matches what somebody may have meant as a key. An address or a key with its value does
// not match.
var keySyntax = regexp.MustCompile(`^[\pL_][\pL\pM\pN _.-]*$`)

// longestKey is the most runes of such a key. As a bound in keySyntax it would cost every start of
// the program 2 MB and two milliseconds.
const longestKey = 60

// showable reports whether an unknown key may be shown. It may contain a secret if the space after
// a colon is missing: token:xoxb-…
func showable(k string) bool {
	return utf8.RuneCountInString(k) <= longestKey && keySyntax.MatchString(k) && masked(k) == k &&
		!strings.ContainsAny(k, ":=@")
}

// keyBefore returns the known key before a colon, an equals sign or a space in k, such as token in
// token:xoxb-…, or "" if there is none.
func keyBefore(k string, known map[string]field) string {
	i := strings.IndexAny(k, ":= ")
	if i <= 0 {
		return ""
	}
	if _, ok := known[k[:i]]; !ok {
		return ""
	}
	return k[:i]
}
