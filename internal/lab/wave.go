package lab

import "math"

// Times in this package are Unix milliseconds, as in Prometheus' own storage.
const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
)

// mix is SplitMix64's finaliser, which turns any number into one that looks random. All randomness
// in the lab is mix of the seed and the subject, so that a sample can be computed without those
// before it. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hash folds names into a seed (FNV-1a, then mixed), with a separator, so that "ab","c" differs
// from "a","bc".
func hash(seed uint64, names ...string) uint64 {
	h := seed ^ 0xcbf29ce484222325
	for _, s := range names {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * 0x100000001b3
		}
		h = (h ^ 0xff) * 0x100000001b3
	}
	return mix(h)
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// between returns a number in [low, high) that depends on a hash.
func between(h uint64, low, high float64) float64 { return low + (high-low)*unit(h) }

// floorDiv divides and rounds down, so that a lattice is continuous at 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// octaves are the periods and weights of the noise: slow drift, people, and batch jobs and garbage
// collectors. The weights sum to 1.
var octaves = [...]struct {
	period float64 // ms
	weight float64
}{
	{float64(3*hour + 11*minute), 0.5}, {float64(37 * minute), 0.3}, {
		float64(4*minute + 10*second), 0.2,
	},
}

// noise is smooth noise in (-1, 1) with mean zero. Each octave interpolates with smoothstep between
// the differences of neighbouring random numbers. The sum of differences telescopes, so
// noiseIntegral, and with it a counter, can be computed at any time without a sum from the start.
func noise(seed uint64, t int64) float64 {
	sum := 0.0
	for i, o := range octaves {
		x := float64(t) / o.period
		k := math.Floor(x)
		x -= k
		a, b, c := lattice(seed, i, int64(k))
		sum += o.weight * ((b - a) + (c-2*b+a)*x*x*(3-2*x))
	}
	return sum
}

// noiseIntegral is the integral of noise, in seconds, up to a constant.
func noiseIntegral(seed uint64, t int64) float64 {
	sum := 0.0
	for i, o := range octaves {
		x := float64(t) / o.period
		k := math.Floor(x)
		x -= k
		a, b, c := lattice(seed, i, int64(k))
		sum += o.weight * o.period / 1000 * ((a+b)/2 + (b-a)*x + (c-2*b+a)*x*x*x*(1-x/2))
	}
	return sum
}

// lattice returns the three random numbers of cell k of an octave.
func lattice(seed uint64, octave int, k int64) (a, b, c float64) {
	s := seed + uint64(octave)<<56 + uint64(k)
	return unit(mix(s - 1)), unit(mix(s)), unit(mix(s + 1))
}

// rhythm is the shape of a week: a level in [0, 1] for each hour, and its running sum for counters.
type rhythm struct {
	level [168]float64
	sum   [169]float64 // sum[h]: the integral over the hours before h, in hours
}

// newRhythm returns a week of office hours in Seoul: a peak in the morning, one after lunch, a
// small one in the evening, and a weekend at a third of that.
func newRhythm() *rhythm {
	weekday := [24]float64{
		.12, .08, .05, .04, .04, .06, .12, .25, .48, .78, .95, 1, .82, .86, .98, .97, .92, .85, .68,
		.55, .50, .44, .32, .20,
	}
	r := &rhythm{}
	for h := range r.level {
		// The Unix epoch was a Thursday, 09:00 in Seoul.
		local := h + 9
		r.level[h] = weekday[local%24]
		if d := local / 24 % 7; d == 2 || d == 3 {
			r.level[h] *= 0.35
		}
	}
	for h := range r.level {
		r.sum[h+1] = r.sum[h] + (r.level[h]+r.level[(h+1)%168])/2
	}
	return r
}

func (r *rhythm) at(t int64) float64 {
	h, x := r.hour(t)
	a, b := r.level[h], r.level[(h+1)%168]
	return a + (b-a)*x*x*(3-2*x)
}

// integral returns the integral of the rhythm since the epoch, in seconds.
func (r *rhythm) integral(t int64) float64 {
	h, x := r.hour(t)
	a, b := r.level[h], r.level[(h+1)%168]
	weeks := floorDiv(t, 168*hour)
	return 3600 * (float64(weeks)*r.sum[168] + r.sum[h] + a*x + (b-a)*x*x*x*(1-x/2))
}

// hour returns the hour of the week and the position of t in it, from 0 to 1.
func (r *rhythm) hour(t int64) (int, float64) {
	k := floorDiv(t, hour)
	return int(((k % 168) + 168) % 168), float64(t-k*hour) / float64(hour)
}

// signal is a quantity that changes with time: a level, the week's rhythm, noise, and stretches
// with another level. Read it with at as a gauge, or with integral as the rate of a counter. A
// signal for a counter has jitter <= level, so that the counter never falls.
type signal struct {
	level, swing, jitter float64
	seed                 uint64
	week                 *rhythm
	during               []stretch
}

// stretch is a time in which a signal has another level.
type stretch struct {
	span
	level float64
}

func (s *signal) at(t int64) float64 {
	v := s.level
	if s.swing != 0 {
		v += s.swing * s.week.at(t)
	}
	for _, d := range s.during {
		if d.contains(t) {
			v = d.level
		}
	}
	if s.jitter != 0 {
		v += s.jitter * noise(s.seed, t)
	}
	return v
}

// plainAt returns the signal without its noise.
func (s *signal) plainAt(t int64) float64 {
	x := *s
	x.jitter = 0
	return x.at(t)
}

// integral returns the integral of the signal in seconds, up to a constant, with the noise delayed
// by lag.
func (s *signal) integral(t, lag int64) float64 {
	v := s.plain(t)
	for _, d := range s.during {
		if end := min(t, d.to); end > d.from {
			v += d.level*float64(end-d.from)/1000 - (s.plain(end) - s.plain(d.from))
		}
	}
	if s.jitter != 0 {
		v += s.jitter * noiseIntegral(s.seed, t-lag)
	}
	return v
}

// plain returns the integral without noise and stretches.
func (s *signal) plain(t int64) float64 {
	v := s.level * float64(t) / 1000
	if s.swing != 0 {
		v += s.swing * s.week.integral(t)
	}
	return v
}

// path is a line through points in time. It is level before the first and after the last.
type path []point

type point struct {
	t int64
	v float64
}

func (p path) at(t int64) float64 {
	for i, b := range p {
		if t >= b.t {
			continue
		}
		if i == 0 {
			return b.v
		}
		a := p[i-1]
		return a.v + (b.v-a.v)*float64(t-a.t)/float64(b.t-a.t)
	}
	if len(p) == 0 {
		return 0
	}
	return p[len(p)-1].v
}

// The ends of time: half of the range, so that the difference of two times does not overflow.
const (
	ever    int64 = math.MinInt64 / 2
	forever int64 = math.MaxInt64 / 2
)

// span is a time range. It includes from and excludes to.
type span struct{ from, to int64 }

func (s span) contains(t int64) bool { return s.from <= t && t < s.to }

// spans are ordered time ranges that do not touch.
type spans []span

func always() spans           { return spans{{ever, forever}} }
func since(t int64) spans     { return spans{{t, forever}} }
func until(t int64) spans     { return spans{{ever, t}} }
func (s spans) endless() bool { return len(s) == 1 && s[0] == span{ever, forever} }
func (s spans) first() int64  { return s[0].from }
func (s spans) ends() bool    { return s[len(s)-1].to != forever }
func (s spans) contains(t int64) bool {
	for _, x := range s {
		if x.contains(t) {
			return true
		}
	}
	return false
}

// overlaps reports whether any of the ranges meets [from, to], both inclusive.
func (s spans) overlaps(from, to int64) bool {
	for _, x := range s {
		if x.from <= to && from < x.to {
			return true
		}
	}
	return false
}

// without returns s with a hole cut out.
func (s spans) without(hole span) spans {
	return s.and(spans{{ever, hole.from}, {hole.to, forever}})
}

// and returns the intersection of both.
func (s spans) and(o spans) spans {
	switch {
	case s.endless():
		return o
	case o.endless():
		return s
	}
	var both spans
	for _, a := range s {
		for _, b := range o {
			if from, to := max(a.from, b.from), min(a.to, b.to); from < to {
				both = append(both, span{from, to})
			}
		}
	}
	return both
}
