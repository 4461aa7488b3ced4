package notify

import (
	"errors"
	"testing"

	"github.com/promsnap/promsnap/internal/rules"
)

func TestAFallbackGetsWhatTheOtherDidNot(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		revoked := &RefusedError{errors.New("revoked")}
		d := newFixture(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		mail := &fake{name: "mail", log: &d.log}
		d.rq.Receivers[0].Fallback = &Fallback{Name: "mail", Notifier: mail}
		d.deliver(t, "")
		d.want(t, "oncall new a")

		add := func(a rules.Alert) { d.book.page.Memory.Alerts[keyOf(a)] = a }
		add(firing("b", rules.Critical, 10))
		oncall.answers = []error{revoked}
		d.deliver(t, "notifying oncall (joined): revoked")
		d.want(t, "oncall joined b failed", "mail joined b")
		if got := mail.got[0].Message.InsteadOf; got != "oncall" {
			t.Errorf("got instead of %q, want oncall", got)
		}
		oncall.answers = []error{revoked}
		d.deliver(t, "revoked")
		d.want(t, "oncall joined b failed") // mail was notified before

		d.deliver(t, "")
		d.want(t, "oncall joined b")
		add(firing("c", rules.Critical, 5))
		d.deliver(t, "")
		d.want(t, "oncall joined c") // mail gets only the end of b from now on
		add(ended("b", rules.Critical, 10, 0))
		mail.answers = []error{revoked}
		d.deliver(t, "notifying oncall via mail (resolved): revoked")
		d.want(t, "oncall resolved b", "mail resolved b failed")
		d.deliver(t, "")
		d.want(t, "mail resolved b")
		for _, got := range mail.got[1:] {
			if got.Message.Thread.ID != "1" || got.Message.InsteadOf != "" {
				t.Errorf("got mail in the thread %+v, instead of %q; want its own thread",
					got.Message.Thread, got.Message.InsteadOf)
			}
			if n := len(got.Message.Rest); n != 0 { // mail was not sent a and c
				t.Errorf("got mail that %d alerts still fire, want none", n)
			}
		}
		if _, ok := d.book.page.Ledger.Receivers["oncall via mail"]; ok {
			t.Error("got an entry of the fallback, want none")
		}
	})
}

// A fallback does not get what the other receiver got, however often it replaces it, and replies
// only to its own messages.
func TestAFallbackIsUsedAgain(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		revoked := &RefusedError{errors.New("revoked")}
		d := newFixture(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges, revoked)
		mail := &fake{name: "mail", log: &d.log}
		d.rq.Receivers[0].Fallback = &Fallback{Name: "mail", Notifier: mail}
		add := func(a rules.Alert) { d.book.page.Memory.Alerts[keyOf(a)] = a }
		d.deliver(t, "revoked")
		d.want(t, "oncall new a failed", "mail new a")
		add(firing("b", rules.Critical, 10))
		d.deliver(t, "")
		d.want(t, "oncall new a b")
		add(firing("c", rules.Critical, 5))
		oncall.answers = []error{revoked}
		d.deliver(t, "revoked")
		d.want(t, "oncall joined c failed", "mail joined c")
		for _, name := range []string{"a", "b", "c"} {
			add(ended(name, rules.Critical, 30, 0))
		}
		oncall.answers = []error{revoked, revoked}
		d.deliver(t, "revoked")
		if last := mail.got[len(mail.got)-1].Message; last.Thread.ID == "4" {
			t.Errorf("got mail in thread %+v, want none of another receiver", last.Thread)
		}
	})
}
