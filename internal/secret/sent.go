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

// Sent is what requests were authorized with, as it went over the wire, whoever has put it there:
// http_config, a proxy's address, a user in a URL. The other side knows it from then on, and may
// repeat it in what it says is wrong: Scrub takes it out. The zero value has sent nothing. It may
// be used from several goroutines.
type Sent struct {
	mu    sync.Mutex
	known map[string]bool // values that were looked at
	forms []string        // what Scrub takes out, the longest first
}

// The bounds of what is taken down. A token that renews itself with every request would be more.
const (
	shortest = 4   // bytes of a secret: less is in too many words to be told from them
	mostSent = 256 // values
)

// harmless are the headers of a request that authorize nothing. Any other may.
var harmless = []string{
	":authority", ":method", ":path", ":scheme", "Accept", "Accept-Encoding", "Connection",
	"Content-Length", "Content-Type", "Host",
	"Idempotency-Key", "Referer", "Transfer-Encoding", "User-Agent",
}

// Trace returns a context of requests whose authorization is taken down.
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

// header takes down the value of a header: whole, what follows a scheme such as Bearer, and what
// Basic encodes.
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
	slices.SortFunc(s.forms, func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	s.forms = slices.Compact(s.forms)
}

// add takes down the forms in which somebody may write a secret.
func (s *Sent) add(secret string) {
	if len(secret) < shortest {
		return
	}
	b := []byte(secret)
	quoted, _ := json.Marshal(secret) // of a string there is no error
	s.forms = append(s.forms, secret, url.QueryEscape(secret), url.PathEscape(secret),
		(&url.URL{Path: secret}).EscapedPath(),
		url.UserPassword("", secret).String()[1:], html.EscapeString(secret),
		string(quoted[1:len(quoted)-1]),
		base64.StdEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b),
		base64.URLEncoding.EncodeToString(b),
		base64.RawURLEncoding.EncodeToString(b), hex.EncodeToString(b),
		strings.ToUpper(hex.EncodeToString(b)))
}

// longest is what a secret has at most that is looked for where words were cut, in bytes.
const longest = 4 << 10

// Whole returns words of which at most so many bytes were read without their end where there may be
// more: of a secret that is cut there, Scrub would leave a part.
func Whole(read []byte, most int) []byte {
	if len(read) < most {
		return read
	}
	return read[:max(most-longest, 0)]
}

// Scrub returns words of the other side without what it was sent. They must be whole: of what is
// cut within a secret, a part stays.
func (s *Sent) Scrub(words string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range s.forms {
		words = strings.ReplaceAll(words, form, redacted)
	}
	return words
}
