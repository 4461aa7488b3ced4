package app_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/notify/slack/slackdouble"
)

// The first check of a cluster where many things are wrong posts one message, with one mention and
// four pictures in its thread. The next check has nothing to add.
func TestTheFirstRunPostsOneMessage(t *testing.T) {
	prometheus := httptest.NewServer(newLab(t))
	t.Cleanup(prometheus.Close)
	double := slackdouble.Start("xoxb-test")
	t.Cleanup(double.Close)
	cfg := load(t, prometheus.URL, fmt.Sprintf(`
version: 1
cluster: prod
reports: [{name: check, range: 1h, send: changes, receivers: [oncall]}]
receivers:
  - name: oncall
    slack: {channel: C0123456789, token: xoxb-test, api_url: '%s', mentions: {critical: ["@here"]}}
state: {dir: '%s'}
`, double.APIURL(), t.TempDir()))
	run := func(at time.Time) app.Result {
		a, err := app.New(t.Context(), cfg, app.Options{
			Slot: at, Timeout: time.Minute, To: app.Receivers{}, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		res := a.Run(t.Context()).Results[0]
		if res.Err != nil || len(res.Notes) > 0 {
			t.Fatalf("got %v and notes %q, want neither", res.Err, res.Notes)
		}
		return res
	}
	res := run(slot)
	if n := len(res.Report.Findings); n < 6 {
		t.Fatalf("got %d findings, want more", n)
	}
	posts, mentions := 0, 0
	for _, m := range double.Messages() {
		if m.Thread == "" {
			posts++
		}
		mentions += strings.Count(string(m.Blocks), "!here")
	}
	if files := len(double.Files()); posts != 1 || mentions != 1 || files != 4 {
		t.Errorf("got %d messages, %d mentions and %d pictures; want 1, 1 and 4", posts, mentions,
			files)
	}
	before := len(double.Messages())
	if run(slot.Add(time.Minute)); len(double.Messages()) != before {
		t.Errorf("got %+v from the next check, want nothing", double.Messages()[before:])
	}
}
