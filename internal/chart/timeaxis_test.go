package chart

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func tickWords(from, to time.Time, zone string, most int) string {
	var words []string
	for _, t := range (Options{Zone: mustZone(zone)}).speech().timeTicks(from, to, most) {
		w := t.text
		if t.date != "" {
			w += "(" + t.date + ")"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func TestTimeTicks(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name     string
		from, to string
		zone     string
		most     int
		want     string
	}{
		{"a day", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "Asia/Seoul", 10,
			"09:00(Sat 21 Nov) 12:00 15:00 18:00 21:00 00:00(Sun 22 Nov) 03:00 06:00 09:00"},
		{"five minutes", "2026-11-21T10:00:10Z", "2026-11-21T10:05:10Z", "UTC", 8,
			"10:01(Sat 21 Nov) 10:02 10:03 10:04 10:05"},
		{"clocks go forward: 02:00 does not exist", "2026-03-08T04:00:00Z", "2026-03-08T09:00:00Z",
			"America/New_York", 8,
			"23:00(Sat 7 Mar) 00:00(Sun 8 Mar) 01:00 03:00 04:00 05:00"},
		{"clocks go back: 01:00 comes twice", "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z",
			"America/New_York", 4,
			"00:00(Sun 1 Nov) 01:00 EDT 01:00 EST 02:00 03:00"},
		{"and its halves", "2026-11-01T04:30:00Z", "2026-11-01T07:00:00Z", "America/New_York", 8,
			"00:30(Sun 1 Nov) 01:00 EDT 01:30 EDT 01:00 EST 01:30 EST 02:00"},
		{"clocks go back by half an hour", "2026-04-04T13:30:00Z", "2026-04-04T17:00:00Z",
			"Australia/Lord_Howe", 8,
			"00:30(Sun 5 Apr) 01:00 01:30 UTC+11 01:30 UTC+1030 02:00 02:30 03:00 03:30"},
		{"midnight does not exist", "2026-09-05T12:00:00Z", "2026-09-07T12:00:00Z",
			"America/Santiago", 5,
			"12:00(Sat 5 Sep) 01:00(Sun 6 Sep) 12:00 00:00(Mon 7 Sep)"},
		{"a leap day", "2028-02-27T00:00:00Z", "2028-03-02T00:00:00Z", "UTC", 5,
			"Sun 27 Feb Mon 28 Feb Tue 29 Feb Wed 1 Mar Thu 2 Mar"},
		{"a zone of half hours", "2026-11-21T00:00:00Z", "2026-11-21T06:00:00Z", "Asia/Kolkata", 7,
			"06:00(Sat 21 Nov) 07:00 08:00 09:00 10:00 11:00"},
		{"thirty days, from Mondays", "2026-10-23T00:00:00Z", "2026-11-22T00:00:00Z", "Asia/Seoul",
			10,
			"Mon 26 Oct Mon 2 Nov Mon 9 Nov Mon 16 Nov"},
		{
			"a moment", "2026-10-23T00:00:00Z", "2026-10-23T00:00:00Z", "UTC", 10,
			"00:00(Fri 23 Oct)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tickWords(at(c.from), at(c.to), c.zone, c.most); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestTimeTicksProperty checks in every zone and season that ticks ascend, are within the range and
// are not many more than requested.
func TestTimeTicksProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := mustZone(rapid.SampledFrom([]string{
			"UTC", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu",
			"Africa/Cairo",
		}).Draw(t, "zone"))
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), 0)
		to := from.Add(time.Duration(rapid.Int64Range(0, int64(400*day)).Draw(t, "range")))
		most := rapid.IntRange(2, 30).Draw(t, "most")
		ticks := (Options{Zone: zone}).speech().timeTicks(from, to, most)
		for i, k := range ticks {
			if k.at.Before(from) || k.at.After(to) || i > 0 && !ticks[i-1].at.Before(k.at) {
				t.Fatalf("tick %d of %v, want ascending ticks within the range", i, ticks)
			}
		}
		if len(ticks) > most+6 { // a repeated hour and both ends
			t.Fatalf("%d ticks, want about %d", len(ticks), most)
		}
	})
}
