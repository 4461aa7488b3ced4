package teams

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

const workflow = "/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke"

// start starts a double of a workflow that posts Adaptive Cards.
func start(t *testing.T) *notifytest.Double {
	t.Helper()
	return notifytest.NewDouble(t,
		func(r *http.Request, body []byte) (status int, answer, arrived string) {
			kind, with, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
			switch {
			case r.Method != http.MethodPost || r.URL.Path != workflow:
				return http.StatusNotFound, `{"error":{"code":"WorkflowNotFound"}}`, ""
			case r.URL.Query().Get("sig") != notifytest.Secret:
				return http.StatusUnauthorized, `{"error":{"code":"AuthorizationFailed"}}`, ""
			case kind != "application/json" || with["charset"] != "utf-8":
				return http.StatusUnsupportedMediaType, "", ""
			}
			if wrong := checked(body); len(wrong) > 0 {
				return http.StatusBadRequest, fmt.Sprintf("%q", wrong), ""
			}
			return http.StatusAccepted, "", string(body)
		})
}

// link returns the address of the workflow of a server.
func link(server string) string {
	return server + workflow + "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" +
		notifytest.Secret
}

func open(server string) *Notifier {
	return New(Options{WebhookURL: secret.Inline(link(server)), Transport: &http.Transport{}})
}

// checked returns what the descriptions of Adaptive Cards 1.4 and of Teams forbid in a message.
func checked(body []byte) (wrong []string) {
	bad := func(yes bool, what string, args ...any) {
		if yes {
			wrong = append(wrong, fmt.Sprintf(what, args...))
		}
	}
	var m message
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return []string{err.Error()}
	}
	bad(2*len(utf16.Encode([]rune(string(body)))) > 28_000, "larger than 28 KB")
	bad(m.Type != "message" || len(m.Attachments) != 1, "not a message with one attachment")
	for _, a := range m.Attachments {
		bad(a.ContentType != "application/vnd.microsoft.card.adaptive", "not a card")
		bad(a.Content.Type != "AdaptiveCard" || a.Content.Version != "1.4" ||
			len(a.Content.Body) == 0, "not an Adaptive Card")
		for _, e := range a.Content.Body {
			bad(!checkedElement(e), "a wrong element %+v", e)
		}
		bad(len(a.Content.Actions) > 6, "more than 6 actions")
		for _, to := range a.Content.Actions {
			bad(to.Type != "Action.OpenUrl" || to.Title == "" || !letter.IsLink(to.URL),
				"a wrong action %+v", to)
		}
	}
	return wrong
}

func checkedElement(e element) bool {
	if !slices.Contains([]string{"", "None", "Small"}, e.Spacing) {
		return false
	}
	if e.Type == "Image" {
		u, err := url.Parse(e.URL)
		return err == nil && u.Scheme == "https" && e.AltText != "" && e.Inlines == nil
	}
	return e.Type == "RichTextBlock" && len(e.Inlines) > 0 && e.URL == "" &&
		!slices.ContainsFunc(e.Inlines, func(r run) bool {
			return r.Type != "TextRun" || r.Text == "" || strings.ContainsAny(r.Text, "\r\n")
		})
}
