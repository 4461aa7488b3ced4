package notify

import (
	"errors"
	"testing"

	"github.com/promsnap/promsnap/internal/rules"
)

func TestAFallbackIsToldWhatTheOtherWasNot(t *testing.T) {
	within(t, func(t *testing.T) {
		revoked := &RefusedError{errors.New("revoked")}
		d := newDesk(firing("a", rules.Critical, 20))
		oncall := d.receiver("oncall", RoleChanges)
		mail := &fake{name: "mail", log: &d.log}
		d.rq.Receivers[0].Fallback = &Fallback{Name: "mail", Notifier: mail}
		d.deliver(t, "")
		d.want(t, "oncall new a")

		add := func(a rules.Alert) { d.book.page.Memory.Alerts[keyOf(a)] = a }
		add(firing("b", rules.Critical, 10))
		oncall.answers = []error{revoked}
		d.deliver(t, "notifying oncall (new): revoked")
		d.want(t, "oncall new b failed", "mail new b")
		if got := mail.got[0].Message.InsteadOf; got != "oncall" {
			t.Errorf("instead of %q", got)
		}
		oncall.answers = []error{revoked}
		d.deliver(t, "revoked")
		d.want(t, "oncall new b failed") // and mail knows

		d.deliver(t, "")
		d.want(t, "oncall new b")
		add(firing("c", rules.Critical, 5))
		d.deliver(t, "")
		d.want(t, "oncall new c") // and mail is not told any more, but for the end of b
		add(over("b", rules.Critical, 10, 0))
		mail.answers = []error{revoked}
		d.deliver(t, "notifying oncall via mail (resolved): revoked")
		d.want(t, "oncall resolved b", "mail resolved b failed")
		d.deliver(t, "")
		d.want(t, "mail resolved b")
		for _, got := range mail.got[1:] {
			if got.Message.Thread.ID != "1" || got.Message.InsteadOf != "" {
				t.Errorf("mail was told under %+v, instead of %q", got.Message.Thread,
					got.Message.InsteadOf)
			}
		}
		if _, ok := d.book.page.Ledger.Receivers["oncall via mail"]; ok {
			t.Error("what stood in for another is still remembered")
		}
	})
}

// A fallback is not told of what the other knows, however often it stands in, and has no thread but
// its own.
func TestAFallbackStandsInAgain(t *testing.T) {
	within(t, func(t *testing.T) {
		revoked := &RefusedError{errors.New("revoked")}
		d := newDesk(firing("a", rules.Critical, 20))
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
		d.want(t, "oncall new c failed", "mail new c")
		for _, name := range []string{"a", "b", "c"} {
			add(over(name, rules.Critical, 30, 0))
		}
		oncall.answers = []error{revoked, revoked}
		d.deliver(t, "revoked")
		if last := mail.got[len(mail.got)-1].Message; last.Thread.ID == "4" {
			t.Errorf("mail was told under another receiver's message: %+v", last.Thread)
		}
	})
}
