package webhook

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// A payload is JSON of one shape, whatever text is in it, and a program reads the measured labels
// in it.
func TestPayloadOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		o := start(t)
		d := notifytest.Delivery(notify.RoleMirror, notify.KindNone)
		for k, a := range d.Memory.Alerts {
			a.Name, a.Labels, a.Identity = w.Text, map[string]string{"node": w.Text},
				map[string]string{"node": w.Text}
			d.Memory.Alerts[k] = a
		}
		if _, err := New(options(o.URL)).Notify(t.Context(), d); err != nil {
			t.Errorf("%s: got %v, want no error", w.Name, err)
			continue
		}
		var got struct {
			Alerts []struct {
				Name   string
				Labels map[string]string
			}
		}
		if err := json.Unmarshal([]byte(o.all()), &got); err != nil || len(got.Alerts) != 2 {
			t.Errorf("%s: got %d alerts (%v), want 2", w.Name, len(got.Alerts), err)
			continue
		}
		want := string([]rune(w.Text)) // JSON has U+FFFD for a byte that is no character
		if got.Alerts[0].Labels["node"] != want || got.Alerts[0].Name != want {
			t.Errorf("%s: the label is %.100q, want %.100q", w.Name, got.Alerts[0].Labels["node"],
				want)
		}
		if strings.Contains(o.all(), "</script") {
			t.Errorf("%s: got </script in the payload, want it escaped", w.Name)
		}
	}
}

// An error that quotes a server's answer is one line without control characters.
func TestAnswerOfHostileWords(t *testing.T) {
	for _, w := range hostile.Words() {
		o := start(t)
		o.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, w.Text, http.StatusBadRequest)
		})
		_, err := New(options(o.URL)).Notify(t.Context(),
			notifytest.Delivery(notify.RoleMirror, notify.KindNone))
		if err == nil {
			t.Fatal("got no error, want one")
		}
		if c, bad := hostile.Unprintable(err.Error()); bad || len(err.Error()) > 1000 {
			t.Errorf("%s: got %U in an error of %d bytes, want at most 1000 printable ones: %.200q",
				w.Name, c, len(err.Error()), err)
		}
	}
}
