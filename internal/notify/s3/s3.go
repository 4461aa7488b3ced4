// Package s3 is the receiver that archives a report in a bucket: each slot at its own keys for
// good, the newest at latest/, and pages that list them all.
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

// Options say where in the bucket the archive lies, and how people reach it.
type Options struct {
	Prefix string // of all keys; "" is the whole bucket
	// PublicURL is where people reach Prefix by other means, such as a CDN. "": they get signed
	// links to one file each.
	PublicURL string
	// LinkLife is how long a signed link is to work, at most cloud.MaxLinkLife. 0: as long as it
	// can.
	LinkLife time.Duration
}

// Notifier writes PREFIX/<cluster>/<report>/<yyyy>/<mm>/<dd>/<slot>/, in UTC, and beside it latest/
// and the lists. It implements notify.Notifier.
//
// The page of a slot is written after all that belongs to it, then latest/, then the lists. latest/
// and the lists never go back, however many runs write at once: each is written where what is there
// is not newer, and on condition that it is still there. So is a slot whose report is not whole
// (report.Whole) where a whole one may lie: a run that sees less does not take its place.
type Notifier struct {
	bucket *cloud.Bucket
	o      Options
}

var _ notify.Notifier = (*Notifier)(nil)

// New returns the receiver that archives in bucket, whose calls must not be tried again by
// themselves (Attempts).
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
		return nil, fmt.Errorf("a signed link lives for %v at most, and not for %v; links that "+
			"last need `public_url`", cloud.MaxLinkLife, o.LinkLife)
	}
	return &Notifier{bucket, o}, nil
}

// What browsers and CDNs may keep.
const (
	cacheForGood  = "max-age=31536000, immutable"
	cacheALittle  = "max-age=60"
	writtenAtOnce = 4 // files
)

const (
	pageName   = "index.html"
	slotLayout = "20060102T150405Z"
	dayLayout  = "2006/01/02"
)

// Notify archives d. The receipt's location is a link to the slot's page; it is there also where
// the slot is archived and what comes after it, latest/ or the lists, went wrong. A report that
// could not be drawn leaves no trace.
func (n *Notifier) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	if err := report.CheckNames(d.Files); err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	if len(d.Files) == 0 {
		return notify.Receipt{}, nil
	}
	in := &d.Report.Info
	root := path.Join(n.o.Prefix, report.Slug(in.Cluster), report.Slug(in.Name))
	slot := in.Slot.UTC()
	home := path.Join(root, slot.Format(dayLayout), slot.Format(slotLayout))
	err := eachPageLast(ctx, d.Files, func(ctx context.Context, f report.File) error {
		return n.keep(ctx, path.Join(home, f.Name), f, d.Report.Whole())
	})
	if err != nil {
		return notify.Receipt{}, told(err)
	}
	receipt, err := n.receipt(ctx, path.Join(home, pageName))
	if err != nil {
		return receipt, told(err)
	}
	return receipt, told(errors.Join(n.latest(ctx, root, d), n.list(ctx, root, d.Report)))
}

// wholeMark is the mark of a file whose report is whole: greater than none.
const wholeMark = "whole"

// keep writes a file of a slot: that of a whole report for good, and any other where none of a
// whole one is there.
func (n *Notifier) keep(ctx context.Context, key string, f report.File, whole bool) error {
	o := cloud.Object{Body: f.Body, Type: f.ContentType, Cache: cacheALittle}
	if !whole {
		return n.putNewer(ctx, key, o)
	}
	o.Cache, o.Mark = cacheForGood, wholeMark
	return n.bucket.Put(ctx, key, o)
}

// eachPageLast writes some files at a time, and the page when all others are there.
func eachPageLast(ctx context.Context, files []report.File,
	write func(context.Context, report.File) error) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(writtenAtOnce)
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

// latest copies the files of the newest slot to one place, which people can keep a link to.
func (n *Notifier) latest(ctx context.Context, root string, d notify.Delivery) error {
	mark := latestMark(d.Report)
	return eachPageLast(ctx, d.Files, func(ctx context.Context, f report.File) error {
		return n.putNewer(ctx, path.Join(root, "latest", f.Name), cloud.Object{
			Body: f.Body, Type: f.ContentType, Cache: cacheALittle, Mark: mark,
		})
	})
}

// latestMark is the slot of a report; of two of one slot, that of the whole one is greater.
func latestMark(r *report.Report) string {
	mark := r.Info.Slot.UTC().Format(slotLayout)
	if r.Whole() {
		mark += "-" + wholeMark
	}
	return mark
}

// rounds is how often a write that others got in before is begun again: as many writers may be at
// one key at once, and each round one of them is done. Who is still not done says so, and is called
// again later.
const rounds = 32

// putNewer writes an object where none is there whose mark is greater. Its condition is the ETag,
// which goes by the bytes alone: the files of two slots differ (each names its slot, a picture the
// end of its range), so that what was read is what is replaced.
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

// clocksDiffer is how far S3's clock and that of a machine that writes there may be apart.
const clocksDiffer = 10 * time.Minute

// ahead tells whether an object is marked with a slot that had not come when it was written: the
// clock of its writer was wrong, and what is newest is not what it says.
func ahead(o cloud.Object) bool {
	slot, err := time.Parse(slotLayout, strings.TrimSuffix(o.Mark, "-"+wholeMark))
	return err == nil && !o.Modified.IsZero() && slot.Sub(o.Modified) > clocksDiffer
}

// receipt says where people find a key.
func (n *Notifier) receipt(ctx context.Context, key string) (notify.Receipt, error) {
	if n.o.PublicURL != "" {
		below := strings.TrimPrefix(strings.TrimPrefix(key, n.o.Prefix), "/")
		return notify.Receipt{Location: n.o.PublicURL + "/" + below}, nil
	}
	link, expires, err := n.bucket.Link(ctx, key, n.o.LinkLife)
	return notify.Receipt{Location: link, Expires: expires}, err
}

// told puts an error into Deliver's terms. What was written before it is written again with the
// same bytes: nothing is delivered twice.
func told(err error) error {
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
