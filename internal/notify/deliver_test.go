package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// memoryBook is a page that survives Deliver, and may fail.
type memoryBook struct {
	page   Page
	fail   error
	writes int
}

func (b *memoryBook) Change(_ context.Context, f func(*Page) error) error {
	p := b.page
	if err := f(&p); err != nil {
		return err
	}
	if b.fail != nil {
		return b.fail
	}
	b.page, b.writes = p, b.writes+1
	return nil
}

// fake takes what it is given, after the answers that it was told to give.
type fake struct {
	name    string
	answers []error
	takes   time.Duration
	log     *[]string
	got     []Delivery
}

func (f *fake) Notify(ctx context.Context, d Delivery) (Receipt, error) {
	if f.takes > 0 {
		select {
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		case <-time.After(f.takes):
		}
	}
	f.got = append(f.got, d)
	line := f.name
	if d.Message != nil {
		line += " " + d.Message.Kind.String()
		for _, i := range d.Message.Items {
			line += " " + i.Alert.Name
		}
		if d.Message.PossibleDuplicate {
			line += "?"
		}
	}
	*f.log = append(*f.log, line)
	if len(f.answers) > 0 {
		err := f.answers[0]
		if f.answers = f.answers[1:]; err != nil {
			(*f.log)[len(*f.log)-1] += " failed"
			return Receipt{}, err
		}
	}
	return Receipt{Location: "https://example.com/" + f.name, ID: fmt.Sprint(len(f.got))}, nil
}

// desk is a delivery in the making.
type desk struct {
	book *memoryBook
	log  []string
	rq   Request
}

func newDesk(alerts ...rules.Alert) *desk {
	return &desk{
		book: &memoryBook{page: *pageOf(alerts...)},
		rq: Request{
			Report: report.Build(report.Info{Name: "check", Slot: slot}, nil),
			Render: func(context.Context) ([]report.File, error) {
				return []report.File{{Name: "index.html"}}, nil
			},
			Run: "this", Until: time.Now().Add(time.Minute), Now: time.Now,
		},
	}
}

func (d *desk) receiver(name string, role Role, answers ...error) *fake {
	f := &fake{name: name, answers: answers, log: &d.log}
	d.rq.Receivers = append(d.rq.Receivers, Receiver{
		Name: name, Role: role, Notifier: f, SendResolved: true,
	})
	return f
}

func (d *desk) deliver(t *testing.T, wantErr string) Outcome {
	t.Helper()
	out, err := Deliver(t.Context(), d.book, d.rq)
	if wantErr == "" && err != nil ||
		wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
		t.Errorf("error %v, want %q", err, wantErr)
	}
	if c := d.book.page.Ledger.Claim; out.ClaimedBy == nil && c != nil && d.book.fail == nil {
		t.Errorf("the claim %+v was not given back", c)
	}
	return out
}

// at moves the desk to another slot.
func (d *desk) at(slot time.Time) {
	d.rq.Report = report.Build(report.Info{Name: "check", Slot: slot}, nil)
}

func (d *desk) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(d.log, lines) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(d.log, "\n\t"), strings.Join(lines, "\n\t"))
	}
	d.log = nil
}

// within runs a test with a clock of its own, so that nothing waits.
func within(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestArchiveFirstThenPeopleThenMirrors(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		mirror := d.receiver("alertmanager", RoleMirror)
		oncall := d.receiver("oncall", RoleChanges)
		d.receiver("team", RoleSummary)
		d.receiver("s3", RoleArchive)
		d.receiver("disk", RoleArchiveOnChange)
		d.deliver(t, "")
		d.want(t, "s3", "disk", "oncall new a", "team summary a", "alertmanager")
		if got := oncall.got[0].Archived; len(got) != 2 ||
			got[0].Location != "https://example.com/s3" || len(oncall.got[0].Files) != 1 {
			t.Errorf("told with the links %v", got)
		}
		if len(mirror.got[0].Memory.Alerts) != 1 {
			t.Error("the mirror sees no alert")
		}
		// Once more: what keeps and mirrors gets it again, and nobody is told.
		d.deliver(t, "")
		d.want(t, "s3", "alertmanager")
	})
}

// An archive of slots with news that could not be given one is given it by the next run of the
// slot, although that has nobody to tell.
func TestAnArchiveOnChangeIsMadeUpFor(t *testing.T) {
	down := &RefusedError{errors.New("disk full")}
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("disk", RoleArchiveOnChange, down, down)
		oncall := d.receiver("oncall", RoleChanges)
		d.deliver(t, "disk full")
		d.want(t, "disk failed", "oncall new a")
		if got := oncall.got[0].Unarchived; !slices.Equal(got, []string{"disk: disk full"}) {
			t.Errorf("people are told %q of the archive", got)
		}
		d.deliver(t, "disk full") // a retry says again that it failed
		d.want(t, "disk failed")
		d.deliver(t, "")
		d.want(t, "disk")
		d.deliver(t, "")
		d.want(t)
	})
}

// Where nobody runs the slot again, the next slot is kept in its place, though nothing is new at
// it.
func TestAnArchiveOnChangeIsMadeUpForByTheNextSlot(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
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
			t.Errorf("it keeps %s, and is owed %v", e.Archived, e.Unsure)
		}
	})
}

// A report that could not be drawn is owed, too; and so is one whose run ends before the archive
// has answered.
func TestWhatCouldNotBeDrawnIsOwed(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
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
	d := newDesk(firing("a", rules.Critical, 20))
	d.receiver("disk", RoleArchiveOnChange)
	d.receiver("oncall", RoleChanges)
	killed := &delivery{Request: d.rq, book: d.book, slot: slot}
	if err := killed.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := d.book.page.Ledger.Receivers["disk"]
	if !e.isPending(slot) || e.isPending(slot.Add(-time.Second)) {
		t.Errorf("a run that is killed leaves the archive owed %v", e.Unsure)
	}
}

// What an archive is owed has a bound, and a run that comes late is given its own slot and none
// after.
func TestWhatAnArchiveIsOwed(t *testing.T) {
	var e Entry
	for i := range 3 * maxPending {
		e.addPending(slot.Add(time.Duration(i) * time.Minute))
		e.addPending(slot.Add(time.Duration(i) * time.Minute))
	}
	newest := slot.Add((3*maxPending - 1) * time.Minute)
	if n := len(e.Unsure); n != maxPending || !e.isPending(newest) || e.isPending(slot) {
		t.Errorf("%d are owed: %v", n, e.Unsure)
	}
	e.prune(nil)
	e.markArchived(newest.Add(-time.Minute))
	if want := []string{"archive " + newest.UTC().Format(time.RFC3339)}; !slices.Equal(e.Unsure,
		want) {
		t.Errorf("got %v, want %v", e.Unsure, want)
	}
	e.markArchived(newest.Add(time.Hour))
	if len(e.Unsure) != 0 {
		t.Errorf("a later slot leaves %v", e.Unsure)
	}
}

// A summary that was told is not told again by a retry of its run, which is no error; the next slot
// has one of its own.
func TestASummaryIsToldOncePerSlot(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("team", RoleSummary)
		d.deliver(t, "")
		d.want(t, "team summary a")
		if out := d.deliver(t, ""); out.ClaimedBy != nil || len(out.Sent) != 0 {
			t.Errorf("the retry: %+v", out)
		}
		d.want(t)
		d.rq.Report = report.Build(report.Info{Name: "daily", Slot: slot.Add(24 * time.Hour)}, nil)
		d.deliver(t, "")
		d.want(t, "team summary a")
	})
}

// A summary that another run is at is not told, and not written down as told: whoever comes after
// the other's claim tells it, marked, because nobody knows how far the other came.
func TestASummaryStandsBack(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("team", RoleSummary)
		d.book.page.Ledger.Claim = &Claim{
			Slot: slot, Run: "other", Until: time.Now().Add(time.Second),
		}
		if out := d.deliver(t, ""); out.ClaimedBy == nil || out.ClaimedBy.Run != "other" ||
			len(out.Sent) != 0 {
			t.Errorf("%+v", out)
		}
		d.want(t)
		time.Sleep(time.Second)
		if out := d.deliver(t, ""); out.ClaimedBy != nil {
			t.Errorf("%+v", out)
		}
		d.want(t, "team summary a?")
	})
}

// A claim that a wrong clock wrote for years keeps nobody silent for as long.
func TestClaimOfAWrongClock(t *testing.T) {
	within(t, func(t *testing.T) {
		for _, tc := range []struct {
			ahead time.Duration
			stand bool
		}{
			{LongestRun, true}, {LongestRun + time.Second, false}, {
				5 * 365 * 24 * time.Hour, false,
			},
		} {
			d := newDesk(firing("a", rules.Critical, 20))
			d.receiver("oncall", RoleChanges)
			d.book.page.Ledger.Claim = &Claim{
				Slot: slot, Run: "other", Until: time.Now().Add(tc.ahead),
			}
			if out := d.deliver(t, ""); (out.ClaimedBy != nil) != tc.stand ||
				(len(out.Sent) == 0) != tc.stand {
				t.Errorf("a claim %s ahead: stood back %v, sent %d", tc.ahead, out.ClaimedBy != nil,
					len(out.Sent))
			}
		}
	})
}

func TestCalmIsSilent(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk()
		d.receiver("oncall", RoleChanges)
		d.receiver("disk", RoleArchiveOnChange)
		d.rq.Render = func(context.Context) ([]report.File, error) {
			t.Error("a report was drawn for nobody")
			return nil, nil
		}
		d.deliver(t, "")
		d.want(t)
		if d.book.writes != 1 {
			t.Errorf("%d writes", d.book.writes)
		}
	})
}

func TestTriesAgainAsLongAsTheReceiverAsks(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		firstSlot := time.Now()
		d.receiver("oncall", RoleChanges, &RetryError{
			After: 7 * time.Second, Err: errors.New("429"),
		}, &RetryError{Err: errors.New("503")})
		d.deliver(t, "")
		d.want(t, "oncall new a failed", "oncall new a failed", "oncall new a")
		if took := time.Since(firstSlot); took != 9*time.Second { // 7 as asked, 2 of its own
			t.Errorf("it took %s", took)
		}
		d = newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RetryError{After: time.Hour, Err: errors.New("429")})
		d.deliver(t, "429 (asked to wait 1h0m0s)")
		d.want(t, "oncall new a failed")
		d.deliver(t, "") // the next run
		d.want(t, "oncall new a")
	})
}

func TestALostAnswerIsMarked(t *testing.T) {
	within(t, func(t *testing.T) {
		lost := errors.New("connection reset")
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, lost, lost, lost, &RetryError{Err: errors.New("429")})
		d.deliver(t, "connection reset (tried 2 times)")
		// each try may page somebody once more
		d.want(t, "oncall new a failed", "oncall new a? failed")
		d.deliver(t, "connection reset")
		d.want(t, "oncall new a? failed")
		d.deliver(t, "")
		// what surely did not arrive is tried as ever
		d.want(t, "oncall new a? failed", "oncall new a?")
		d.deliver(t, "")
		d.want(t)
		if e := d.book.page.Ledger.Receivers["oncall"]; len(e.Unsure) != 0 {
			t.Errorf("still unsure of %v", e.Unsure)
		}
	})
}

// Of two times that one alert fired, the one that may have been told stays marked when the other is
// told.
func TestALostAnswerIsOfOneEpisode(t *testing.T) {
	within(t, func(t *testing.T) {
		a := firing("a", rules.Critical, 20)
		a.Episodes = append(over("a", rules.Critical, 200, 180).Episodes, a.Episodes...)
		d := newDesk(a)
		d.receiver("oncall", RoleChanges, errors.New("connection reset"),
			errors.New("connection reset"))
		d.book.page.Ledger.Receivers = map[string]Entry{"oncall": {First: before(600)}}
		d.deliver(t, "connection reset")
		d.want(t, "oncall new a failed", "oncall new a? failed", "oncall seen_late a")
		d.deliver(t, "")
		d.want(t, "oncall new a?")
	})
}

func TestARefusalIsNotTriedAgainInThisRun(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RefusedError{errors.New("invalid_auth")})
		d.receiver("other", RoleChanges)
		d.deliver(t, "notifying oncall (new): invalid_auth")
		d.want(t, "oncall new a failed", "other new a")
		d.deliver(t, "")
		d.want(t, "oncall new a")
	})
}

// Who has nothing to be told takes no share of the time.
func TestTheSilentTakeNoTime(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Warning, 20))
		for _, name := range []string{"one", "two", "three", "four"} {
			d.receiver(name, RoleChanges)
			d.rq.Receivers[len(d.rq.Receivers)-1].MinSeverity = rules.Critical
		}
		d.receiver("oncall", RoleChanges).takes = time.Until(d.rq.Until) - CommitTime - time.Second
		d.deliver(t, "")
		d.want(t, "oncall new a")
	})
}

// A report that nobody keeps is not drawn before people are told.
func TestOnlyWhatIsKeptIsDrawn(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("drawn")
		}
		d.receiver("oncall", RoleChanges)
		d.deliver(t, "")
		d.receiver("disk", RoleArchive)
		d.deliver(t, "drawn")
	})
}

// A reply whose thread is gone becomes a message of its own, under which the next ones belong.
func TestWhatRepliesToIsTheNewestMessage(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Warning, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.deliver(t, "")
		d.book.page.Memory.Alerts[keyOf(firing("a", 0, 20))] = firing("a", rules.Critical, 20)
		d.deliver(t, "") // of which the fake says that it is a message of its own
		d.book.page.Memory.Alerts[keyOf(firing("a", 0, 20))] = over("a", rules.Critical, 20, 0)
		d.deliver(t, "")
		if got := oncall.got[2].Message.Thread.ID; got != "2" {
			t.Errorf("the end was told under %s", got)
		}
	})
}

func TestNobodySendsAfterItsDeadline(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges)
		d.rq.Until = time.Now().Add(CommitTime)
		d.deliver(t, "no time was left")
		d.want(t)
		if len(d.book.page.Ledger.Receivers["oncall"].Notified) != 0 {
			t.Error("written down as told")
		}
	})
}

func TestASlowReceiverTakesOnlyItsShare(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("s3", RoleArchive).takes = time.Hour
		d.receiver("slow", RoleChanges).takes = time.Hour
		d.receiver("oncall", RoleChanges)
		firstSlot := time.Now()
		d.deliver(t, "deadline exceeded")
		d.want(t, "oncall new a")
		if left := time.Until(d.rq.Until); left < CommitTime {
			t.Errorf("it took %s, and %s are left", time.Since(firstSlot), left)
		}
	})
}

func TestARunThatMeetsALiveClaimStandsBack(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges)
		d.receiver("s3", RoleArchive)
		other := &Claim{Slot: slot, Run: "other", Until: time.Now().Add(time.Second)}
		d.book.page.Ledger.Claim = other
		if out := d.deliver(t, ""); out.ClaimedBy == nil || *out.ClaimedBy != *other {
			t.Errorf("%+v", out)
		}
		d.want(t)
		time.Sleep(time.Second)
		d.book.page.Ledger.Receivers = map[string]Entry{
			"oncall": {First: slot, Unsure: []string{string(keyOf(firing("a", 0, 0)))}},
		}
		if out := d.deliver(t, ""); out.ClaimedBy != nil {
			t.Error("stood back from a claim that is over")
		}
		d.want(t, "s3", "oncall new a?")
	})
}

func TestARunThatLosesItsClaimStops(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20), firing("b", rules.Warning, 20))
		d.receiver("s3", RoleArchive)
		d.receiver("oncall", RoleChanges)
		d.rq.Render = func(context.Context) ([]report.File, error) {
			d.book.page.Ledger.Claim = &Claim{
				Slot: slot, Run: "other", Until: time.Now().Add(time.Minute),
			}
			return []report.File{{Name: "index.html"}}, nil
		}
		_, err := Deliver(t.Context(), d.book, d.rq)
		if !errors.Is(err, errClaimLost) {
			t.Errorf("%v", err)
		}
		d.want(t, "s3")
		if c := d.book.page.Ledger.Claim; c == nil || c.Run != "other" {
			t.Errorf("the other's claim was touched: %+v", c)
		}
	})
}

func TestABookThatCannotBeWrittenSilencesNobody(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.receiver("team", RoleSummary)
		d.book.fail = errors.New("no such bucket")
		d.deliver(t, "recording what was sent: no such bucket")
		d.want(t, "oncall new a", "team summary a")
		if got := oncall.got[0]; got.MemoryLost != "" || !got.Unwritten {
			t.Errorf(
				"memory lost %q, unwritten %v; want what may be repeated, and is no repetition",
				got.MemoryLost, got.Unwritten)
		}
		d.book.fail = nil
		d.rq.Unrecorded = slot // as a Job's second Pod knows
		d.deliver(t, "")
		d.want(t, "oncall new a?", "team summary a?")
		if oncall.got[1].Unwritten {
			t.Error("what was written down is said to be not")
		}
		d.deliver(t, "")
		d.want(t)
	})
}

// Where another run was quicker, and what it wrote could not be read, nobody knows what is told.
func TestABookThatIsOvertakenMayRepeat(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.book.fail = fmt.Errorf("%w: 503", ErrOvertaken)
		d.deliver(t, "503")
		d.want(t, "oncall new a")
		if oncall.got[0].MemoryLost == "" {
			t.Error("the reader is not told that it may be a repetition")
		}
	})
}

// A run that remembers nothing writes nothing: the next one, which knows no more of it, may tell
// the same again, without a mark.
func TestABookThatIsLostMayBeRepeated(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.rq.MemoryLost = "the state could not be read"
		d.deliver(t, "")
		d.want(t, "oncall new a")
		if got := oncall.got[0]; got.MemoryLost == "" || !got.Unwritten {
			t.Errorf("memory lost %q, unwritten %v; want both to be said", got.MemoryLost,
				got.Unwritten)
		}
	})
}

// What may have been told stays marked as long as it surely does not arrive.
func TestAMarkOutlivesARefusal(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RefusedError{errors.New("invalid_auth")})
		d.rq.Unrecorded = before(5)
		d.deliver(t, "invalid_auth")
		d.want(t, "oncall new a? failed")
		d.rq.Unrecorded = time.Time{} // this run's slot is recorded
		d.deliver(t, "")
		d.want(t, "oncall new a?")
	})
}

func TestAReportThatCannotBeDrawnIsStillTold(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.receiver("s3", RoleArchive)
		oncall := d.receiver("oncall", RoleChanges)
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("no fonts")
		}
		out := d.deliver(t, "drawing report check: no fonts")
		d.want(t, "oncall new a")
		if len(oncall.got[0].Files) != 0 || len(out.Sent) != 2 || out.Sent[0].Err == nil {
			t.Errorf("%+v", out)
		}
	})
}

type panics struct{}

func (panics) Notify(context.Context, Delivery) (Receipt, error) { panic("index out of range") }

func TestAFaultCostsOneReceiver(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.rq.Receivers = []Receiver{{Name: "odd", Notifier: panics{}}}
		d.receiver("oncall", RoleChanges)
		d.deliver(t, "internal error (please report it): index out of range")
		d.want(t, "oncall new a")
	})
}

func TestAnOlderSlotIsOnlyArchived(t *testing.T) {
	within(t, func(t *testing.T) {
		d := newDesk(firing("a", rules.Critical, 20))
		d.book.page.Memory.Slot = slot.Add(5 * time.Minute)
		d.receiver("s3", RoleArchive)
		d.receiver("oncall", RoleChanges)
		d.receiver("alertmanager", RoleMirror)
		d.deliver(t, "")
		d.want(t, "s3")
	})
}

func TestWhatIsNoLongerThereIsForgotten(t *testing.T) {
	within(t, func(t *testing.T) {
		a := firing("a", rules.Critical, 20)
		d := newDesk(a)
		d.receiver("oncall", RoleChanges)
		d.book.page.Ledger.Receivers = map[string]Entry{
			"gone": known(5, a), "oncall": known(5, a, firing("b", rules.Critical, 20)),
		}
		d.deliver(t, "")
		l := d.book.page.Ledger
		if len(l.Receivers) != 1 || len(l.Receivers["oncall"].Notified) != 1 {
			t.Errorf("%+v", l)
		}
	})
}

func TestALongLinkIsNotKept(t *testing.T) {
	signed := Receipt{
		Location: "https://s3.example.com/" + strings.Repeat("x", maxLocation), ID: "1",
	}
	if kept := signed.forLedger(); kept.Location != "" || kept.ID != "1" {
		t.Errorf("%+v", kept)
	}
}
