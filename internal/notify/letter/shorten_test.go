package letter

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/words"
)

// A message that does not fit says so. What a reader must know about it stays as long as possible.
func TestAlone(t *testing.T) {
	d := deliveryOf(t, situations()["kills"].spec, situations()["kills"].data, words.English, time.Hour)
	d.Message.PossibleDuplicate = true
	d.Archived = []notify.Receipt{{Location: "https://reports.example.com/", Expires: slot}}
	whole := Alone(d, limits, func(Letter) bool { return true })
	w := words.In(words.English)
	for size := len(whole.Text()); size >= 0; size-- {
		got := Alone(d, limits, func(l Letter) bool { return len(l.Text()) <= size })
		text := got.Text()
		if len(text) > size && text != whole.Title {
			t.Fatalf("got %d bytes, want at most %d, or the title:\n%s", len(text), size, text)
		}
		cut := text != whole.Text()
		if cut && len(got.Lines) > 0 && !strings.Contains(text, w.MessageCut) {
			t.Errorf("%d bytes: got no word that the message is cut:\n%s", size, text)
		}
		if repeats := strings.Contains(text, w.PossibleDuplicate); !repeats && size > 300 {
			t.Errorf("%d bytes: got no word that the message may be a repetition:\n%s", size, text)
		}
	}
}

// A message shows pictures that an archive links, of what fires.
func TestImages(t *testing.T) {
	d := deliveryOf(t, situations()["kills"].spec, situations()["kills"].data, words.English, time.Hour)
	name := report.PictureName(d.Message.Items[0].Alert.Panel)
	link := "https://reports.example.com/" + name
	for _, tc := range []struct {
		name     string
		pictures map[string]string
		kind     notify.Kind
		most     int
		want     int
	}{
		{"linked", map[string]string{name: link}, notify.KindNew, 2, 1},
		{"no room", map[string]string{name: link}, notify.KindNew, 0, 0},
		{"another", map[string]string{"other.png": link}, notify.KindNew, 2, 0},
		{"no archive", nil, notify.KindNew, 2, 0},
		{"plain HTTP", map[string]string{name: "http://minio/" + name}, notify.KindNew, 2, 0},
		{"a path", map[string]string{name: "/var/" + name}, notify.KindNew, 2, 0},
		{
			"a long link", map[string]string{name: link + "?" + strings.Repeat("x", 4000)},
			notify.KindNew, 2, 0,
		},
	} {
		d.Pictures, d.Message.Kind = tc.pictures, tc.kind
		if got := Images(d, limits, tc.most); len(got) != tc.want ||
			len(got) > 0 && (got[0].URL != link || got[0].Alt == "") {
			t.Errorf("%s: got %v, want %d with a description", tc.name, got, tc.want)
		}
	}
	d.Pictures = map[string]string{name: link}
	for i := range d.Message.Items {
		d.Message.Items[i].Episode.Ended = slot
	}
	if got := Images(d, limits, 2); len(got) != 0 {
		t.Errorf("got %v of what is resolved, want none", got)
	}
}
