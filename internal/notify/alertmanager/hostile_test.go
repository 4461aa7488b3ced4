package alertmanager

import (
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/testdata/hostile"
)

// Alertmanager's rules accept labels of any text. A label has the text, and no text adds a label.
func TestLabelsOfHostileWords(t *testing.T) {
	shape := func(a Alert) int { return len(a.Labels) }
	var tame int
	for _, w := range append([]hostile.Word{{Name: "tame", Text: "tame"}}, hostile.Words()...) {
		d := notifytest.Delivery(notify.RoleMirror, notify.KindNone)
		for k, a := range d.Memory.Alerts {
			if a.Name == "ip-10-0-1-13" {
				delete(d.Memory.Alerts, k)
				continue
			}
			a.Name, a.Labels, a.Identity = w.Text, map[string]string{"node": w.Text, w.Text: "x"},
				map[string]string{"node": w.Text}
			d.Memory.Alerts[k] = a
		}
		double := start(t)
		if _, err := open(t, double.URL).Notify(t.Context(), d); err != nil {
			t.Errorf("%s: got %v, want no error", w.Name, err)
			continue
		}
		if len(double.alerts) != 1 {
			t.Errorf("%s: got %d alerts, want 1", w.Name, len(double.alerts))
		}
		for _, a := range double.alerts {
			want := strings.ToValidUTF8(w.Text, "\uFFFD")
			if got := a.Labels["node"]; got != want &&
				(len(want) <= maxText || len(got) > maxText) {
				t.Errorf("%s: got the node %.100q, want %.100q in at most %d bytes", w.Name, got,
					want, maxText)
			}
			if w.Name == "tame" {
				tame = shape(a)
			}
			if n := shape(a); n > tame {
				t.Errorf("%s: got %d labels, want at most %d", w.Name, n, tame)
			}
		}
	}
}
