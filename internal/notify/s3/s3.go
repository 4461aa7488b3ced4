// Package s3 is the receiver that archives reports in a bucket: each slot at keys of its own, the
// newest at latest/, and pages that list them all.
package s3

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
)

// Options say where in the bucket the archive is, and how people reach it.
type Options struct {
	Prefix string // of all keys; "" is the whole bucket
	// PublicURL is where people reach Prefix, such as a CDN. "": they get signed links to one file
	// each.
	PublicURL string
	// LinkLife is how long a signed link works, at most cloud.MaxLinkLife. 0: as long as possible.
	LinkLife time.Duration
}

// Notifier writes PREFIX/<cluster>/<report>/<yyyy>/<mm>/<dd>/<slot>/, in UTC, and beside it latest/
// and the lists. It implements notify.Notifier.
//
// The page of a slot is written after its other files, then latest/, then the lists. latest/ and
// the lists never go back, even if several runs write at once: an object is written only if the one
// that is there is not newer, and on condition that it has not changed. The same holds for a report
// that is not whole (report.Whole): a run that saw less does not replace a whole one.
type Notifier struct {
	bucket *cloud.Bucket
	o      Options
}

var (
	_ notify.Notifier = (*Notifier)(nil)
	_ notify.Linker   = (*Notifier)(nil)
)

// New returns the receiver that archives in bucket. The bucket must not retry by itself (Attempts).
func New(bucket *cloud.Bucket, o Options) (*Notifier, error) {
	o.Prefix, o.PublicURL = strings.Trim(o.Prefix, "/"), strings.TrimRight(o.PublicURL, "/")
	if o.PublicURL != "" {
		if _, err := exchange.BaseURL(o.PublicURL); err != nil {
			return nil, fmt.Errorf("public_url: %w", err)
		}
	}
	if o.LinkLife == 0 {
		o.LinkLife = cloud.MaxLinkLife
	}
	if o.LinkLife < time.Second || o.LinkLife > cloud.MaxLinkLife {
		return nil, fmt.Errorf("a signed link works for at most %v, not %v; set `public_url` for "+
			"links that do not expire", cloud.MaxLinkLife, o.LinkLife)
	}
	return &Notifier{bucket, o}, nil
}

// How long browsers and CDNs may cache an object.
const (
	cacheForGood = "max-age=31536000, immutable"
	cacheALittle = "max-age=60"
)

const maxParallel = 4 // files that are written at once

const (
	pageName     = "index.html"
	documentName = "report.json"
	dayLayout    = "2006/01/02"
)

// Notify archives d. The receipt's location is a link to the slot's page. It is returned even if
// the slot is archived but latest/ or the lists failed. A report that could not be drawn writes
// nothing.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if err := report.CheckNames(d.Files); err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	if len(d.Files) == 0 {
		return notify.Receipt{}, nil
	}
	root := n.root(d.Report)
	home := home(root, d.Report)
	err := eachPageLast(ctx, d.Files, func(ctx context.Context, f report.File) error {
		return n.keep(ctx, path.Join(home, f.Name), f, d.Report.Whole())
	})
	if err != nil {
		return notify.Receipt{}, notifyError(err)
	}
	receipt, err := n.receipt(ctx, path.Join(home, pageName))
	if err != nil {
		return receipt, notifyError(err)
	}
	return receipt, notifyError(errors.Join(n.latest(ctx, root, d), n.list(ctx, root, d.Report)))
}

// root returns the prefix of the keys of a report.
func (n *Notifier) root(r *report.Report) string {
	return path.Join(n.o.Prefix, report.Slug(r.Info.Cluster), report.Slug(r.Info.Name))
}

// home returns the prefix of the keys of a report's slot.
func home(root string, r *report.Report) string {
	slot := r.Info.Slot.UTC()
	return path.Join(root, slot.Format(dayLayout), report.SlotName(slot))
}

// Links implements notify.Linker.
func (n *Notifier) Links(ctx context.Context, d notify.Delivery) (map[string]string, error) {
	out := map[string]string{}
	home := home(n.root(d.Report), d.Report)
	for _, f := range d.Files {
		if f.ContentType != "image/png" {
			continue
		}
		at, err := n.receipt(ctx, path.Join(home, f.Name))
		if err != nil {
			return nil, notifyError(err)
		}
		out[f.Name] = at.Location
	}
	return out, nil
}

// wholeMark is the mark of a file of a whole report. It sorts after the empty mark.
const wholeMark = "whole"

// keep writes a file of a slot: unconditionally if the report is whole, and otherwise only if there
// is no file of a whole report.
func (n *Notifier) keep(ctx context.Context, key string, f report.File, whole bool) error {
	o := cloud.Object{Body: f.Body, Type: f.ContentType, Cache: cacheALittle}
	if !whole {
		return n.putNewer(ctx, key, o)
	}
	o.Cache, o.Mark = cacheForGood, wholeMark
	return n.bucket.Put(ctx, key, o)
}

// eachPageLast writes several files at once, and the page after all others.
func eachPageLast(ctx context.Context, files []report.File,
	write func(context.Context, report.File) error) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	var page []report.File
	for _, f := range files {
		if f.Name == pageName {
			page = append(page, f)
			continue
		}
		group.Go(func() error { return write(within, f) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, f := range page {
		if err := write(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// latest copies the files of the newest slot to one place with a permanent link.
func (n *Notifier) latest(ctx context.Context, root string, d notify.Delivery) error {
	mark := latestMark(d.Report)
	return eachPageLast(ctx, d.Files, func(ctx context.Context, f report.File) error {
		return n.putNewer(ctx, path.Join(root, "latest", f.Name), cloud.Object{
			Body: f.Body, Type: f.ContentType, Cache: cacheALittle, Mark: mark,
		})
	})
}

// latestMark returns the mark of a report: its slot. The mark of a whole report sorts after that of
// another one for the same slot.
func latestMark(r *report.Report) string {
	mark := report.SlotName(r.Info.Slot)
	if r.Whole() {
		mark += "-" + wholeMark
	}
	return mark
}

// rounds is how often a conditional write is tried. In each round one of several writers at a key
// succeeds. A writer that fails in all rounds returns an error and is called again later.
const rounds = 32

// putNewer writes an object unless the one that is there has a greater mark. Its condition is the
// ETag, a hash of the bytes. The files of two slots always differ (each names its slot, a picture
// the end of its range), so the object that was read is the one that is replaced.
func (n *Notifier) putNewer(ctx context.Context, key string, o cloud.Object) error {
	var err error
	for range rounds {
		var have cloud.Object
		if have, err = n.bucket.Stat(ctx, key); err != nil || have.Mark > o.Mark && !ahead(have) {
			return err
		}
		if _, err = n.bucket.Swap(ctx, key, o, have.ETag); !errors.Is(err, cloud.ErrConflict) {
			return err
		}
	}
	return err
}

// maxClockSkew is how far the clocks of S3 and of a machine that writes there may differ.
const maxClockSkew = 10 * time.Minute

// ahead reports whether an object's slot was in the future when it was written: the clock of its
// writer was wrong, and it must not count as the newest.
func ahead(o cloud.Object) bool {
	slot, err := time.Parse(report.SlotLayout, strings.TrimSuffix(o.Mark, "-"+wholeMark))
	return err == nil && !o.Modified.IsZero() && slot.Sub(o.Modified) > maxClockSkew
}

// receipt returns where people find a key.
func (n *Notifier) receipt(ctx context.Context, key string) (notify.Receipt, error) {
	location, expires, err := n.link(ctx, key)
	return notify.Receipt{Location: location, Expires: expires}, err
}

// link returns where people find a key, and when a signed link expires.
func (n *Notifier) link(ctx context.Context, key string) (location string, expires time.Time,
	err error) {
	if n.o.PublicURL == "" {
		return n.bucket.Link(ctx, key, n.o.LinkLife)
	}
	below := strings.TrimPrefix(strings.TrimPrefix(key, n.o.Prefix), "/")
	return n.o.PublicURL + "/" + below, time.Time{}, nil
}

// notifyError returns err in the terms of notify.Notifier. Objects that were already written are
// written again with the same bytes, so nothing is delivered twice.
func notifyError(err error) error {
	var trouble *cloud.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, cloud.ErrConflict):
		return &notify.RetryError{Err: err}
	case !errors.As(err, &trouble):
		return err
	case trouble.Trouble == cloud.Passing:
		return &notify.RetryError{After: trouble.After, Err: err}
	case trouble.Trouble == cloud.Lasting:
		return &notify.RefusedError{Err: err}
	}
	return err
}
