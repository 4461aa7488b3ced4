package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double accepts requests by Discord's public description of webhooks.
type double struct {
	*notifytest.Double
	messages map[string]Payload // by ID
	files    []string           // that were uploaded
}

func start(t *testing.T) *double {
	t.Helper()
	d := &double{messages: map[string]Payload{}}
	d.Double = notifytest.NewDouble(t, d.accept)
	return d
}

const hook = "/api/webhooks/1234567890123456789/" + notifytest.Secret

var path = regexp.MustCompile(`^` + hook + `(?:/messages/([0-9]+))?$`)

func (d *double) accept(r *http.Request, body []byte) (status int, answer, arrived string) {
	at := path.FindStringSubmatch(r.URL.Path)
	if at == nil {
		return http.StatusNotFound, `{"message":"Unknown Webhook","code":10015}`, ""
	}
	if !strings.HasPrefix(r.Header.Get("User-Agent"), "DiscordBot (https://") {
		return http.StatusForbidden, `{"message":"internal network error","code":40333}`, ""
	}
	p, files, err := decoded(r.Header.Get("Content-Type"), body)
	if err == nil {
		err = p.check(files)
	}
	if err != nil {
		return http.StatusBadRequest, fmt.Sprintf(`{"message":%q,"code":50035}`, err.Error()), ""
	}
	id := at[1]
	switch {
	case r.Method == http.MethodPost && id == "" && r.URL.Query().Get("wait") == "true":
		id = fmt.Sprint(1500 + len(d.messages))
	case r.Method != http.MethodPatch || d.messages[id].Content == "":
		return http.StatusNotFound, `{"message":"Unknown Message","code":10008}`, ""
	}
	d.messages[id] = p
	for name := range files {
		d.files = append(d.files, name)
	}
	shown, _ := json.Marshal(p)
	return http.StatusOK, `{"id":"` + id + `","type":0}`, r.Method + " " + string(shown)
}

// decoded returns the payload and the files of a request.
func decoded(contentType string, body []byte) (p Payload, files map[string][]byte, err error) {
	kind, with, err := mime.ParseMediaType(contentType)
	if err != nil {
		return p, nil, err
	}
	files = map[string][]byte{}
	if kind != "multipart/form-data" {
		return p, files, strict(body, &p)
	}
	if len(body) > 10<<20 {
		return p, nil, errors.New("the request is too large")
	}
	for r := multipart.NewReader(bytes.NewReader(body), with["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return p, nil, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return p, nil, err
		}
		if part.FormName() == "payload_json" {
			err = strict(text, &p)
		} else if part.FormName() != fmt.Sprintf("files[%d]", len(files)) {
			err = errors.New("the name of a file")
		} else {
			files[part.FileName()] = text
		}
		if err != nil {
			return p, nil, err
		}
	}
	return p, files, nil
}

func strict(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// check returns what Discord's description forbids in a payload.
func (p *Payload) check(files map[string][]byte) error {
	length := func(s string) int { return len(utf16.Encode([]rune(s))) }
	total := 0
	for _, e := range p.Embeds {
		total += length(e.Description)
		name := ""
		if e.Image != nil {
			name = strings.TrimPrefix(e.Image.URL, "attachment://")
		}
		switch {
		case length(e.Description) > 4096:
			return errors.New("a description is too long")
		case e.Description == "" && e.Image == nil:
			return errors.New("an embed is empty")
		case e.Image != nil && len(files[name]) == 0:
			return fmt.Errorf("there is no file %q", name)
		}
	}
	for i, a := range p.Attachments {
		if a.ID != i || len(files[a.FileName]) == 0 || length(a.Description) > 1024 {
			return fmt.Errorf("a wrong attachment %+v", a)
		}
	}
	switch {
	case p.Content == "" || length(p.Content) > 2000:
		return errors.New("the content is empty or too long")
	case len(p.Embeds) > 10 || total > 6000:
		return errors.New("the embeds are too long")
	case p.Mentions.Parse == nil || len(p.Mentions.Parse) > 0:
		return errors.New("the words of the message may mention somebody")
	case len(p.Attachments) != len(files):
		return errors.New("not each file has an attachment")
	}
	return nil
}

func open(server string) *Notifier {
	return New(Options{WebhookURL: secret.Inline(server + hook), Transport: &http.Transport{}})
}
