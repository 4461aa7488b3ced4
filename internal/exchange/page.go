package exchange

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// loginWords occur in the addresses of logins: of Grafana, oauth2-proxy, Dex, Keycloak, Google,
// Microsoft, Okta, Cloudflare, AWS and OpenShift.
var loginWords = []string{
	"login", "signin", "sign_in", "sign-in", "logon", "oauth", "openid", "authorize", "saml", "sso",
	"/dex/", "/realms/", "accounts.google.",
	"okta.com", "auth0.com", "cloudflareaccess", "amazoncognito", "/auth",
}

// LeadsToLogin reports whether a redirect leads to a login for people: its address contains a word
// of logins that the first address does not.
func LeadsToLogin(to, from *url.URL) bool {
	there, here := strings.ToLower(to.Host+to.Path), strings.ToLower(from.Host+from.Path)
	return slices.ContainsFunc(loginWords, func(w string) bool {
		return strings.Contains(there, w) && !strings.Contains(here, w)
	})
}

// IsLogin reports whether a web page asks people to log in.
func IsLogin(page string) bool {
	return containsAny(strings.ToLower(page),
		`type="password"`, `type='password'`, "type=password", "sign in", "signin", "sign_in",
		"log in", "login", "oauth2/start", "saml")
}

// IsPage reports whether a body is a whole web page, whatever its content type. A program's
// "<p>ok</p>" is not.
func IsPage(body string) bool {
	begin := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(body, "\ufeff")))
	return strings.HasPrefix(begin, "<") && containsAny(begin, "<!doctype html", "<html", "<head",
		"<body", "<title", "<meta", "<form", "<script")
}

// WantsHTTPS reports whether a body says that plain HTTP was sent to a port for HTTPS.
func WantsHTTPS(body string) bool {
	return containsAny(body, "HTTP request to an HTTPS server", "HTTP request was sent to HTTPS")
}

// GoesAway reports whether err comes from a server that closed the connection (HTTP/2's GOAWAY),
// and whether the server says that it has not processed the request.
func GoesAway(err error) (away, unseen bool) {
	switch text := err.Error(); {
	case errors.Is(err, ErrGoAway),
		strings.Contains(text, "http2: client conn could not be established"):
		return true, true
	default:
		return strings.Contains(text, "GOAWAY"), false
	}
}

func containsAny(s string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}
