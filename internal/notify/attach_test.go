package notify

import (
	"context"
	"errors"
	"testing"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
)

// The report is drawn for messages that have its files, and only for those.
func TestFilesOfMessages(t *testing.T) {
	onlyNew := func(k Kind) bool { return k == KindNew }
	onlyResolved := func(k Kind) bool { return k == KindResolved }
	for _, tc := range []struct {
		name     string
		attaches func(Kind) bool
		drawn    int
	}{
		{"none", nil, 0}, {"of this kind", onlyNew, 1}, {"of another kind", onlyResolved, 0},
	} {
		withFakeClock(t, func(t *testing.T) {
			d := newFixture(firing("a", rules.Critical, 20))
			mail := d.receiver("mail", RoleChanges)
			d.rq.Receivers[0].Attaches = tc.attaches
			drawn, draw := 0, d.rq.Render
			d.rq.Render = func(ctx context.Context) ([]report.File, error) {
				drawn++
				return draw(ctx)
			}
			d.deliver(t, "")
			d.want(t, "mail new a")
			d.deliver(t, "") // nothing new
			if drawn != tc.drawn || len(mail.got[0].Files) != tc.drawn {
				t.Errorf("%s: got %d drawings and %d files, want %d", tc.name, drawn,
					len(mail.got[0].Files), tc.drawn)
			}
		})
	}
}

// A report that cannot be drawn does not stop the message that would have it.
func TestNoFilesOfAMessage(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20))
		d.receiver("mail", RoleChanges)
		d.rq.Receivers[0].Attaches = func(Kind) bool { return true }
		d.rq.Render = func(context.Context) ([]report.File, error) {
			return nil, errors.New("no font")
		}
		d.deliver(t, "no font")
		d.want(t, "mail new a")
	})
}
