package snapshot

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
)

// Version is the version of the encoding. Every change to the encoded data raises it: a field of
// Snapshot or of a type it contains, or the number of a constant of Data, Trend, rules.Direction or
// rules.NoDataPolicy. TestShape checks the fields.
const Version = 1

// Snapshot is the data of one report at one slot. The report is built and its alerts are evaluated
// from it, except for the parts of the configuration that set the report's looks. It is plain data.
type Snapshot struct {
	Cluster    string
	Report     string        // the report's name in the configuration
	Slot       time.Time     // the time that the run was for
	Range      time.Duration // of panels without their own
	End        time.Time     // the newest time of the queries
	Scrape     time.Duration // the scrape interval that was assumed
	Server     string        // such as "Prometheus 3.15.0"
	ServerURL  string        // without secrets
	Incomplete Note          // why the run was cut short; zero: it was not
	Notes      []Note        // about the whole run
	Nodes      Nodes
	Panels     []Panel
}

// MostUnpacked is the usual bound of Decode. 23 panels of 5,000 series each are 47 MB unpacked and
// take about as much memory.
const MostUnpacked = 256 << 20

// mostWindow bounds the window of zstd, which keeps that much unpacked data.
const mostWindow = 32 << 20

// magic starts the encoding, before its version, and identifies the format.
const magic = "promsnap snapshot"

// head comes before the snapshot so that its version can be read whatever follows.
type head struct {
	Format  string
	Version int
}

// body is the encoded form of a Snapshot.
type body struct {
	Cluster, Report   string
	Slot, End         time.Time
	Range, Scrape     time.Duration
	Server, ServerURL string
	Incomplete        Note
	Notes             []Note
	Nodes             nodesBody
	Panels            []Panel // without their samples
	Samples           samplesBody
}

// encMode returns a CBOR mode that encodes the same value as the same bytes. A time keeps its
// nanoseconds and its offset. It is not a variable so that programs that never encode do not link
// it.
func encMode() (cbor.EncMode, error) {
	return cbor.EncOptions{
		Sort: cbor.SortBytewiseLexical, ShortestFloat: cbor.ShortestFloat16,
		NaNConvert: cbor.NaNConvert7e00, InfConvert: cbor.InfConvertFloat16,
		Time: cbor.TimeRFC3339Nano, TextMarshaler: cbor.TextMarshalerTextString,
		IndefLength: cbor.IndefLengthForbidden,
	}.EncMode()
}

// decMode returns a CBOR mode that only accepts what encMode produces.
func decMode() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxNestedLevels: mostNested,
		MaxArrayElements: 1 << 24, MaxMapPairs: 1 << 20,
		UTF8: cbor.UTF8DecodeInvalid, TextUnmarshaler: cbor.TextUnmarshalerTextString,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
}

// Encode writes the snapshot as CBOR compressed with zstd: a head with the version, then the
// snapshot. The same snapshot always gives the same bytes.
func (s *Snapshot) Encode(w io.Writer) error {
	mode, err := encMode()
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	raw, err := mode.Marshal(head{magic, Version})
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	rest, err := mode.Marshal(s.body())
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return fmt.Errorf("encoding the snapshot: %w", err)
	}
	defer zw.Close()
	// all at once, so that a reader knows how much memory it needs
	if _, err := w.Write(zw.EncodeAll(append(raw, rest...), nil)); err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	return nil
}

func (s *Snapshot) body() body {
	panels, samples := withoutSamples(s.Panels)
	return body{
		s.Cluster, s.Report, s.Slot, s.End, s.Range, s.Scrape, s.Server, s.ServerURL, s.Incomplete,
		s.Notes, bodyOf(s.Nodes), panels, samples,
	}
}

// NewerError means that a newer promsnap wrote the snapshot.
type NewerError struct{ Version int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the snapshot has version %d, and this promsnap reads up to version %d: "+
		"update promsnap", e.Version, Version)
}

// Decode reads a snapshot that Encode wrote. Any other input is an error. The data has at most so
// many bytes unpacked, and takes at most four times as much memory.
func Decode(r io.Reader, most int) (*Snapshot, error) {
	raw, err := unpack(r, most)
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	mode, err := decMode()
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	var h head
	rest, err := mode.UnmarshalFirst(raw[:min(len(raw), mostHead)], &h)
	switch {
	case err != nil, h.Format != magic, h.Version < 1:
		return nil, errors.New("reading the snapshot: this is not a promsnap snapshot")
	case h.Version > Version:
		return nil, &NewerError{h.Version}
	}
	s, err := decode(mode, raw[min(len(raw), mostHead)-len(rest):], 4*most)
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: it is damaged: %w", err)
	}
	return s, nil
}

// decode reads a body that takes at most so many bytes of memory.
func decode(mode cbor.DecMode, raw []byte, most int) (*Snapshot, error) {
	var b body
	if err := checkSize(raw, reflect.TypeFor[body](), most); err != nil {
		return nil, err
	}
	if err := mode.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	s := &Snapshot{
		Cluster: b.Cluster, Report: b.Report, Slot: b.Slot, Range: b.Range, End: b.End,
		Scrape: b.Scrape, Server: b.Server, ServerURL: b.ServerURL,
		Incomplete: b.Incomplete, Notes: b.Notes, Nodes: b.Nodes.nodes(), Panels: b.Panels,
	}
	if err := b.Samples.addTo(s.Panels); err != nil {
		return nil, err
	}
	for i := range s.Panels {
		if err := s.Panels[i].check(); err != nil {
			return nil, fmt.Errorf("panel %q: %w", s.Panels[i].Spec.Name, err)
		}
	}
	return s, nil
}

// mostHead is the number of unpacked bytes in which the head must end.
const mostHead = 256

// unpack decompresses r to at most so many bytes.
func unpack(r io.Reader, most int) ([]byte, error) {
	file, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, err
	}
	zr, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(uint64(most)),
		zstd.WithDecoderMaxWindow(uint64(min(most, mostWindow))))
	if err != nil {
		return nil, err
	}
	defer zr.Close()
	out, err := zr.DecodeAll(file, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), len(out) > most:
		return nil, fmt.Errorf("it is larger than %d MiB unpacked", most>>20)
	case err != nil:
		return nil, fmt.Errorf("it is truncated or not a snapshot: %w", err)
	}
	return out, nil
}

// check returns an error if samples are not on the panel's grid or lists that belong together
// differ in length.
func (p *Panel) check() error {
	n := p.Grid.Len
	if err := checkGrid(p.Grid); err != nil {
		return err
	}
	off := func(values []float64) bool { return len(values) != n }
	for i := range p.Lines {
		if off(p.Lines[i].Values) {
			return fmt.Errorf("the line %d has %d samples, the grid %d", i, len(p.Lines[i].Values),
				n)
		}
		if before := p.Lines[i].Before; before != nil && off(before) {
			return fmt.Errorf("the line %d has %d samples of before, the grid %d", i, len(before), n)
		}
	}
	for i := range p.References {
		if off(p.References[i].Values) {
			return fmt.Errorf("the reference %d has %d samples, the grid %d",
				i, len(p.References[i].Values), n)
		}
	}
	for i := range p.Past {
		of := &p.Past[i]
		if n := of.Grid.Len; n < 0 || n > panel.MaxPoints+1 || n > 0 && of.Grid.Step <= 0 ||
			len(of.Values) != n {
			return fmt.Errorf("the past %d has %d samples, its grid %d of %s", i, len(of.Values), n,
				of.Grid.Step)
		}
	}
	if p.History != nil {
		if err := p.History.check(); err != nil {
			return fmt.Errorf("the history: %w", err)
		}
	}
	if b := p.Rest; b != nil && (off(b.Min) || off(b.Max) || off(b.Sum) || off(b.P05) ||
		off(b.P95) || len(b.Count) != n) {
		return fmt.Errorf("the rest is not on the grid of %d steps", n)
	}
	if k := p.Kept; k != nil {
		if k.Legends != nil && len(k.Legends) != len(p.Rows) {
			return fmt.Errorf("%d legends of %d rows", len(k.Legends), len(p.Rows))
		}
		for i := range k.Sample {
			if off(k.Sample[i].Values) {
				return fmt.Errorf("the sampled series %d has %d samples, the grid %d", i,
					len(k.Sample[i].Values), n)
			}
		}
	}
	return nil
}

// checkGrid returns an error if a grid has no step or too many.
func checkGrid(g series.Grid) error {
	if n := g.Len; n < 0 || n > panel.MaxPoints+1 || n > 0 && g.Step <= 0 {
		return fmt.Errorf("a grid of %d steps of %s", n, g.Step)
	}
	return nil
}
