package promapi

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// samples holds the values of one series on the grid, and the times of all series so far. Times are
// milliseconds since 1970, as in Prometheus.
type samples struct {
	start, step int64
	// the shift of all times against the grid, from -step+1 to 0; set by the first sample
	shift  int64
	count  int // the samples of all series
	values []float64
	last   int // the index of the series' newest sample; -1 if there is none
	heads  heads
}

func newSamples(g series.Grid) samples {
	return samples{
		start: g.Start.UnixMilli(), step: g.Step.Milliseconds(), values: make([]float64, g.Len),
		last: -1,
	}
}

// moved returns g shifted to the times of the server.
func (p *samples) moved(g series.Grid) series.Grid {
	g.Start = g.Start.Add(time.Duration(p.shift) * time.Millisecond)
	return g
}

func (p *samples) begin() { p.last = -1 }

// end returns the values of the series. A step without a sample is a gap, see series.IsGap.
func (p *samples) end() []float64 {
	p.gap(len(p.values))
	return p.values
}

// gap sets the steps after the newest sample and before i to NaN.
func (p *samples) gap(i int) {
	for j := p.last + 1; j < i; j++ {
		p.values[j] = math.NaN()
	}
}

// window is longer than any sample that quick reads, in bytes.
const window = 128

// read reads [[time, "value"], …]. labels are the known labels of the series, for errors.
func (p *samples) read(s *scanner, labels series.Labels) error {
	return s.array("a list of samples", func() error {
		s.r += p.quick(s.buf[s.r:s.w])
		return p.careful(s, labels)
	})
}

// quick reads samples and their commas from the start of b, as long as they have the usual form:
// [1700000000.123,"-0.25"], without white space, exponents or words, on the grid and in order. It
// returns the number of bytes that it read. It leaves everything else, including errors, to
// careful.
func (p *samples) quick(b []byte) int {
	read := 0
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
			read += n + 3
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
		read += i + 3
	}
	return read
}

// sampleEnds reports whether b begins with what separates the value of a sample from the next
// sample.
func sampleEnds(b []byte) bool { return b[0] == '"' && b[1] == ']' && b[2] == ',' }

// heads holds the beginnings of samples, such as [1700000000," by their index. All series of an
// answer have the same times, so each beginning is parsed once and then only compared.
type heads struct {
	length int    // of every text, in bytes; 0 if there is none
	mask   uint64 // the bytes of the second half that belong to a text of this length
	texts  [][2]uint64
}

// The limits of heads: the length of one in bytes, and their number, which is 256 KiB in all.
const (
	maxHead  = 16
	maxHeads = 16 << 10
)

// learn records that the sample with index i begins with text.
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

// match returns the length of the head of sample i if b begins with it, and 0 otherwise. b must
// have at least maxHead bytes.
func (h *heads) match(b []byte, i int) int {
	if i >= len(h.texts) {
		return 0
	}
	t := &h.texts[i] // the first half of an unknown text is 0, which never matches
	if binary.LittleEndian.Uint64(b) != t[0] ||
		binary.LittleEndian.Uint64(b[maxHead/2:])&h.mask != t[1] {
		return 0
	}
	return h.length
}

// quickValue reads a decimal of at most 19 digits from the start of b. A zero before the point does
// not count, because values below 1 often have 19 digits after it. quickValue also returns the
// length of the decimal, or 0 if there is none.
func quickValue(b []byte) (float64, int) {
	i := 0
	if b[0] == '-' {
		i = 1
	}
	var m uint64
	n := 0
	if b[i] == '0' && b[i+1] == '.' { // below 1
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

// careful reads one sample in any valid form, and returns an error that says what is wrong.
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
	if math.IsNaN(v) {
		v = series.NotANumber()
	}
	if !p.put(ms, v) {
		return s.wrong("series %s: %s", labels.String(), p.misfit(ms))
	}
	return s.expect(']', "']' after a sample")
}

// put stores the value v at the time ms. It returns false if the time is not on the grid or not in
// order.
func (p *samples) put(ms int64, v float64) bool {
	from := ms - p.start
	if p.count == 0 {
		// Some servers round the times of a range query down to multiples of its step. The first
		// sample shows by how much.
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

// misfit returns why put refused the time ms.
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

// maxTime is the latest time, in seconds: the year 33658. Up to it a float64 of seconds still
// distinguishes milliseconds.
const maxTime = 1e12

// milliseconds parses a time in seconds, a JSON number: 1700000000, 1700000000.123 or 1.7e9.
func milliseconds(text []byte) (int64, error) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(f) > maxTime {
		return 0, fmt.Errorf("%q is not a time in seconds", text)
	}
	return int64(math.Round(f * 1000)), nil
}
