package promapi

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// samples are the values of one series on the grid, and what is known of the times of all series
// before it. Times are milliseconds since 1970, Prometheus' own measure.
type samples struct {
	start, step int64
	// of all times against the grid, from -step+1 to 0; known once there is a sample
	shift  int64
	count  int // of all series
	values []float64
	last   int // index of the series' newest sample, -1 for none
	heads  heads
}

func newSamples(g series.Grid) samples {
	return samples{
		start: g.Start.UnixMilli(), step: g.Step.Milliseconds(), values: make([]float64, g.Len),
		last: -1,
	}
}

// moved returns g as the server's times have it.
func (p *samples) moved(g series.Grid) series.Grid {
	g.Start = g.Start.Add(time.Duration(p.shift) * time.Millisecond)
	return g
}

func (p *samples) begin() { p.last = -1 }

// end returns the values of the series, NaN where there was no sample.
func (p *samples) end() []float64 {
	p.gap(len(p.values))
	return p.values
}

// gap leaves the steps after the newest sample and before i without one.
func (p *samples) gap(i int) {
	for j := p.last + 1; j < i; j++ {
		p.values[j] = math.NaN()
	}
}

// window is more than the longest sample that quick takes, in bytes.
const window = 128

// read takes [[time, "value"], …]; labels are the series', as far as known, for errors.
func (p *samples) read(s *scanner, labels series.Labels) error {
	return s.array("a list of samples", func() error {
		s.r += p.quick(s.buf[s.r:s.w])
		return p.careful(s, labels)
	})
}

// quick takes samples with their commas off the start of b as long as they are written as
// Prometheus writes most of them: [1700000000.123,"-0.25"], without white space, exponents or
// words, on the grid and in order. It returns how many bytes it took and leaves all else, and what
// is wrong, to careful.
func (p *samples) quick(b []byte) int {
	taken := 0
	for len(b) >= window {
		if n := p.heads.match(b, p.last+1); n > 0 {
			v, size := quickValue(b[n:])
			if n += size; size == 0 || !sampleEnds(b[n:]) {
				break
			}
			p.last++
			p.values[p.last] = v
			p.count++
			b = b[n+3:]
			taken += n + 3
			continue
		}
		seconds, n := digits(b[1:], 0)
		if b[0] != '[' || n == 0 || n > 11 || b[1] == '0' {
			break
		}
		i := 1 + n
		ms := int64(seconds) * 1000
		if b[i] == '.' {
			fraction, n := digits(b[i+1:], 0)
			if n == 0 || n > 3 {
				break
			}
			ms += int64(fraction * pow10[3-n])
			i += 1 + n
		}
		if b[i] != ',' || b[i+1] != '"' {
			break
		}
		i += 2
		v, n := quickValue(b[i:])
		if n == 0 || !sampleEnds(b[i+n:]) || !p.put(ms, v) {
			break
		}
		p.heads.learn(b[:i], p.last)
		i += n
		b = b[i+3:]
		taken += i + 3
	}
	return taken
}

// sampleEnds reports whether b begins with what stands between the value of a sample and the next
// sample.
func sampleEnds(b []byte) bool { return b[0] == '"' && b[1] == ']' && b[2] == ',' }

// heads are how the samples of an answer begin, by their index: [1700000000," and the like. All
// series of an answer have the same times, so that each text is read once and only compared in the
// series that follow.
type heads struct {
	length int    // of all that are known, in bytes; 0: none is known
	mask   uint64 // of the second half's bytes that belong to a text of this length
	texts  [][2]uint64
}

// The bounds of heads: of the length of one in bytes, and of their number, 256 KiB of them.
const (
	maxHead  = 16
	maxHeads = 16 << 10
)

// learn remembers that the sample of index i begins with text.
func (h *heads) learn(text []byte, i int) {
	if len(text) <= maxHead/2 || len(text) > maxHead || i >= maxHeads ||
		h.length != 0 && h.length != len(text) {
		return
	}
	if i >= len(h.texts) {
		h.texts = append(h.texts, make([][2]uint64, i+1-len(h.texts))...)
	}
	h.length, h.mask = len(text), ^uint64(0)>>(64-8*(len(text)-maxHead/2))
	var both [maxHead]byte
	copy(both[:], text)
	h.texts[i] = [2]uint64{
		binary.LittleEndian.Uint64(both[:]), binary.LittleEndian.Uint64(both[maxHead/2:]),
	}
}

// match returns the length of the head of sample i where b begins with it, else 0. b must hold
// maxHead bytes.
func (h *heads) match(b []byte, i int) int {
	if i >= len(h.texts) {
		return 0
	}
	t := &h.texts[i] // of one that is not known the first half is 0, which no text begins with
	if binary.LittleEndian.Uint64(b) != t[0] ||
		binary.LittleEndian.Uint64(b[maxHead/2:])&h.mask != t[1] {
		return 0
	}
	return h.length
}

// quickValue reads a decimal of at most 19 digits from the start of b, a zero before the point not
// counted, and says how long it is, 0 where there is none. Shares of one are often written with 19
// digits behind the point.
func quickValue(b []byte) (float64, int) {
	i := 0
	if b[0] == '-' {
		i = 1
	}
	var m uint64
	n := 0
	if b[i] == '0' && b[i+1] == '.' { // a share of one
		i++
	} else {
		if m, n = digits(b[i:], 0); n == 0 || n > maxDigits {
			return 0, 0
		}
		i += n
		if m == 0 {
			n = 0
		}
	}
	k := 0
	if b[i] == '.' {
		if m, k = digits(b[i+1:], m); k == 0 || n+k > maxDigits {
			return 0, 0
		}
		i += 1 + k
	}
	v := decimal(m, k)
	if b[0] == '-' {
		v = -v
	}
	return v, i
}

// careful takes one sample, however it is written, and says what is wrong with it.
func (p *samples) careful(s *scanner, labels series.Labels) error {
	if err := s.expect('[', "a sample"); err != nil {
		return err
	}
	text, err := s.number("a sample's time")
	if err != nil {
		return err
	}
	ms, err := milliseconds(text)
	if err != nil {
		return s.wrong("%v", err)
	}
	if err := s.expect(',', "',' and a sample's value"); err != nil {
		return err
	}
	value, err := s.string("a sample's value in quotes", maxNumber)
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return s.wrong("%q is not a sample's value", value)
	}
	if !p.put(ms, v) {
		return s.wrong("series %s: %s", labels.String(), p.misfit(ms))
	}
	return s.expect(']', "']' after a sample")
}

// put places the value v of the time ms; false where the grid or the order has no place for it.
func (p *samples) put(ms int64, v float64) bool {
	from := ms - p.start
	if p.count == 0 {
		// Some servers move the times of a range query down to multiples of its step; the first
		// sample of all shows by how much.
		if p.shift = from % p.step; p.shift > 0 {
			p.shift -= p.step
		}
	}
	i := p.last + 1
	if from -= p.shift; from != int64(i)*p.step {
		if from < 0 || from%p.step != 0 || from/p.step >= int64(len(p.values)) ||
			from/p.step < int64(i) {
			return false
		}
		i = int(from / p.step)
		p.gap(i)
	}
	if i >= len(p.values) {
		return false
	}
	p.values[i] = v
	p.last = i
	p.count++
	return true
}

// misfit says why put refused the time ms.
func (p *samples) misfit(ms int64) string {
	t := time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
	from := ms - p.start - p.shift
	switch {
	case from%p.step != 0:
		return fmt.Sprintf("the sample at %s is not on a step of %v from %s",
			t, time.Duration(p.step)*time.Millisecond, p.at(0))
	case from < 0 || from/p.step >= int64(len(p.values)):
		return fmt.Sprintf("the sample at %s is outside the queried range, %s to %s", t, p.at(0),
			p.at(len(p.values)-1))
	}
	return fmt.Sprintf("the sample at %s does not come after the one at %s", t, p.at(p.last))
}

func (p *samples) at(i int) string {
	return time.UnixMilli(p.start + p.shift + int64(i)*p.step).UTC().Format(time.RFC3339Nano)
}

// maxTime is a bound on times, in seconds, below which a float64 of seconds still tells
// milliseconds apart. It is the year 33658.
const maxTime = 1e12

// milliseconds reads a time in seconds, a JSON number: 1700000000, 1700000000.123 or 1.7e9.
func milliseconds(text []byte) (int64, error) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(f) > maxTime {
		return 0, fmt.Errorf("%q is not a time in seconds", text)
	}
	return int64(math.Round(f * 1000)), nil
}
