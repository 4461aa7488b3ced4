package notify

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// An archive on change that missed a slot with news gets it in the next run of the slot, even if
// that run sends no messages.
func TestAnArchiveOnChangeIsRetried(t *testing.T) {
	down := &RefusedError{errors.New("disk full")}
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("disk", RoleArchiveOnChange, down, down)
		oncall := d.receiver("oncall", RoleChanges)
		d.deliver(t, "disk full")
		d.want(t, "disk failed", "oncall new a")
		if got := oncall.got[0].Unarchived; !slices.Equal(got, []string{"disk: disk full"}) {
			t.Errorf("got %q about the archive, want disk: disk full", got)
		}
		d.deliver(t, "disk full") // a retry reports the failure again
		d.want(t, "disk failed")
		d.deliver(t, "")
		d.want(t, "disk")
		d.deliver(t, "")
		d.want(t)
	})
}

// If the slot is not run again, the archive keeps the next slot instead, even if nothing is new.
func TestAnArchiveOnChangeGetsTheNextSlot(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("disk", RoleArchiveOnChange, &RefusedError{errors.New("disk full")})
		d.receiver("oncall", RoleChanges)
		d.deliver(t, "disk full")
		d.want(t, "disk failed", "oncall new a")
		for _, lines := range [][]string{{"disk"}, nil} {
			d.at(d.rq.Report.Info.Slot.Add(5 * time.Minute))
			d.deliver(t, "")
			d.want(t, lines...)
		}
		if e := d.book.page.Ledger.Receivers["disk"]; len(e.Unsure) != 0 ||
			!e.Archived.Equal(slot.Add(5*time.Minute)) {
			t.Errorf("got %s kept, %v pending; want the next slot and none", e.Archived, e.Unsure)
		}
	})
}

// A report stays pending for the archive if it could not be drawn, or if its run ends before the
// archive has answered.
func TestAReportThatCouldNotBeDrawnIsPending(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("disk", RoleArchiveOnChange)
		d.receiver("oncall", RoleChanges)
		draw := d.rq.Render
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("no font")
		}
		d.deliver(t, "no font")
		d.want(t, "oncall new a")
		d.rq.Render = draw
		d.deliver(t, "")
		d.want(t, "disk")
	})
	d := newFixture(firing("a", rules.Critical, 20))
	d.receiver("disk", RoleArchiveOnChange)
	d.receiver("oncall", RoleChanges)
	killed := &delivery{Request: d.rq, book: d.book, slot: slot}
	if err := killed.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := d.book.page.Ledger.Receivers["disk"]
	if !e.isPending(slot) || e.isPending(slot.Add(-time.Second)) {
		t.Errorf("after a killed run: got %v pending, want the slot", e.Unsure)
	}
}

// Pending slots have a limit. A late run makes up for its own slot and those before.
func TestPendingSlotsOfAnArchive(t *testing.T) {
	var e Entry
	for i := range 3 * maxPending {
		e.addPending(slot.Add(time.Duration(i) * time.Minute))
		e.addPending(slot.Add(time.Duration(i) * time.Minute))
	}
	newest := slot.Add((3*maxPending - 1) * time.Minute)
	if n := len(e.Unsure); n != maxPending || !e.isPending(newest) || e.isPending(slot) {
		t.Errorf("got %d pending: %v; want the newest %d", n, e.Unsure, maxPending)
	}
	e.prune(nil)
	e.markArchived(newest.Add(-time.Minute))
	if want := []string{"archive " + newest.UTC().Format(time.RFC3339)}; !slices.Equal(e.Unsure,
		want) {
		t.Errorf("got %v, want %v", e.Unsure, want)
	}
	e.markArchived(newest.Add(time.Hour))
	if len(e.Unsure) != 0 {
		t.Errorf("after a later slot: got %v pending, want none", e.Unsure)
	}
}

// A report that no archive keeps is not drawn.
func TestOnlyArchivedReportsAreDrawn(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("drawn")
		}
		d.receiver("oncall", RoleChanges)
		d.deliver(t, "")
		d.receiver("disk", RoleArchive)
		d.deliver(t, "drawn")
	})
}

func TestAnOlderSlotIsOnlyArchived(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.book.page.Memory.Slot = slot.Add(5 * time.Minute)
		d.receiver("s3", RoleArchive)
		d.receiver("oncall", RoleChanges)
		d.receiver("alertmanager", RoleMirror)
		d.deliver(t, "")
		d.want(t, "s3")
	})
}

// linking is an archive that can link its pictures.
type linking struct {
	Notifier
	err error
}

// Links implements Linker.
func (l linking) Links(context.Context, Delivery) (map[string]string, error) {
	return map[string]string{"a.png": "https://reports.example.com/a.png"}, l.err
}

// Messages have the links to the pictures of an archive that can link them.
func TestLinksToPictures(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("disk", RoleArchive)
		d.receiver("bucket", RoleArchive)
		oncall := d.receiver("oncall", RoleChanges)
		to := &d.rq.Receivers[1]
		to.Notifier = linking{Notifier: to.Notifier}
		d.deliver(t, "")
		if got := oncall.got[0].Pictures["a.png"]; got != "https://reports.example.com/a.png" {
			t.Errorf("got the link %q, want that of the archive", got)
		}
	})
}
