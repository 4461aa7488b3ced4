package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
)

const (
	callTime   = 15 * time.Second // of one request to Slack
	answerSize = 1 << 20          // bytes of an answer that are read
)

// api is Slack's Web API.
type api struct {
	o    Options
	http *http.Client
	// pause is how long to wait if Slack names no time: between two tries, and between two checks
	// whether pictures are shown.
	pause time.Duration
	pace  time.Duration // between two threads, after the first few
}

func newAPI(o Options) *api {
	if o.APIURL == "" {
		o.APIURL = slackgo.APIURL
	}
	o.APIURL = strings.TrimSuffix(o.APIURL, "/") + "/"
	return &api{o: o, http: notify.NewClient(o.Transport), pause: time.Second, pace: pace}
}

// session is the API with the current token.
type session struct {
	*api
	client  *slackgo.Client
	rotates bool // the token ends after 12 hours
}

func (a *api) session(ctx context.Context) (*session, error) {
	token, err := a.o.Token.Reveal(ctx)
	if err != nil {
		return nil, notify.Unread(fmt.Errorf("reading Slack's token: %w", err))
	}
	if err := usable(token); err != nil {
		return nil, &notify.RefusedError{Err: fmt.Errorf("reading Slack's token: %w", err)}
	}
	rotates := strings.HasPrefix(token, "xoxe.xox")
	return &session{
		a, slackgo.New(token, slackgo.OptionAPIURL(a.o.APIURL),
			slackgo.OptionHTTPClient(bounded{a.http})), rotates,
	}, nil
}

// bounded is a client that reads at most answerSize of an answer.
type bounded struct{ client *http.Client }

func (b bounded) Do(rq *http.Request) (*http.Response, error) {
	res, err := b.client.Do(rq)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, answerSize), res.Body}
	return res, nil
}

// call makes one request to Slack and explains its error.
func (a *api) call(ctx context.Context, doing string, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, callTime,
		fmt.Errorf("slack did not answer within %s", callTime))
	defer cancel()
	var connected atomic.Bool
	err := f(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}))
	if err == nil {
		return nil
	}
	return failure(ctx, doing, a.o.Channel, connected.Load(), err)
}

// post sends a message to the channel, or as a reply in a thread.
func (s *session) post(ctx context.Context, channel, ts string, broadcast bool, m message,
	plain bool) (notify.Receipt, error) {
	options := content(m, plain)
	if ts != "" {
		options = append(options, slackgo.MsgOptionTS(ts))
	}
	if ts != "" && broadcast {
		options = append(options, slackgo.MsgOptionBroadcast())
	}
	var sent notify.Receipt
	err := s.call(ctx, "posting to Slack", func(ctx context.Context) (err error) {
		sent.Channel, sent.ID, err = s.client.PostMessageContext(ctx, channel, options...)
		if err == nil && sent.ID == "" {
			err = errStrange
		}
		return err
	})
	return sent, err
}

// edit replaces the text of a message.
func (s *session) edit(ctx context.Context, at notify.Receipt, m message) error {
	send := func(plain bool) error {
		return s.call(ctx, "editing a message in Slack", func(ctx context.Context) error {
			_, _, _, err := s.client.UpdateMessageContext(ctx, at.Channel, at.ID,
				content(m, plain)...)
			return err
		})
	}
	err := send(false)
	if isCode(err, codesBlocks) {
		err = send(true)
	}
	return err
}

// content returns a message as blocks with a fallback text, or as plain text.
func content(m message, plain bool) []slackgo.MsgOption {
	options := []slackgo.MsgOption{
		slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl(),
	}
	if plain {
		return append(options, slackgo.MsgOptionText(m.text(), false),
			slackgo.MsgOptionDisableMarkdown())
	}
	return append(options, slackgo.MsgOptionText(m.fallback(), false),
		slackgo.MsgOptionBlocks(m.blocks()...))
}

// maxTries is how often FollowUp tries a request when Slack asks to wait.
const maxTries = 3

// again retries f while Slack asks to wait. Notify leaves retries to Deliver; nobody else retries
// what FollowUp sends.
func (s *session) again(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		var later *notify.RetryError
		if !errors.As(err, &later) || try == maxTries {
			return err
		}
		pause := max(later.After, s.pause)
		if pause >= followTime || wait(ctx, pause) != nil {
			return err // there would be no time left
		}
	}
}

// wait waits, and returns an error if ctx ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// show uploads pictures into a thread, all in one message, and verifies that Slack shows them.
func (s *session) show(ctx context.Context, at notify.Receipt, pictures []letter.Picture) error {
	var files []slackgo.FileSummary
	var failed []error
	for _, p := range pictures {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(failed, context.Cause(ctx))...)
		}
		id, err := s.upload(ctx, p)
		if err != nil {
			failed = append(failed, err)
			if isCode(err, nil) {
				break // Slack refused, and would refuse the others
			}
			continue
		}
		files = append(files, slackgo.FileSummary{ID: id, Title: limits.Clip(p.Alt, limits.Line)})
	}
	if len(files) == 0 {
		return errors.Join(failed...)
	}
	err := s.again(ctx, func() error {
		return s.call(ctx, "completing the upload of pictures to Slack",
			func(ctx context.Context) error {
				_, err := s.client.CompleteUploadExternalContext(ctx,
					slackgo.CompleteUploadExternalParameters{
						Files: files, Channel: at.Channel, ThreadTimestamp: at.ID,
					})
				return err
			})
	})
	if err == nil {
		err = s.verify(ctx, at, files)
	}
	return errors.Join(append(failed, err)...)
}

// upload draws a picture and uploads it. Nobody sees it until the upload is completed.
func (s *session) upload(ctx context.Context, p letter.Picture) (id string, err error) {
	png, err := p.PNG()
	if err != nil {
		return "", err
	}
	var target *slackgo.GetUploadURLExternalResponse
	err = s.again(ctx, func() error {
		return s.call(ctx, "asking Slack where to upload "+p.Name,
			func(ctx context.Context) (err error) {
				target, err = s.client.GetUploadURLExternalContext(ctx,
					slackgo.GetUploadURLExternalParameters{
						FileName: p.Name, FileSize: len(png), AltTxt: p.Alt,
					})
				return err
			})
	})
	if err != nil {
		return "", err
	}
	return target.FileID, s.again(ctx, func() error {
		return s.call(ctx, "uploading "+p.Name+" to Slack", func(ctx context.Context) error {
			return s.client.UploadToURL(ctx, slackgo.UploadToURLParameters{
				UploadURL: target.UploadURL, Filename: p.Name, Reader: bytes.NewReader(png),
			})
		})
	})
}

// maxChecks is how often verify checks. Slack shows an upload only after it has processed it.
const maxChecks = 5

// verify checks that the files are shared in the channel: Slack also calls an upload complete if it
// shows the file nowhere. If the token lacks files:read, verify cannot check and returns nil.
func (s *session) verify(ctx context.Context, at notify.Receipt,
	files []slackgo.FileSummary) error {
	missing := files
	for check := range maxChecks {
		if check > 0 && wait(ctx, s.pause) != nil {
			break
		}
		var still []slackgo.FileSummary
		for _, f := range missing {
			var info *slackgo.File
			err := s.call(ctx, "looking for a picture in Slack",
				func(ctx context.Context) (err error) {
					info, _, _, err = s.client.GetFileInfoContext(ctx, f.ID, 0, 0)
					return err
				})
			if isCode(err, []string{"missing_scope"}) {
				return nil
			}
			if err != nil ||
				len(info.Shares.Public[at.Channel])+len(info.Shares.Private[at.Channel]) == 0 {
				still = append(still, f)
			}
		}
		if missing = still; len(missing) == 0 {
			return nil
		}
	}
	return fmt.Errorf("slack accepted %d pictures but does not show %d of them; check that the "+
		"app is in the channel (/invite) and has the scope files:write",
		len(files), len(missing))
}
