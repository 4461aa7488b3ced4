package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/lab/labtest"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/letter"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/panels"
)

// A kind without an entry would fail in the first run that opens it. Without a rehearsal, a
// receiver for people or programs would be missing from a dry run without notice.
func TestEveryKindOfReceiverIsKnown(t *testing.T) {
	for _, of := range config.Kinds() {
		k, ok := kinds[of]
		if !ok || k.title == "" || k.open == nil {
			t.Errorf("%s: got the entry %+v, want one with a title and an open function", of, k)
		}
		if archive := slices.Contains(config.Kinds(config.RoleArchive),
			of); archive != (k.rehearse == nil) || archive != (k.archive != nil) {
			t.Errorf("%s: got a rehearsal: %v, an archive: %v; want %v and %v", of,
				k.rehearse != nil, k.archive != nil, !archive, archive)
		}
	}
	if _, err := openReceiver(t.Context(), config.Receiver{Name: "fax", Kind: "fax"}); err == nil ||
		!strings.Contains(err.Error(), `"fax"`) {
		t.Errorf("an unknown kind: got %v, want an error that names it", err)
	}
}

// beeper is a receiver of a new kind, with all that a kind needs beside its keys.
type beeper struct {
	link   string
	caller *notify.Caller
}

// Notify posts the first line of a message.
func (p beeper) Notify(ctx context.Context, d notify.Delivery) (notify.Receipt, error) {
	title := letter.Compose(d, letter.Limits{Title: 80, Line: 200, Body: 3000}).Title
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, p.link, strings.NewReader(title))
	if err != nil {
		return notify.Receipt{}, &notify.RefusedError{Err: err}
	}
	return notify.Receipt{}, p.caller.Call(rq)
}

const kindBeeper config.Kind = "beeper"

// beeperKeys are the keys of the new kind.
type beeperKeys struct{ link string }

// beepers is the entry of the new kind.
var beepers = kind{
	title: "beeper",
	open: opener(func(_ context.Context, k beeperKeys) (opened, error) {
		return opened{notifier: beeper{k.link, notify.NewCaller("the beeper", nil)}}, nil
	}),
	rehearse: rehearser(func(_ beeperKeys, take drafter) (notify.Notifier, error) {
		return beeper{"http://beeper.invalid", notify.NewCaller("the beeper", rehearsal(take))}, nil
	}),
}

func init() { kinds[kindBeeper] = beepers } // before any test reads them

// beeperDouble is the server that a beeper posts to.
type beeperDouble struct {
	*httptest.Server
	mu      sync.Mutex
	arrived []string
	answer  func(http.ResponseWriter) bool // reports whether it accepts the request
}

func startBeeper(t *testing.T) *beeperDouble {
	p := &beeperDouble{answer: func(http.ResponseWriter) bool { return true }}
	p.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		if answer(rw) && err == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.arrived = append(p.arrived, string(body))
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *beeperDouble) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.arrived, "\n")
}

func (p *beeperDouble) set(answer func(http.ResponseWriter) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func TestANewKindKeepsTheContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		p := startBeeper(t)
		to := func(link string) notify.Notifier {
			r, err := openReceiver(t.Context(), config.Receiver{
				Name: "beeper", Kind: kindBeeper, To: beeperKeys{link},
			})
			if err != nil {
				t.Fatal(err)
			}
			return r.notifier
		}
		status := func(code int) func(http.ResponseWriter) bool {
			return func(rw http.ResponseWriter) bool { rw.WriteHeader(code); return false }
		}
		return notifytest.Tested{
			Notifier: to(p.URL), Role: notify.RoleChanges, Arrived: p.all,
			Unreachable: to("http://127.0.0.1:1"),
			Busy: func(after time.Duration) {
				p.set(func(rw http.ResponseWriter) bool {
					rw.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
					return status(http.StatusTooManyRequests)(rw)
				})
			},
			Refuse: func() { p.set(status(http.StatusForbidden)) },
		}
	})
}

func TestANewKindIsRehearsedAndTried(t *testing.T) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	prometheus := labtest.Start(t, "--now="+at.Format(time.RFC3339), "--nodes=12", "--profile=kps")
	cfg, err := config.Load("promsnap.yaml", fmt.Appendf(nil, `version: 1
cluster: prod
prometheus: {url: '%s'}
reports: [{name: check, range: 1h, panels: [{use: node-memory}], receivers: [archive]}]
receivers: [{name: archive, dir: {path: '%s'}}]
state: {dir: '%s'}
`, prometheus, t.TempDir(), t.TempDir()), config.Options{Builtin: panels.In})
	if err != nil {
		t.Fatal(err)
	}
	p := startBeeper(t)
	cfg.Receivers = append(cfg.Receivers, config.Receiver{
		Name: "night", Kind: kindBeeper, Role: config.RolePeople, To: beeperKeys{p.URL},
	})
	cfg.Reports[0].Send = config.SendChanges
	cfg.Reports[0].Receivers = append(cfg.Reports[0].Receivers, "night")
	o := Options{Slot: at, Timeout: time.Minute, To: DryRun{Dir: t.TempDir()}, Now: time.Now}

	a, err := New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	res := a.Run(t.Context()).Results[0]
	if res.Err != nil || len(res.Drafts) != 1 || res.Drafts[0].Receiver != "night" ||
		p.all() != "" {
		t.Errorf("dry run: got the drafts %+v (%v), sent %q; want one draft and nothing sent",
			res.Drafts, res.Err, p.all())
	}
	if got := tryReceiver(t.Context(), cfg, cfg.Receivers[1], o, true); got.Err != nil ||
		got.Text != "beeper night ok, test message sent" || !strings.Contains(p.all(), "🧪") {
		t.Errorf("doctor: got %q (%v), sent %q; want a test message", got.Text, got.Err, p.all())
	}
}
