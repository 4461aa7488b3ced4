package exchange

import (
	"errors"
	"net/url"
	"testing"
)

func TestIsPage(t *testing.T) {
	for body, want := range map[string]bool{
		"": false, "ok": false, `{"status":"success"}`: false, "<p>ok</p>": false,
		"<?xml version=\"1.0\"?><Error/>": false, "say <html>": false,
		"<!DOCTYPE html><p>": true, "\ufeff \n<HTML lang=en>": true, "<!-- --><head>": true,
		"<script>location='/login'</script>": true,
	} {
		if got := IsPage(body); got != want {
			t.Errorf("%q: got %t, want %t", body, got, want)
		}
	}
}

func TestLeadsToLogin(t *testing.T) {
	from, err := url.Parse("https://am.example.com/authors/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	for link, want := range map[string]bool{
		"/login": true, "https://sso.example.com/": true, "/oauth2/start?rd=%2F": true,
		"https://x.okta.com/app":  true,
		"/authors/api/v2/alerts/": false, "https://elsewhere.example.com/": false,
	} {
		to, err := from.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if got := LeadsToLogin(to, from); got != want {
			t.Errorf("%s: got %t, want %t", link, got, want)
		}
	}
}

func TestGoesAway(t *testing.T) {
	for text, want := range map[string][2]bool{
		ErrGoAway.Error(): {true, false}, // known by its identity alone
		"http2: client conn could not be established":                         {true, true},
		"http2: server sent GOAWAY and closed the connection; LastStreamID=1": {true, false},
		"EOF": {false, false},
	} {
		if away, unseen := GoesAway(errors.New(text)); away != want[0] || unseen != want[1] {
			t.Errorf("%s: got %t, %t, want %v", text, away, unseen, want)
		}
	}
	if away, unseen := GoesAway(ErrGoAway); !away || !unseen {
		t.Errorf("ErrGoAway: got %t, %t; want true, true", away, unseen)
	}
}
