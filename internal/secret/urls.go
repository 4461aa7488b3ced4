package secret

import (
	"regexp"
	"strings"
)

// hiddenParams replaces what follows the path of a URL.
const hiddenParams = "?…"

// HideURL returns a URL without its user and password, and with "?…" instead of its parameters:
// probes and exporters often have their credentials there. The scheme may be missing.
func HideURL(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if ok {
		scheme += "://"
	} else {
		scheme, rest = "", url
	}
	rest, _, fragment := strings.Cut(rest, "#")
	rest, _, params := strings.Cut(rest, "?")
	authority, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 &&
		(ok || strings.Contains(authority[:at], ":")) {
		authority = authority[at+1:]
	}
	out := scheme + authority
	if hasPath {
		out += "/" + path
	}
	if params || fragment {
		out += hiddenParams
	}
	return out
}

var (
	urlInText = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'<>` + "`" + `]+`)
	// credentials that a text names: token=…, Bearer …, "password": "…"
	namedSecret = regexp.MustCompile(`(?i)\b((?:access_|auth_?|api_?|client_|id_|refresh_)?` +
		`(?:token|key|secret|password|passwd|signature|sig)["']?\s*[=:]\s*["']?` +
		`|authorization["']?\s*[=:]\s*["']?(?:[a-z]+\s+)?|bearer\s+)[^\s"',;&]+`)
)

// HideURLs hides in a text what HideURL hides in each of its URLs, and the values of what it calls
// a token, a password or a key.
func HideURLs(text string) string {
	text = urlInText.ReplaceAllStringFunc(text, HideURL)
	return namedSecret.ReplaceAllString(text, "${1}"+redacted)
}
