package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
)

// The limits of a photo: https://core.telegram.org/bots/api#sendphoto. A larger picture is sent as
// a file.
const (
	maxPhoto   = 10 << 20 // bytes
	maxSides   = 10_000   // width and height together, in pixels
	maxRatio   = 20       // of the sides
	maxFile    = 50 << 20 // bytes
	maxAlbum   = 10       // photos of one message
	maxCaption = 1024
)

// media is a photo of an album.
type media struct {
	Type    string `json:"type"`
	Media   string `json:"media"`
	Caption string `json:"caption,omitempty"`
}

// show sends pictures as a reply to a message: photos in one message, larger pictures as files.
func (n *Notifier) show(ctx context.Context, id int64, pictures []letter.Picture) error {
	drawn, err := letter.Draw(pictures)
	failed := []error{err}
	var photos []letter.Drawn
	for _, p := range drawn {
		switch {
		case len(p.Body) > maxFile:
			failed = append(failed, fmt.Errorf("%s is too large for Telegram", p.Name))
		case isPhoto(p.Body) && len(photos) < maxAlbum:
			photos = append(photos, p)
		default:
			failed = append(failed, n.upload(ctx, "sendDocument", id, n.one("document", p)))
		}
	}
	switch len(photos) {
	case 0:
	case 1:
		failed = append(failed, n.upload(ctx, "sendPhoto", id, n.one("photo", photos[0])))
	default:
		parts, err := album(photos)
		if err == nil {
			err = n.upload(ctx, "sendMediaGroup", id, parts)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// isPhoto reports whether Telegram accepts a picture as a photo.
func isPhoto(body []byte) bool {
	c, err := png.DecodeConfig(bytes.NewReader(body))
	return err == nil && len(body) <= maxPhoto && c.Width+c.Height <= maxSides &&
		max(c.Width, c.Height) <= maxRatio*min(c.Width, c.Height)
}

// one returns the parts of a form with one picture.
func (n *Notifier) one(field string, p letter.Drawn) []notify.FormPart {
	return []notify.FormPart{
		{Name: "caption", Body: []byte(caption(p))},
		{Name: field, FileName: p.Name, ContentType: "image/png", Body: p.Body},
	}
}

// album returns the parts of a form with several photos.
func album(photos []letter.Drawn) ([]notify.FormPart, error) {
	parts := make([]notify.FormPart, 1, 1+len(photos))
	var all []media
	for i, p := range photos {
		name := fmt.Sprintf("photo%d", i)
		all = append(all, media{"photo", "attach://" + name, caption(p)})
		parts = append(parts, notify.FormPart{
			Name: name, FileName: p.Name, ContentType: "image/png", Body: p.Body,
		})
	}
	body, err := json.Marshal(all)
	if err != nil {
		return nil, writing(err)
	}
	parts[0] = notify.FormPart{Name: "media", Body: body}
	return parts, nil
}

// caption returns the description of a picture, as plain text without mentions.
func caption(p letter.Drawn) string {
	return limits.Clip(strings.ReplaceAll(p.Alt, "@", "＠"), maxCaption)
}

// upload sends a form with pictures as a reply, without a sound.
func (n *Notifier) upload(ctx context.Context, method string, id int64,
	pictures []notify.FormPart) error {
	reply, err := json.Marshal(Reply{id, true})
	if err != nil {
		return writing(err)
	}
	parts := []notify.FormPart{
		{Name: "chat_id", Body: strconv.AppendInt(nil, n.o.ChatID, 10)},
		{Name: "disable_notification", Body: []byte("true")},
		{Name: "reply_parameters", Body: reply},
	}
	if n.o.ThreadID != 0 {
		parts = append(parts, notify.FormPart{
			Name: "message_thread_id", Body: strconv.AppendInt(nil, n.o.ThreadID, 10),
		})
	}
	body, contentType, err := notify.Form(append(parts, pictures...))
	if err != nil {
		return writing(err)
	}
	return notify.Again(ctx, func() error {
		var sent any
		return n.call(ctx, method, body, contentType, &sent)
	})
}
