package opsgenie

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double accepts requests by Opsgenie's public description of the Alert API.
type double struct {
	*notifytest.Double
	open map[string]Alert // by alias
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{open: map[string]Alert{}}
	d.Double = notifytest.NewDouble(t, d.accept)
	return d
}

var actions = regexp.MustCompile(`^/v2/alerts/([^/]+)/(close|priority|message)$`)

func (d *double) accept(r *http.Request, body []byte) (status int, answer, arrived string) {
	if r.Header.Get("Authorization") != "GenieKey "+notifytest.Secret {
		return http.StatusForbidden, `{"message":"You are not authorized"}`, ""
	}
	if wrong := checked(r.Method, r.URL.RequestURI(), body); len(wrong) > 0 {
		return http.StatusUnprocessableEntity, fmt.Sprintf(`{"message":%q}`, wrong), ""
	}
	if action := actions.FindStringSubmatch(r.URL.Path); action == nil {
		var a Alert
		_ = json.Unmarshal(body, &a)
		d.open[a.Alias] = a
	} else if action[2] == "close" {
		delete(d.open, action[1])
	}
	return http.StatusAccepted, `{"result":"Request will be processed","took":0.3,"requestId":"4"}`,
		r.Method + " " + r.URL.RequestURI() + " " + string(body)
}

// checked returns what Opsgenie's description forbids in a request.
func checked(method, path string, body []byte) (wrong []string) {
	bad := func(yes bool, what string, args ...any) {
		if yes {
			wrong = append(wrong, fmt.Sprintf(what, args...))
		}
	}
	decode := func(into any) {
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(into); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	if method == http.MethodPost && path == "/v2/alerts" {
		var a Alert
		decode(&a)
		return append(wrong, a.wrong()...)
	}
	path, query, _ := strings.Cut(path, "?")
	action := actions.FindStringSubmatch(path)
	if action == nil || query != "identifierType=alias" {
		return []string{"no such address: " + path}
	}
	var c struct{ Source, Message, Priority string }
	decode(&c)
	switch action[2] {
	case "close":
		bad(method != http.MethodPost, "method")
	case "priority":
		bad(method != http.MethodPut || !priorities.MatchString(c.Priority), "priority %q",
			c.Priority)
	case "message":
		bad(method != http.MethodPut || c.Message == "" || length(c.Message) > 130, "message %q",
			c.Message)
	}
	return wrong
}

var priorities = regexp.MustCompile(`^P[1-5]$`)

func length(s string) int { return utf8.RuneCountInString(s) }

// wrong returns what of an alert is beyond the limits.
func (a *Alert) wrong() (wrong []string) {
	details := 0
	for k, v := range a.Details {
		details += length(k) + length(v)
	}
	for what, yes := range map[string]bool{
		"message":     a.Message == "" || length(a.Message) > 130,
		"alias":       a.Alias == "" || length(a.Alias) > 512,
		"description": length(a.Description) > 15_000,
		"tags": len(a.Tags) > 20 || slices.ContainsFunc(a.Tags, func(t string) bool {
			return t == "" || length(t) > 50 || strings.Contains(t, ",")
		}),
		"details":  details > 8_000,
		"entity":   length(a.Entity) > 512,
		"source":   length(a.Source) > 100,
		"priority": !priorities.MatchString(a.Priority),
	} {
		if yes {
			wrong = append(wrong, what)
		}
	}
	return wrong
}

// options returns options for a double at an address.
func options(link string) Options {
	return Options{
		APIKey: secret.Inline(notifytest.Secret), APIURL: link, Update: true,
		Transport: &http.Transport{},
	}
}

func open(t *testing.T, o Options) *Notifier {
	t.Helper()
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
