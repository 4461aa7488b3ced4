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

// DryRun is a rehearsal of Receivers: the reports, and beside them what each receiver would be
// told, in a directory. Nothing is sent or remembered.
type DryRun struct{ Dir string }

func (DryRun) check(cfg *config.Config, o Options) error { return checkReceivers(cfg, o) }

func (d DryRun) open(ctx context.Context, cfg *config.Config, o Options,
	lost error) (deliverer, error) {
	t, err := openTeller(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return &dryRun{t, dir.New(d.Dir)}, lost
}

// dryRun does everything that a delivery does, but for sending and remembering.
type dryRun struct {
	teller
	local *dir.Notifier
}

func (h *dryRun) deliver(ctx context.Context, r judgedReport) Result {
	session, res := h.remember(ctx, forgetful{h.store}, r)
	files, err := filesOf(ctx, res.Report)
	if err != nil {
		res.Err = fmt.Errorf("drawing report %s: %w", r.config.Name, err)
		return res
	}
	rq := h.request(ctx, r, session, &res)
	rq.Render = func(context.Context) ([]report.File, error) { return files, nil }
	receivers, broken := h.standIns(r.config,
		func(to string, of notify.Kind, step, text, contentType string, body []byte) {
			name := fmt.Sprintf("message-%02d-%s-%s%s", len(res.Drafts)+1, to, step,
				extensionOf(contentType))
			files = append(files, report.File{Name: name, ContentType: contentType, Body: body})
			res.Drafts = append(res.Drafts, Draft{to, of, step, text, name})
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

// standIns returns what stands in for the receivers of a report. What one of them is sent goes to
// take, with its name.
func (h *dryRun) standIns(
	r config.Report,
	take func(to string, of notify.Kind, step, text, contentType string, body []byte),
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
			func(of notify.Kind, step, text, contentType string, body []byte) {
				take(to.config.Name, of, step, text, contentType, body)
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

const jsonType = "application/json"

// extensionOf is how the name of a file ends.
func extensionOf(contentType string) string {
	if contentType == jsonType {
		return ".json"
	}
	return ".txt"
}

// forgetful is a store that writes nothing, and in which nobody is telling people: a dry run is in
// nobody's way.
type forgetful struct{ state.Store }

// Load implements state.Store.
func (f forgetful) Load(ctx context.Context, k state.Key) (state.Doc, state.Version, error) {
	doc, v, err := f.Store.Load(ctx, k)
	doc.Ledger.Claim = nil
	return doc, v, err
}

// Save implements state.Store.
func (forgetful) Save(_ context.Context, _ state.Key, _ state.Doc,
	v state.Version) (state.Version, error) {
	return v, nil
}
