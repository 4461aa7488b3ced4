package secret

import (
	"strings"
	"testing"
)

func TestHideURL(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"http://10.0.1.12:9100/metrics", "http://10.0.1.12:9100/metrics"},
		{"https://user:p%40ss@host/metrics", "https://host/metrics"},
		{"https://TOKEN@host/metrics", "https://host/metrics"},
		{"http://h/probe?module=a&token=s3cret", "http://h/probe?…"},
		{"http://h/probe#s3cret", "http://h/probe?…"},
		{"http://h?token=s3cret", "http://h?…"},
		{"user:s3cret@h:80/x", "h:80/x"},
		{"10.0.1.12:9100", "10.0.1.12:9100"},
		{"statsd@host", "statsd@host"},
		{"h/probe?token=s3cret", "h/probe?…"},
		{"[2001:db8::1]:9100", "[2001:db8::1]:9100"},
	} {
		if got := HideURL(tt.in); got != tt.want {
			t.Errorf("HideURL(%q): got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestHideURLs(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{
			`Get "http://h:1/m?token=s3cret": dial tcp 10.0.0.1:1: connect: connection refused`,
			`Get "http://h:1/m?…": dial tcp 10.0.0.1:1: connect: connection refused`,
		},
		{`proxyconnect to http://u:s3cret@proxy:3128: EOF`, `proxyconnect to http://proxy:3128: EOF`},
		{`401 Unauthorized: Bearer s3cret`, `401 Unauthorized: Bearer <redacted>`},
		{`{"access_token":"s3cret","x":1}`, `{"access_token":"<redacted>","x":1}`},
		{`Authorization: Basic czNjcmV0`, `Authorization: Basic <redacted>`},
		{`bad password: s3cret`, `bad password: <redacted>`},
		{"server returned HTTP status 404 Not Found", "server returned HTTP status 404 Not Found"},
		{"label_limit exceeded (metric: x)", "label_limit exceeded (metric: x)"},
	} {
		if got := HideURLs(tt.in); got != tt.want {
			t.Errorf("HideURLs(%q): got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Hiding twice changes nothing more, and what a URL's parameters had is gone.
func FuzzHideURLs(f *testing.F) {
	f.Add("http://h/m", "a=b")
	f.Add("h", "s3cret&x=y")
	f.Fuzz(func(t *testing.T, before, params string) {
		if strings.ContainsAny(params, " \t\r\n\v\f\"'<>`") || len(params) < 6 {
			t.Skip()
		}
		once := HideURLs("https://h/" + "?" + params)
		if strings.Contains(once, params) {
			t.Errorf("got %q, want nothing of %q", once, params)
		}
		text := HideURLs(before)
		if twice := HideURLs(text); twice != text {
			t.Errorf("hiding %q twice: got %q, want %q", before, twice, text)
		}
	})
}
