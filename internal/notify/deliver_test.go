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

// memoryBook is a Book in memory that can be made to fail.
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

// fake is a receiver that records what it gets, and returns its answers first.
type fake struct {
	name    string
	answers []error
	delay   time.Duration
	log     *[]string
	got     []Delivery
}

func (f *fake) Notify(ctx context.Context, d Delivery) (Receipt, error) {
	if f.delay > 0 {
		select {
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		case <-time.After(f.delay):
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

// fixture is a delivery with receivers that record.
type fixture struct {
	book *memoryBook
	log  []string
	rq   Request
}

func newFixture(alerts ...rules.Alert) *fixture {
	return &fixture{
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

func (d *fixture) receiver(name string, role Role, answers ...error) *fake {
	f := &fake{name: name, answers: answers, log: &d.log}
	d.rq.Receivers = append(d.rq.Receivers, Receiver{
		Name: name, Role: role, Notifier: f, SendResolved: true,
	})
	return f
}

func (d *fixture) deliver(t *testing.T, wantErr string) Outcome {
	t.Helper()
	out, err := Deliver(t.Context(), d.book, d.rq)
	if wantErr == "" && err != nil ||
		wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
		t.Errorf("got error %v, want %q", err, wantErr)
	}
	if c := d.book.page.Ledger.Claim; out.ClaimedBy == nil && c != nil && d.book.fail == nil {
		t.Errorf("got the claim %+v after the delivery, want none", c)
	}
	return out
}

// at sets the slot.
func (d *fixture) at(slot time.Time) {
	d.rq.Report = report.Build(report.Info{Name: "check", Slot: slot}, nil)
}

func (d *fixture) want(t *testing.T, lines ...string) {
	t.Helper()
	if !slices.Equal(d.log, lines) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(d.log, "\n\t"), strings.Join(lines, "\n\t"))
	}
	d.log = nil
}

// withFakeClock runs a test with a fake clock, so that nothing waits.
func withFakeClock(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestArchiveFirstThenPeopleThenMirrors(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		mirror := d.receiver("alertmanager", RoleMirror)
		oncall := d.receiver("oncall", RoleChanges)
		d.receiver("team", RoleSummary)
		d.receiver("s3", RoleArchive)
		d.receiver("disk", RoleArchiveOnChange)
		d.deliver(t, "")
		d.want(t, "s3", "disk", "oncall new a", "team summary a", "alertmanager")
		if got := oncall.got[0].Archived; len(got) != 2 ||
			got[0].Location != "https://example.com/s3" || len(oncall.got[0].Files) != 1 {
			t.Errorf("got the links %v, want those of s3 and disk", got)
		}
		if len(mirror.got[0].Memory.Alerts) != 1 {
			t.Errorf("got %d alerts at the mirror, want 1", len(mirror.got[0].Memory.Alerts))
		}
		// Again: archives and mirrors get it again, and nobody is notified.
		d.deliver(t, "")
		d.want(t, "s3", "alertmanager")
	})
}

// A retry of a run does not send its summary again, and is no error. The next slot has a summary of
// its own.
func TestASummaryIsSentOncePerSlot(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("team", RoleSummary)
		d.deliver(t, "")
		d.want(t, "team summary a")
		if out := d.deliver(t, ""); out.ClaimedBy != nil || len(out.Sent) != 0 {
			t.Errorf("the retry: got %+v, want nothing sent", out)
		}
		d.want(t)
		d.rq.Report = report.Build(report.Info{Name: "daily", Slot: slot.Add(24 * time.Hour)}, nil)
		d.deliver(t, "")
		d.want(t, "team summary a")
	})
}

func TestNothingToSend(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture()
		d.receiver("oncall", RoleChanges)
		d.receiver("disk", RoleArchiveOnChange)
		d.rq.Render = func(context.Context) ([]report.File, error) {
			t.Error("got a call of Render, want none: no archive keeps the report")
			return nil, nil
		}
		d.deliver(t, "")
		d.want(t)
		if d.book.writes != 1 {
			t.Errorf("got %d writes, want 1", d.book.writes)
		}
	})
}

func TestTriesAgainAsLongAsTheReceiverAsks(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		began := time.Now()
		d.receiver("oncall", RoleChanges, &RetryError{
			After: 7 * time.Second, Err: errors.New("429"),
		}, &RetryError{Err: errors.New("503")})
		d.deliver(t, "")
		d.want(t, "oncall new a failed", "oncall new a failed", "oncall new a")
		if took := time.Since(began); took != 9*time.Second { // 7 as asked, 2 of its own
			t.Errorf("got %s, want 9s", took)
		}
		d = newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RetryError{After: time.Hour, Err: errors.New("429")})
		d.deliver(t, "429 (asked to wait 1h0m0s)")
		d.want(t, "oncall new a failed")
		d.deliver(t, "") // the next run
		d.want(t, "oncall new a")
	})
}

func TestALostAnswerIsMarked(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		lost := errors.New("connection reset")
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, lost, lost, lost, &RetryError{Err: errors.New("429")})
		d.deliver(t, "connection reset (tried 2 times)")
		// each try may notify somebody once more
		d.want(t, "oncall new a failed", "oncall new a? failed")
		d.deliver(t, "connection reset")
		d.want(t, "oncall new a? failed")
		d.deliver(t, "")
		// what surely did not arrive is retried as usual
		d.want(t, "oncall new a? failed", "oncall new a?")
		d.deliver(t, "")
		d.want(t)
		if e := d.book.page.Ledger.Receivers["oncall"]; len(e.Unsure) != 0 {
			t.Errorf("got %v unsure, want none", e.Unsure)
		}
	})
}

// Of two episodes of one alert, the one that may have been sent stays marked when the other is
// sent.
func TestALostAnswerIsOfOneEpisode(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		a := firing("a", rules.Critical, 20)
		a.Episodes = append(ended("a", rules.Critical, 200, 180).Episodes, a.Episodes...)
		d := newFixture(a)
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
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RefusedError{errors.New("invalid_auth")})
		d.receiver("other", RoleChanges)
		d.deliver(t, "notifying oncall (new): invalid_auth")
		d.want(t, "oncall new a failed", "other new a")
		d.deliver(t, "")
		d.want(t, "oncall new a")
	})
}

// A receiver without messages takes no share of the time.
func TestReceiversWithoutMessagesTakeNoTime(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Warning, 20))
		for _, name := range []string{"one", "two", "three", "four"} {
			d.receiver(name, RoleChanges)
			d.rq.Receivers[len(d.rq.Receivers)-1].MinSeverity = rules.Critical
		}
		d.receiver("oncall", RoleChanges).delay = time.Until(d.rq.Until) - CommitTime - time.Second
		d.deliver(t, "")
		d.want(t, "oncall new a")
	})
}

// If the thread of a reply is gone, the reply becomes a message of its own, and later replies
// belong to it.
func TestRepliesFollowANewThread(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Warning, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.deliver(t, "")
		d.book.page.Memory.Alerts[keyOf(firing("a", 0, 20))] = firing("a", rules.Critical, 20)
		d.deliver(t, "") // the fake returns a receipt of a message of its own
		d.book.page.Memory.Alerts[keyOf(firing("a", 0, 20))] = ended("a", rules.Critical, 20, 0)
		d.deliver(t, "")
		if got := oncall.got[2].Message.Thread.ID; got != "2" {
			t.Errorf("got the end in the thread %s, want 2", got)
		}
	})
}

func TestNothingIsSentAfterTheDeadline(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges)
		d.rq.Until = time.Now().Add(CommitTime)
		d.deliver(t, "no time was left")
		d.want(t)
		if len(d.book.page.Ledger.Receivers["oncall"].Notified) != 0 {
			t.Errorf("got %+v recorded as sent, want nothing",
				d.book.page.Ledger.Receivers["oncall"].Notified)
		}
	})
}

func TestASlowReceiverTakesOnlyItsShare(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("s3", RoleArchive).delay = time.Hour
		d.receiver("slow", RoleChanges).delay = time.Hour
		d.receiver("oncall", RoleChanges)
		began := time.Now()
		d.deliver(t, "deadline exceeded")
		d.want(t, "oncall new a")
		if left := time.Until(d.rq.Until); left < CommitTime {
			t.Errorf("it took %s, and %s are left; want at least %s", time.Since(began), left,
				CommitTime)
		}
	})
}

// A message that may have been sent stays marked while its receiver refuses it.
func TestAMarkOutlivesARefusal(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges, &RefusedError{errors.New("invalid_auth")})
		d.rq.Unrecorded = before(5)
		d.deliver(t, "invalid_auth")
		d.want(t, "oncall new a? failed")
		d.rq.Unrecorded = time.Time{} // the slot of this run is recorded
		d.deliver(t, "")
		d.want(t, "oncall new a?")
	})
}

func TestAReportThatCannotBeDrawn(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("s3", RoleArchive)
		oncall := d.receiver("oncall", RoleChanges)
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("no fonts")
		}
		out := d.deliver(t, "drawing report check: no fonts")
		d.want(t, "oncall new a")
		if len(oncall.got[0].Files) != 0 || len(out.Sent) != 2 || out.Sent[0].Err == nil {
			t.Errorf("got %+v, want the message without files", out)
		}
	})
}

type panics struct{}

func (panics) Notify(context.Context, Delivery) (Receipt, error) { panic("index out of range") }

func TestAPanicCostsOneReceiver(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.rq.Receivers = []Receiver{{Name: "odd", Notifier: panics{}}}
		d.receiver("oncall", RoleChanges)
		d.deliver(t, "internal error (please report it): index out of range")
		d.want(t, "oncall new a")
	})
}

func TestRemovedReceiversAndAlertsAreForgotten(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		a := firing("a", rules.Critical, 20)
		d := newFixture(a)
		d.receiver("oncall", RoleChanges)
		d.book.page.Ledger.Receivers = map[string]Entry{
			"gone": known(5, a), "oncall": known(5, a, firing("b", rules.Critical, 20)),
		}
		d.deliver(t, "")
		l := d.book.page.Ledger
		if len(l.Receivers) != 1 || len(l.Receivers["oncall"].Notified) != 1 {
			t.Errorf("got %+v, want only what is remembered", l)
		}
	})
}

func TestALongLinkIsNotKept(t *testing.T) {
	signed := Receipt{
		Location: "https://s3.example.com/" + strings.Repeat("x", maxLocation), ID: "1",
	}
	if kept := signed.forLedger(); kept.Location != "" || kept.ID != "1" {
		t.Errorf("got %+v, want the ID only", kept)
	}
}
