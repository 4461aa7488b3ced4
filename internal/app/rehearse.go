package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/state"
)

// DryRun writes the reports into a directory, and beside them what each receiver would be sent,
// with its pictures. It sends and records nothing.
type DryRun struct{ Dir string }

func (DryRun) check(cfg *config.Config, o Options) error { return checkReceivers(cfg, o) }

func (d DryRun) open(ctx context.Context, cfg *config.Config, o Options,
	unreachable error) (deliverer, error) {
	t, err := openRecipients(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return &dryRun{t, dir.New(d.Dir)}, unreachable
}

// dryRun does what a delivery does, except sending and recording.
type dryRun struct {
	recipients
	local *dir.Notifier
}

func (h *dryRun) deliver(ctx context.Context, r judgedReport) Result {
	session, res := h.openSession(ctx, readOnlyStore{h.store}, r)
	files, err := filesOf(ctx, res.Report)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", r.config.Name, err)
		return res
	}
	rq := h.request(ctx, r, session, &res)
	rq.Render = func(context.Context) ([]report.File, error) { return files, nil }
	receivers, broken := h.rehearsals(r.config,
		func(to string, of notify.Kind, step, text, contentType string, body []byte,
			pictures []report.File) {
			name := fmt.Sprintf("message-%02d-%s-%s", len(res.Drafts)+1, to, step)
			one := Draft{
				Receiver: to, Kind: of, Step: step, Text: text,
				File: name + extensionOf(contentType),
			}
			files = append(files, report.File{
				Name: one.File, ContentType: contentType, Body: body,
			})
			for i, p := range pictures {
				p.Name = fmt.Sprintf("%s-%d-%s", name, i+1, p.Name)
				files, one.Pictures = append(files, p), append(one.Pictures, p.Name)
			}
			res.Drafts = append(res.Drafts, one)
		})
	rq.Receivers, res.Err = receivers, errors.Join(res.Err, broken)
	out, err := notify.Deliver(ctx, session, rq)
	res.ClaimedBy, res.Err = out.ClaimedBy, errors.Join(res.Err, err)
	res.Receipt, err = h.local.Notify(ctx, notify.Delivery{Report: res.Report, Files: files})
	if err != nil {
		res.Err = errors.Join(res.Err, fmt.Errorf("writing report %s: %w", r.config.Name, err))
	}
	return res
}

// rehearsals returns stand-ins for the receivers of a report. They call draft with the receiver's
// name and what it would be sent.
func (h *dryRun) rehearsals(
	r config.Report,
	draft func(to string, of notify.Kind, step, text, contentType string, body []byte,
		pictures []report.File),
) ([]notify.Receiver, error) {
	var all []notify.Receiver
	var errs []error
	for _, n := range h.receiversOf(r) {
		to := h.receivers[n.Name]
		if to.kind.rehearse == nil {
			continue
		}
		var err error
		n.Notifier, err = to.kind.rehearse(to.config,
			func(of notify.Kind, step, text, contentType string, body []byte,
				pictures ...report.File) {
				draft(to.config.Name, of, step, text, contentType, body, pictures)
			})
		if err != nil {
			errs = append(errs, fmt.Errorf("receiver %s: %w", n.Name, err))
			continue
		}
		n.Fallback, n.Limits.Pace = nil, 0
		all = append(all, n)
	}
	return all, errors.Join(errs...)
}

func (h *dryRun) finish(context.Context, []judgedReport, []Result) {}

// The content types of drafts.
const (
	jsonType    = "application/json"
	messageType = "message/rfc822"
)

// extensionOf returns the extension for a file of a content type.
func extensionOf(contentType string) string {
	switch contentType {
	case jsonType:
		return ".json"
	case messageType:
		return ".eml"
	}
	return ".txt"
}

// readOnlyStore is a store that writes nothing and hides claims: a dry run and a real run do not
// disturb each other.
type readOnlyStore struct{ state.Store }

// Load implements state.Store.
func (f readOnlyStore) Load(ctx context.Context, k state.Key) (state.Doc, state.Version, error) {
	doc, v, err := f.Store.Load(ctx, k)
	doc.Ledger.Claim = nil
	return doc, v, err
}

// Save implements state.Store.
func (readOnlyStore) Save(_ context.Context, _ state.Key, _ state.Doc,
	v state.Version) (state.Version, error) {
	return v, nil
}
