package notify

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// A summary that another run has claimed is not sent and not recorded. The next run after that
// claim sends it, marked, because it is unknown what the other run did.
func TestASummaryThatIsClaimed(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("team", RoleSummary)
		d.book.page.Ledger.Claim = &Claim{
			Slot: slot, Run: "other", Until: time.Now().Add(time.Second),
		}
		if out := d.deliver(t, ""); out.ClaimedBy == nil || out.ClaimedBy.Run != "other" ||
			len(out.Sent) != 0 {
			t.Errorf("got %+v, want the claim of the other run", out)
		}
		d.want(t)
		time.Sleep(time.Second)
		if out := d.deliver(t, ""); out.ClaimedBy != nil {
			t.Errorf("got %+v, want no claim", out)
		}
		d.want(t, "team summary a?")
	})
}

// A claim of a wrong clock, years in the future, does not stop messages for that long.
func TestClaimOfAWrongClock(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		for _, tc := range []struct {
			ahead   time.Duration
			claimed bool
		}{
			{LongestRun, true}, {LongestRun + time.Second, false}, {
				5 * 365 * 24 * time.Hour, false,
			},
		} {
			d := newFixture(firing("a", rules.Critical, 20))
			d.receiver("oncall", RoleChanges)
			d.book.page.Ledger.Claim = &Claim{
				Slot: slot, Run: "other", Until: time.Now().Add(tc.ahead),
			}
			if out := d.deliver(t, ""); (out.ClaimedBy != nil) != tc.claimed ||
				(len(out.Sent) == 0) != tc.claimed {
				t.Errorf("a claim %s ahead: got claimed %v, sent %d; want claimed %v", tc.ahead,
					out.ClaimedBy != nil, len(out.Sent), tc.claimed)
			}
		}
	})
}

func TestALiveClaimStopsAnotherRun(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("oncall", RoleChanges)
		d.receiver("s3", RoleArchive)
		other := &Claim{Slot: slot, Run: "other", Until: time.Now().Add(time.Second)}
		d.book.page.Ledger.Claim = other
		if out := d.deliver(t, ""); out.ClaimedBy == nil || *out.ClaimedBy != *other {
			t.Errorf("got %+v, want the claim of the other run", out)
		}
		d.want(t)
		time.Sleep(time.Second)
		d.book.page.Ledger.Receivers = map[string]Entry{
			"oncall": {First: slot, Unsure: []string{string(keyOf(firing("a", 0, 0)))}},
		}
		if out := d.deliver(t, ""); out.ClaimedBy != nil {
			t.Errorf("got the ended claim %+v, want none", out.ClaimedBy)
		}
		d.want(t, "s3", "oncall new a?")
	})
}

func TestARunThatLosesItsClaimStops(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20), firing("b", rules.Warning, 20))
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
			t.Errorf("got %v, want errClaimLost", err)
		}
		d.want(t, "s3")
		if c := d.book.page.Ledger.Claim; c == nil || c.Run != "other" {
			t.Errorf("got the claim %+v, want the other run's", c)
		}
	})
}

func TestABookThatCannotBeWritten(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.receiver("team", RoleSummary)
		d.book.fail = errors.New("no such bucket")
		d.deliver(t, "recording what was sent: no such bucket")
		d.want(t, "oncall new a", "team summary a")
		if got := oncall.got[0]; got.MemoryLost != "" || !got.Unwritten {
			t.Errorf("got memory lost %q, unwritten %v; want only that it may be repeated",
				got.MemoryLost, got.Unwritten)
		}
		d.book.fail = nil
		d.rq.Unrecorded = slot // as the second Pod of a Job knows
		d.deliver(t, "")
		d.want(t, "oncall new a?", "team summary a?")
		if oncall.got[1].Unwritten {
			t.Error("got unwritten true, want false: the message was recorded")
		}
		d.deliver(t, "")
		d.want(t)
	})
}

// If another run wrote the state first and its page could not be read, it is unknown what was sent.
func TestABookThatIsOvertaken(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.book.fail = fmt.Errorf("%w: 503", ErrOvertaken)
		d.deliver(t, "503")
		d.want(t, "oncall new a")
		if oncall.got[0].MemoryLost == "" {
			t.Error("got no memory lost, want one: the message may be a repetition")
		}
	})
}

// A run that remembers nothing writes nothing. The next run knows no more, and may send the same
// again without a mark.
func TestABookThatIsLost(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		d.rq.MemoryLost = "the state could not be read"
		d.deliver(t, "")
		d.want(t, "oncall new a")
		if got := oncall.got[0]; got.MemoryLost == "" || !got.Unwritten {
			t.Errorf("got memory lost %q, unwritten %v; want both", got.MemoryLost, got.Unwritten)
		}
	})
}
