package opsgenie

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/hostile"
	"github.com/promsnap/promsnap/testdata/race"
)

var update = flag.Bool("update", false, "rewrite the goldens; look at them")

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := start(t)
		return notifytest.Tested{
			Notifier: open(t, options(d.URL)), Role: notify.RoleChanges,
			Skips:       []notify.Kind{notify.KindSummary, notify.KindAllClear},
			Unreachable: open(t, options("http://127.0.0.1:1")), Arrived: d.Arrived,
			Busy: func(after time.Duration) {
				d.Answer(http.StatusTooManyRequests, `{"message":"You are making too many requests!"}`,
					"Retry-After", fmt.Sprint(int(after.Seconds())))
			},
			Refuse: func() { d.Answer(http.StatusForbidden, "") },
			Hang:   d.Hang,
		}
	})
}

func TestAnswers(t *testing.T) {
	notifytest.TestAnswers(t, func(t *testing.T) (notify.Notifier, *notifytest.Double) {
		d := start(t)
		return open(t, options(d.URL)), d.Double
	},
		notifytest.Answer{
			Status: 401, Body: `{"message":"Could not authenticate","took":0.001}`,
			Kind: notifytest.Refused, Says: "check opsgenie.api_key",
		},
		notifytest.Answer{
			Status: 403, Body: `{"message":"You are not authorized"}`, Kind: notifytest.Refused,
			Says: "may create and update alerts",
		},
		notifytest.Answer{Status: 404, Kind: notifytest.Refused, Says: "check opsgenie.api_url"},
		notifytest.Answer{
			Status: 422, Body: `{"message":"Request body is not processable.","errors":{"message":` +
				`"Message can not be empty. GenieKey ` + notifytest.Secret + `"}}`,
			Kind: notifytest.Refused, Says: "2 of 2 requests: Opsgenie answered 422 Unprocessable " +
				"Entity: {\"message\":\"Request body is not processable.",
		},
		notifytest.Answer{Status: 429, Kind: notifytest.Retry, Says: "429 Too Many Requests"},
	)
}

func TestAddress(t *testing.T) {
	for _, link := range []string{
		"", "api.opsgenie.com", "https://u:" + notifytest.Secret + "@api.opsgenie.com",
	} {
		if _, err := New(Options{APIURL: link}); err == nil ||
			strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%q: got %v, want an error without the secret", link, err)
		}
	}
	o := options("https://api.opsgenie.com/")
	o.APIKey = secret.Env("KEY", func(string) (string, bool) { return "", false })
	_, err := open(t, o).Notify(t.Context(), notifytest.Delivery(notify.RoleChanges,
		notify.KindNew))
	if got := notifytest.Outcome(err); got != notifytest.Refused ||
		!strings.Contains(err.Error(), "KEY") {
		t.Errorf("got %s (%v), want a refusal that names the variable", got, err)
	}
	_, err = open(t, o).Notify(t.Context(), notifytest.Delivery(notify.RoleSummary,
		notify.KindSummary))
	if got := notifytest.Outcome(err); got != notifytest.Refused {
		t.Errorf("a summary: got %s (%v), want a refusal", got, err)
	}
}

// If an answer is lost, the message is sent again. Opsgenie then still has one alert for each, and
// none after the end.
func TestLostAnswer(t *testing.T) {
	d := start(t)
	d.Lose()
	n := open(t, options(d.URL))
	message := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
	if _, err := n.Notify(t.Context(), message); notifytest.Outcome(err) != notifytest.Unknown {
		t.Fatalf("got %v, want an error that does not say that nothing was delivered", err)
	}
	if _, err := n.Notify(t.Context(), message); err != nil || len(d.open) != 2 {
		t.Errorf("got %d open alerts (%v), want 2", len(d.open), err)
	}
	for k, a := range message.Memory.Alerts {
		a.Episodes[0].Ended, a.Episodes[0].End = notifytest.Slot, rules.Recovered
		message.Memory.Alerts[k] = a
	}
	resolved := notifytest.Delivery(notify.RoleChanges, notify.KindResolved)
	if _, err := n.Notify(t.Context(), resolved); err != nil || len(d.open) != 0 {
		t.Errorf("got %d open alerts (%v) after the end, want none", len(d.open), err)
	}
}

func TestGoldens(t *testing.T) {
	o := Options{Update: true, Tags: []string{"team:infra"}}
	for _, l := range words.Languages() {
		for _, k := range []notify.Kind{
			notify.KindNew, notify.KindWorse, notify.KindResolved, notify.KindTest,
		} {
			d := notifytest.NewCluster(1, l).Delivery(t, k)
			for i := range d.Message.Items {
				one := &d.Message.Items[i]
				one.Alert.Episodes = []rules.Episode{one.Episode}
				d.Changes = map[rules.Key][]string{one.Key: {"rebooted at 02:40"}}
			}
			notifytest.Golden(t, *update, fmt.Sprintf("%s-%s.txt", k, l), shown(t, Requests(d, o)))
		}
	}
}

// shown returns requests as text.
func shown(t *testing.T, all []Request) string {
	t.Helper()
	var out bytes.Buffer
	for _, r := range all {
		fmt.Fprintf(&out, "%s: %s %s\n", r.Step, r.Method, r.Path)
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r.Body); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestPriority(t *testing.T) {
	for _, tc := range []struct {
		own, want string
		severity  rules.Severity
		kind      notify.Kind
	}{
		{"", "P1", rules.Critical, notify.KindNew}, {"", "P3", rules.Warning, notify.KindNew},
		{"P2", "P2", rules.Critical, notify.KindNew}, {"P2", "P5", rules.Critical, notify.KindTest},
	} {
		d := notifytest.Delivery(notify.RoleChanges, tc.kind)
		for i := range d.Message.Items {
			d.Message.Items[i].Alert.Severity = tc.severity
		}
		got := Requests(d, Options{Priority: tc.own})[0].Body.(Alert).Priority
		if got != tc.want {
			t.Errorf("%s, %s, %q: got %s, want %s", tc.kind, tc.severity, tc.own, got, tc.want)
		}
	}
}

// A message about very many alerts creates one for each of the worst, and one for all.
func TestManyAlerts(t *testing.T) {
	d := notifytest.NewCluster(200, words.English).Delivery(t, notify.KindNew)
	got := Requests(d, Options{})
	last := got[len(got)-1].Body.(Alert)
	if len(got) != maxCreates+1 || !strings.Contains(last.Message, "200") {
		t.Errorf("got %d requests, the last %+v; want %d, the last about 200 alerts", len(got), last,
			maxCreates+1)
	}
}

// The alias of an alert is short, needs no escaping, and is no other alert's alias.
func TestAlias(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z{}="\\/]{0,400}`),
		rapid.SampledFrom([]string{"a\u200b", "a", "a\n", "a ", "A"}))
	rapid.Check(t, func(t *rapid.T) {
		d := notifytest.Delivery(notify.RoleChanges, notify.KindNew)
		d.Report.Info.Cluster = texts.Draw(t, "cluster")
		w := writer{d: d}
		a, b := rules.Key(texts.Draw(t, "a")), rules.Key(texts.Draw(t, "b"))
		got, other := w.alias(a), w.alias(b)
		if len(got) > maxAlias || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Fatalf("got %q, want at most %d of [a-z0-9-]", got, maxAlias)
		}
		if got != w.alias(a) || (got == other) != (a == b) {
			t.Fatalf("got %q for %q and %q for %q, want the same only for the same", got, a, other,
				b)
		}
	})
}

// Whatever the texts are, an alert has all parts, within their limits, and no tags of HTML.
func TestHostileWords(t *testing.T) {
	race.SkipSerial(t)
	for _, w := range hostile.Words() {
		d := notifytest.Delivery(notify.RoleChanges, notify.KindWorse)
		d.Report.Info.Cluster = w.Text
		many := map[string]string{}
		for i := range 100 {
			many[fmt.Sprintf("%s-%d", w.Text, i)] = w.Text
		}
		for i := range d.Message.Items {
			a := &d.Message.Items[i].Alert
			a.Name, a.Rule, a.Panel, a.Labels = w.Text, w.Text, w.Text, many
			d.Changes = map[rules.Key][]string{
				d.Message.Items[i].Key: slices.Repeat([]string{w.Text}, 100),
			}
		}
		for _, r := range Requests(d, Options{Update: true, Tags: []string{w.Text, "a,b"}}) {
			body, err := json.Marshal(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := checked(r.Method, r.Path, body); len(wrong) > 0 {
				t.Errorf("%s: got %v, want a valid request", w.Name, wrong)
			}
			a, ok := r.Body.(Alert)
			if !ok {
				continue
			}
			for _, s := range append(slices.Concat(a.Tags, strings.Split(a.Description, "\n")),
				a.Message, a.Entity) {
				if c, bad := hostile.Unprintable(s); bad || tag.MatchString(s) {
					t.Errorf("%s: got %U or a tag in %.100q, want none", w.Name, c, s)
				}
			}
			if !utf8.ValidString(a.Description) {
				t.Errorf("%s: got %q, want UTF-8", w.Name, a.Description)
			}
		}
	}
}
