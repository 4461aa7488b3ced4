package lab

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// anyTime draws a time from some decades before and after 1970.
func anyTime(t *rapid.T, name string) int64 {
	return rapid.Int64Range(-20*365*day, 80*365*day).Draw(t, name)
}

func anySignal(t *rapid.T) *signal {
	level := rapid.Float64Range(0.1, 1).Draw(t, "level")
	s := &signal{
		level: level, swing: rapid.Float64Range(0, 1).Draw(t, "swing"),
		jitter: level * rapid.Float64Range(0, .1).Draw(t, "jitter"),
		seed:   rapid.Uint64().Draw(t, "seed"), week: newRhythm(),
	}
	if rapid.Bool().Draw(t, "stretched") {
		from := anyTime(t, "from")
		s.during = []stretch{
			{
				span{from, from + rapid.Int64Range(1, 3*day).Draw(t, "lasts")},
				rapid.Float64Range(.1, 1).Draw(t, "level of the stretch"),
			},
		}
	}
	return s
}

// TestIntegralIsTheSumOfTheSignal compares the closed form of a counter with the sum of its rate
// over every second.
func TestIntegralIsTheSumOfTheSignal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySignal(t)
		from := anyTime(t, "t")
		if len(s.during) > 0 {
			from = s.during[0].from - 100*second // so that a stretch starts in the middle
		}
		const seconds = 600
		sum := 0.0
		for i := range int64(seconds * 4) {
			sum += s.at(from+i*250+125) / 4
		}
		got := s.integral(from+seconds*second, 0) - s.integral(from, 0)
		if math.Abs(got-sum) > 0.002*seconds {
			t.Fatalf("the integral of %d s = %v, want the sum %v", seconds, got, sum)
		}
	})
}

func TestCountersNeverFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySignal(t)
		count := counted(s, 0, func(int64) int64 {
			return ever / 1000
		}, func(_, v float64) float64 { return v })
		at := anyTime(t, "t")
		before := count(at)
		for range 50 {
			at += rapid.Int64Range(1, 10*minute).Draw(t, "step")
			now := count(at)
			if now < before {
				t.Fatalf("fell from %v to %v at %d, want it never to fall", before, now, at)
			}
			before = now
		}
	})
}

func TestNoiseIsBoundedAndSmooth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, at := rapid.Uint64().Draw(t, "seed"), anyTime(t, "t")
		a, b := noise(seed, at), noise(seed, at+second)
		if math.Abs(a) > 1 || math.Abs(a-b) > .02 {
			t.Fatalf("noise = %v, a second later %v; want within 1 and close", a, b)
		}
	})
}

func TestWeekIsQuietAtNightAndAtTheWeekend(t *testing.T) {
	r := newRhythm()
	at := func(when string) float64 { return r.at(parse(t, when)) }
	tuesday, night, sunday := at("2026-11-24T11:00:00+09:00"), at("2026-11-24T03:00:00+09:00"),
		at("2026-11-22T11:00:00+09:00")
	if tuesday < .95 || night > .1 || sunday > .5 {
		t.Errorf("Tuesday 11:00 %v, Tuesday 03:00 %v, Sunday 11:00 %v; want .95 or more, at "+
			"most .1 and .5", tuesday, night, sunday)
	}
}

func TestPath(t *testing.T) {
	p := path{{100, 1}, {200, 3}}
	for at, want := range map[int64]float64{0: 1, 100: 1, 150: 2, 200: 3, 900: 3} {
		if got := p.at(at); got != want {
			t.Errorf("path at %d = %v, want %v", at, got, want)
		}
	}
	if got := path(nil).at(5); got != 0 {
		t.Errorf("no path = %v, want 0", got)
	}
}

func anySpans(t *rapid.T, name string) spans {
	var s spans
	at := int64(0)
	for range rapid.IntRange(0, 4).Draw(t, name) {
		from := at + rapid.Int64Range(1, 20).Draw(t, "gap")
		at = from + rapid.Int64Range(1, 20).Draw(t, "length")
		s = append(s, span{from, at})
	}
	return s
}

func TestSpansAnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anySpans(t, "a"), anySpans(t, "b")
		both := a.and(b)
		for at := range int64(200) {
			if got, want := both.contains(at), a.contains(at) && b.contains(at); got != want {
				t.Fatalf("%v and %v = %v: at %d %v, want %v", a, b, both, at, got, want)
			}
			if got, want := a.without(span{30, 60}).contains(at), a.contains(at) &&
				(at < 30 || at >= 60); got != want {
				t.Fatalf("%v without [30, 60): at %d %v, want %v", a, at, got, want)
			}
			if got, want := a.overlaps(at, at), a.contains(at); got != want {
				t.Fatalf("%v overlaps %d: %v, want %v", a, at, got, want)
			}
		}
	})
}
