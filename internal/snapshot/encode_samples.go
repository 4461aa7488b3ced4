package snapshot

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"slices"
)

// samplesBody is the encoded form of all lists of samples of the panels, in the order of samples.
// Most of a snapshot are samples. As one block they decode many times faster than one by one, and
// bytes of the same place compress better next to each other.
type samplesBody struct {
	Lens  []int  // of the lists, -1 for nil
	Bytes []byte // the lowest bytes of all samples, then the next ones, and so on
}

// samples returns the lists of samples of some panels.
func samples(panels []Panel) iter.Seq[*[]float64] {
	return func(yield func(*[]float64) bool) {
		for i := range panels {
			for _, list := range panels[i].samples() {
				if !yield(list) {
					return
				}
			}
		}
	}
}

// samples returns the lists of samples of a panel.
func (p *Panel) samples() []*[]float64 {
	var out []*[]float64
	for i := range p.Lines {
		out = append(out, &p.Lines[i].Values, &p.Lines[i].Before)
	}
	for i := range p.References {
		out = append(out, &p.References[i].Values)
	}
	for i := range p.Past {
		out = append(out, &p.Past[i].Values)
	}
	if h := p.History; h != nil {
		for _, moved := range [][]Moved{h.Up, h.Down} {
			for i := range moved {
				out = append(out, &moved[i].Week, &moved[i].Before)
			}
		}
	}
	if b := p.Rest; b != nil {
		out = append(out, &b.Min, &b.Max, &b.Sum, &b.P05, &b.P95)
	}
	if k := p.Kept; k != nil {
		for i := range k.Sample {
			out = append(out, &k.Sample[i].Values)
		}
	}
	return out
}

// withoutSamples returns a copy of the panels without their samples, and those.
func withoutSamples(panels []Panel) ([]Panel, samplesBody) {
	bare := slices.Clone(panels)
	for i := range bare {
		p := &bare[i]
		p.Lines, p.References = slices.Clone(p.Lines), slices.Clone(p.References)
		p.Past = slices.Clone(p.Past)
		if p.History != nil {
			h := *p.History
			h.Up, h.Down = slices.Clone(h.Up), slices.Clone(h.Down)
			p.History = &h
		}
		if p.Rest != nil {
			b := *p.Rest
			p.Rest = &b
		}
		if p.Kept != nil {
			k := *p.Kept
			k.Sample = slices.Clone(k.Sample)
			p.Kept = &k
		}
	}
	var out samplesBody
	n := 0
	for list := range samples(bare) {
		n += len(*list)
	}
	out.Bytes = make([]byte, 8*n)
	at := 0
	for list := range samples(bare) {
		length := len(*list)
		if *list == nil {
			length = -1
		}
		out.Lens = append(out.Lens, length)
		for _, v := range *list {
			bits := math.Float64bits(v)
			if math.IsNaN(v) {
				bits = math.Float64bits(math.NaN()) // whatever NaN it was
			}
			for k := range 8 {
				out.Bytes[k*n+at] = byte(bits >> (8 * k))
			}
			at++
		}
		*list = nil
	}
	return bare, out
}

var errSamples = errors.New("its lists of samples do not fit the panels")

// addTo gives the panels their samples.
func (s samplesBody) addTo(panels []Panel) error {
	n, left := len(s.Bytes)/8, 0
	for _, length := range s.Lens {
		if length < -1 || length > n {
			return errSamples
		}
		left += max(length, 0)
	}
	if len(s.Bytes) != 8*n || left != n {
		return errSamples
	}
	var planes [8][]byte
	for k := range planes {
		planes[k] = s.Bytes[k*n : (k+1)*n]
	}
	lens, at := s.Lens, 0
	for list := range samples(panels) {
		if len(lens) == 0 || *list != nil {
			return errSamples
		}
		if length := lens[0]; length >= 0 {
			// each has its own memory, so that one that is kept does not keep the others
			*list = make([]float64, length)
			for i := range *list {
				(*list)[i] = math.Float64frombits(binary.LittleEndian.Uint64([]byte{
					planes[0][at], planes[1][at], planes[2][at], planes[3][at],
					planes[4][at], planes[5][at], planes[6][at], planes[7][at],
				}))
				at++
			}
		}
		lens = lens[1:]
	}
	if len(lens) > 0 {
		return errSamples
	}
	return nil
}
