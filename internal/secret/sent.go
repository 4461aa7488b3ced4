package secret

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Sent records the credentials of requests as they are sent, wherever they come from: http_config,
// the address of a proxy, the user of a URL. The server may repeat them in its errors; Scrub
// removes them. The zero value is empty. Sent is safe for concurrent use.
type Sent struct {
	mu    sync.Mutex
	known map[string]bool // header values that were recorded
	forms []string        // what Scrub removes, the longest first
}

// The limits of what is recorded. A token that changes with every request would exceed them.
const (
	shortest = 4   // bytes of a secret; a shorter one is a part of too many words
	mostSent = 256 // values
)

// harmless are the request headers without credentials. Any other header may have some.
var harmless = []string{
	":authority", ":method", ":path", ":scheme", "Accept", "Accept-Encoding", "Connection",
	"Content-Length", "Content-Type", "Host",
	"Idempotency-Key", "Referer", "Transfer-Encoding", "User-Agent",
}

// Trace returns a context that records the credentials of its requests.
func (s *Sent) Trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx,
		&httptrace.ClientTrace{WroteHeaderField: func(name string, values []string) {
			if !slices.ContainsFunc(harmless, func(h string) bool {
				return strings.EqualFold(h, name)
			}) {
				for _, v := range values {
					s.header(v)
				}
			}
		}})
}

// header records the value of a header: the whole value, what follows a scheme such as Bearer, and
// what Basic encodes.
func (s *Sent) header(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[value] || len(s.known) >= mostSent {
		return
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[value] = true
	s.add(value)
	if _, credentials, ok := strings.Cut(value, " "); ok {
		s.add(credentials)
	}
	rq := http.Request{Header: http.Header{"Authorization": {value}}}
	if user, password, ok := rq.BasicAuth(); ok {
		s.add(user + ":" + password)
		s.add(password)
	}
	s.sort()
}

// Hide records a secret that is sent in another place than a header, such as the body.
func (s *Sent) Hide(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(secret)
	s.sort()
}

// sort puts the longest forms first.
func (s *Sent) sort() {
	slices.SortFunc(s.forms, func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	s.forms = slices.Compact(s.forms)
}

// add records a secret in all forms in which a server may repeat it.
func (s *Sent) add(secret string) {
	if len(secret) < shortest {
		return
	}
	b := []byte(secret)
	quoted, _ := json.Marshal(secret) // cannot fail for a string
	s.forms = append(s.forms, secret, url.QueryEscape(secret), url.PathEscape(secret),
		(&url.URL{Path: secret}).EscapedPath(),
		url.UserPassword("", secret).String()[1:], html.EscapeString(secret),
		string(quoted[1:len(quoted)-1]),
		base64.StdEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b),
		base64.URLEncoding.EncodeToString(b),
		base64.RawURLEncoding.EncodeToString(b), hex.EncodeToString(b),
		strings.ToUpper(hex.EncodeToString(b)))
}

// longest is the longest secret that Whole takes into account, in bytes.
const longest = 4 << 10

// Whole returns text of which at most most bytes were read. If there may be more, it drops the end,
// because Scrub would leave the first part of a secret that was cut there.
func Whole(read []byte, most int) []byte {
	if len(read) < most {
		return read
	}
	return read[:max(most-longest, 0)]
}

// Scrub removes the recorded credentials from a text of the server. The text must not be cut,
// because a part of a secret would not be found.
func (s *Sent) Scrub(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range s.forms {
		text = strings.ReplaceAll(text, form, redacted)
	}
	return text
}
