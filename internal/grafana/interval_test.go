package grafana

import (
	"testing"
	"time"
)

func TestRoundInterval(t *testing.T) {
	const (
		ms = time.Millisecond
		s  = time.Second
		m  = time.Minute
		h  = time.Hour
	)
	for _, tt := range []struct{ below, to time.Duration }{
		{10 * ms, ms}, {15 * ms, 10 * ms}, {35 * ms, 20 * ms}, {75 * ms, 50 * ms},
		{150 * ms, 100 * ms},
		{350 * ms, 200 * ms}, {750 * ms, 500 * ms}, {1500 * ms, s}, {3500 * ms, 2 * s},
		{7500 * ms, 5 * s},
		{12500 * ms, 10 * s}, {17500 * ms, 15 * s}, {25 * s, 20 * s}, {45 * s, 30 * s}, {90 * s, m},
		{210 * s, 2 * m}, {450 * s, 5 * m}, {750 * s, 10 * m}, {1050 * s, 15 * m}, {25 * m, 20 * m},
		{45 * m, 30 * m}, {90 * m, h}, {150 * m, 2 * h}, {270 * m, 3 * h}, {9 * h, 6 * h},
		{24 * h, 12 * h},
		{7 * 24 * h, 24 * h}, {21 * 24 * h, 7 * 24 * h}, {42 * 24 * h, 30 * 24 * h},
	} {
		if got := RoundInterval(tt.below - 1); got != tt.to {
			t.Errorf("just below %s: got %s, want %s", tt.below, got, tt.to)
		}
		if got := RoundInterval(tt.below); got <= tt.to {
			t.Errorf("at %s: got %s, want more than %s", tt.below, got, tt.to)
		}
	}
	if got, want := RoundInterval(42*24*h), 365*24*h; got != want {
		t.Errorf("42 days: got %s, want %s", got, want)
	}
}

func TestStepping(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name           string
		rng            time.Duration
		points         int
		low            time.Duration // the panel's interval, else the datasource's
		min            string
		factor         int
		scrape         time.Duration
		step, rate     time.Duration
		interval, text string // $__interval and $__rate_interval
	}{
		{
			name: "24 h at 1000 px", rng: day, points: 1000, step: time.Minute,
			rate: 75 * time.Second, interval: "1m", text: "1m15s",
		},
		{
			name: "a panel without a width", rng: day, step: 2 * time.Minute,
			rate: 135 * time.Second, interval: "2m", text: "2m15s",
		},
		{
			name: "a short range takes the scrape interval", rng: time.Hour, points: 1000,
			step: 15 * time.Second, rate: time.Minute, interval: "15s", text: "1m",
		},
		{name: "another scrape interval", rng: time.Hour, points: 1000, scrape: 30 * time.Second, low: 30 * time.Second,
			step: 30 * time.Second, rate: 2 * time.Minute, interval: "30s", text: "2m"},
		{
			name: "min step of the target", rng: time.Hour, points: 1000, min: "1m",
			step: time.Minute, rate: 4 * time.Minute, interval: "1m", text: "4m",
		},
		{
			name: "min step in digits is seconds", rng: time.Hour, points: 1000, min: "90",
			step: 90 * time.Second, rate: 6 * time.Minute, interval: "1m", text: "6m",
		},
		{
			name: "a wide range beats the min step", rng: 7 * day, points: 500, min: "1m",
			step: 20 * time.Minute, rate: 21 * time.Minute, interval: "20m", text: "21m",
		},
		{
			name: "min step below the interval", rng: day, points: 1000, min: "5s",
			step: time.Minute, rate: 65 * time.Second, interval: "1m", text: "1m5s",
		},
		{
			name: "intervalFactor", rng: day, points: 1000, factor: 2, step: 2 * time.Minute,
			rate: 75 * time.Second, interval: "2m", text: "1m15s",
		},
		{name: "min step of $__rate_interval is the step, without the factor", rng: day, points: 1000, min: "$__rate_interval", factor: 3,
			step: 75 * time.Second, rate: 75 * time.Second, interval: "1m", text: "1m15s"},
		{
			name: "also in braces", rng: day, points: 1000, min: "${__rate_interval}",
			step: 75 * time.Second, rate: 75 * time.Second, interval: "1m", text: "1m15s",
		},
		{
			name: "min step of $__interval", rng: day, points: 1000, min: "$__interval",
			step: time.Minute, rate: 4 * time.Minute, interval: "1m", text: "4m",
		},
		{
			name: "never above 11,000 points", rng: 365 * day, points: 100_000, min: "1s",
			step: time.Hour, rate: 5*time.Minute + time.Second, interval: "1h", text: "5m1s",
		},
		{
			name: "a panel's interval", rng: time.Hour, points: 1000, low: 5 * time.Minute,
			step: 5 * time.Minute, rate: 5*time.Minute + 15*time.Second, interval: "5m",
			text: "5m15s",
		},
		{
			name: "a min step that is none", rng: day, points: 1000, min: "soon", step: time.Minute,
			rate: 75 * time.Second, interval: "1m", text: "1m15s",
		},
		{
			name: "0s is none", rng: day, points: 1000, min: "0s", step: time.Minute,
			rate: 75 * time.Second, interval: "1m", text: "1m15s",
		},
	} {
		low := tt.low
		if low == 0 {
			low = DefaultScrape
		}
		got := Stepping{
			Range: tt.rng, Points: tt.points, Interval: Interval(tt.rng, tt.points, low),
			MinStep: tt.min, Factor: tt.factor, Scrape: tt.scrape,
		}.Time()
		if got.Step != tt.step || got.RateInterval != tt.rate {
			t.Errorf("%s: got step %s and rate interval %s, want %s and %s", tt.name, got.Step,
				got.RateInterval, tt.step, tt.rate)
		}
		interval, _ := got.variable("__interval")
		text, _ := got.variable("__rate_interval")
		if interval != tt.interval || text != tt.text {
			t.Errorf("%s: got %q and %q, want %q and %q", tt.name, interval, text, tt.interval,
				tt.text)
		}
	}
}

func TestTimeVariables(t *testing.T) {
	timing := Timing{Step: 90 * time.Second, RateInterval: 105 * time.Second, Range: 6 * time.Hour}
	for name, want := range map[string]string{
		"__interval": "1m", "__interval_ms": "90000", "__rate_interval": "1m45s",
		"__rate_interval_ms": "105000",
		"__range":            "21600s", "__range_s": "21600", "__range_ms": "21600000",
		"__other": "",
	} {
		if got, _ := timing.variable(name); got != want {
			t.Errorf("$%s: got %q, want %q", name, got, want)
		}
	}
}

func TestParseInterval(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15": 15 * time.Second, "15s": 15 * time.Second, "1m": time.Minute,
		"500ms": 500 * time.Millisecond, "2h": 2 * time.Hour,
		"1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour, "1M": 30 * 24 * time.Hour,
		"1y":    365 * 24 * time.Hour,
		"1h30m": 90 * time.Minute, ">10s": 10 * time.Second, " 5m ": 5 * time.Minute,
		"0.5s": 500 * time.Millisecond,
		"":     -1, "$x": -1, "-5m": -1, "5 parsecs": -1, "99999999y": -1,
	} {
		got, ok := ParseInterval(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: got %s, %t; want %s", text, got, ok, want)
		}
	}
}

func TestFormatInterval(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Second: "1m", 15 * time.Second: "15s", 26 * time.Hour: "1d",
		500 * time.Millisecond: "500ms",
		0:                      "1ms", 400 * 24 * time.Hour: "1y", 3 * time.Hour: "3h",
		1500 * time.Millisecond: "1s",
	} {
		if got := FormatInterval(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestRangeOfADashboard(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     time.Duration
	}{
		{"now-6h", "now", 6 * time.Hour}, {"now-7d", "now", 7 * 24 * time.Hour},
		{"now/d", "now/d", 0},
		{"now-1d/d", "now", 0}, {"now-6h", "now-1h", 0}, {"2020-01-01T00:00:00Z", "now", 0},
		{"", "", 0},
		{"now-0h", "now", 0},
	} {
		got, ok := (&Dashboard{From: tt.from, To: tt.to}).Range()
		if got != tt.want && ok || ok != (tt.want > 0) {
			t.Errorf("%s to %s: got %s, %t; want %s", tt.from, tt.to, got, ok, tt.want)
		}
	}
}
