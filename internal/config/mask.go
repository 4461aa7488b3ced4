package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// secrets are the shapes of what nobody may see: tokens of Slack, AWS, GitHub, GitLab, Google and
// Grafana, JSON web tokens, addresses of webhooks, credentials behind Bearer and Basic, and what
// stands before the @ of an address.
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

// masked is text in which everything that has the shape of a secret is <redacted>.
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

// longWord is letters and digits without a break, as many as a secret has and a name has not.
var longWord = regexp.MustCompile(`[A-Za-z0-9+/=]{16,}`)

// isRandom reports whether a word looks drawn by lot: digits among its letters, again and again.
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

// keySyntax is what somebody may have meant as a key: words, not a sentence, an address or a key
// with its value.
var keySyntax = regexp.MustCompile(`^[\pL_][\pL\pM\pN _.-]*$`)

// longestKey is how many runes it may have. In the expression the bound would cost each start 2 MB
// and two milliseconds.
const longestKey = 60

// showable reports whether a key that is none of ours can be shown. It may be a secret whose own
// key has lost its blank: token:xoxb-…
func showable(k string) bool {
	return utf8.RuneCountInString(k) <= longestKey && keySyntax.MatchString(k) && masked(k) == k &&
		!strings.ContainsAny(k, ":=@")
}

// keyBefore returns the one of known that stands before a colon, an equals sign or a blank in a
// key: token of token:xoxb-…
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
