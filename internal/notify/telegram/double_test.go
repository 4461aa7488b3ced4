package telegram

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double accepts requests by Telegram's public description of the Bot API.
type double struct {
	*notifytest.Double
	sent []string // the method of each message, and the ID that it replies to
	gone bool     // the messages that are replied to
}

const (
	token = "123456:" + notifytest.Secret
	chat  = -1001234567890
)

func start(t *testing.T) *double {
	t.Helper()
	d := &double{}
	d.Double = notifytest.NewDouble(t, d.accept)
	return d
}

func (d *double) accept(r *http.Request, body []byte) (status int, answer, arrived string) {
	fail := func(status int, description string) (int, string, string) {
		return status, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, status,
			description), ""
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+token+"/")
	if !ok {
		return fail(http.StatusUnauthorized, "Unauthorized")
	}
	var m Payload
	var err error
	switch method {
	case "sendMessage":
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err = decoder.Decode(&m); err == nil {
			err = checkText(m.Text)
		}
		if err == nil && m.ParseMode != "HTML" {
			err = errors.New("parse mode")
		}
	case "sendPhoto", "sendDocument", "sendMediaGroup":
		m, err = checkForm(method, r.Header.Get("Content-Type"), body)
	default:
		return fail(http.StatusNotFound, "Not Found")
	}
	switch {
	case err != nil:
		return fail(http.StatusBadRequest, "Bad Request: "+err.Error())
	case m.ChatID != chat:
		return fail(http.StatusBadRequest, "Bad Request: chat not found")
	}
	about := fmt.Sprintf(`{"message_id":%d,"chat":{"id":%d}`, 100+len(d.sent), chat)
	to := ""
	if m.Reply != nil && !d.gone {
		about += fmt.Sprintf(`,"reply_to_message":{"message_id":%d}`, m.Reply.MessageID)
		to = strconv.FormatInt(m.Reply.MessageID, 10)
	}
	about += "}"
	if method == "sendMediaGroup" {
		about = "[" + about + "," + about + "]"
	}
	d.sent = append(d.sent, strings.TrimSpace(method+" "+to))
	return http.StatusOK, `{"ok":true,"result":` + about + `}`, method + " " + m.Text
}

// tags are the tags that Telegram knows and promsnap uses.
var tags = regexp.MustCompile(`^(b|pre|a)$`)

// checkText returns what Telegram would refuse in a text of the parse mode HTML.
func checkText(text string) error {
	decoder := xml.NewDecoder(strings.NewReader("<x>" + text + "</x>"))
	plain := ""
	for {
		next, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("can't parse entities: %w", err)
		}
		switch next := next.(type) {
		case xml.StartElement:
			if n := next.Name.Local; n != "x" && !tags.MatchString(n) {
				return fmt.Errorf("can't parse entities: unsupported start tag %q", n)
			}
		case xml.CharData:
			plain += string(next)
		}
	}
	if n := len(utf16.Encode([]rune(plain))); n == 0 || n > 4096 {
		return fmt.Errorf("message is empty or too long: %d", n)
	}
	if strings.Contains(regexp.MustCompile(`(?s)<pre>.*?</pre>|<a href="[^"]*">`).
		ReplaceAllString(text, ""), "@") {
		return errors.New("the text may mention somebody")
	}
	return nil
}

// checkForm returns the message of a form with pictures, and what Telegram would refuse in it.
func checkForm(method, contentType string, body []byte) (m Payload, err error) {
	fields, files := map[string]string{}, map[string][]byte{}
	_, with, err := mime.ParseMediaType(contentType)
	if err != nil {
		return m, err
	}
	for r := multipart.NewReader(bytes.NewReader(body), with["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return m, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return m, err
		}
		if part.FileName() != "" {
			files[part.FormName()] = text
		} else {
			fields[part.FormName()] = string(text)
		}
	}
	if m.ChatID, err = strconv.ParseInt(fields["chat_id"], 10, 64); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(fields["reply_parameters"]), &m.Reply); err != nil {
		return m, err
	}
	captions, photos := []string{fields["caption"]}, [][]byte{files["photo"]}
	switch method {
	case "sendDocument":
		photos = nil
		if len(files["document"]) == 0 {
			return m, errors.New("there is no document")
		}
	case "sendMediaGroup":
		captions, photos = nil, nil
		var all []media
		if err := json.Unmarshal([]byte(fields["media"]), &all); err != nil || len(all) < 2 ||
			len(all) > 10 {
			return m, fmt.Errorf("%d photos in an album: %w", len(all), err)
		}
		for _, one := range all {
			captions = append(captions, one.Caption)
			photos = append(photos, files[strings.TrimPrefix(one.Media, "attach://")])
		}
	}
	for _, c := range captions {
		if len(utf16.Encode([]rune(c))) > 1024 || strings.Contains(c, "@") {
			return m, errors.New("a caption is too long or mentions somebody")
		}
	}
	for _, p := range photos {
		c, err := png.DecodeConfig(bytes.NewReader(p))
		if err != nil || c.Width+c.Height > 10_000 || len(p) > 10<<20 {
			return m, fmt.Errorf("PHOTO_INVALID_DIMENSIONS: %w", err)
		}
	}
	return m, nil
}

// options returns options for a double at an address.
func options(link string) Options {
	return Options{
		BotToken: secret.Inline(token), ChatID: chat, APIURL: link, Transport: &http.Transport{},
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
