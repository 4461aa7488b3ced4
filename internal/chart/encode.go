package chart

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/zlib"
)

// encoder writes bitmaps as PNG files with a palette, because charts have few colours and one byte
// a pixel deflates to a half of what three bytes do. A picture with too many surfaces for a
// palette, such as a dashboard with gradients, gets three bytes. The memory is reused for the next
// picture.
type encoder struct {
	colours  colourTable
	keep     rgb    // the bits of a colour that are kept
	last     rgb    // the colour of the newest run
	runs     []run  // the picture, row by row
	rows     []byte // some rows as PNG filters them: a byte 0 before each row of pixels
	deflated bytes.Buffer
	deflate  *zlib.Writer
}

// The bits of a colour that are kept: all of them, or those of 32,768 colours for a picture with
// more colours than the table has numbers.
const (
	allBits  rgb = 0xFFFFFF
	someBits rgb = 0xF8F8F8
)

// begin starts a picture whose colours are reduced to the bits of keep.
func (e *encoder) begin(keep rgb) {
	e.keep, e.last = keep, 1<<24 // no pixel's colour
	e.colours.reset()
	e.runs = e.runs[:0]
}

// deflateLevel is the last level that is worth its time: the next one makes files 2 % smaller and
// takes a tenth longer in total.
const deflateLevel = 5

// finish writes the picture whose rows were added. It fails only if w does.
func (e *encoder) finish(w io.Writer, width, height int) error {
	palette, index := e.colours.palette()
	layout := rowLayout{width: width, size: 1}
	table := make([]byte, 0, 3*len(palette))
	for _, c := range palette {
		r, g, b := c.channels()
		table = append(table, r, g, b)
	}
	kind := byte(3) // a palette
	if e.colours.tooMany(palette, index) {
		kind, table, layout.size = 2, nil, 3 // red, green and blue
		for _, c := range e.colours.list {
			r, g, b := c.channels()
			layout.pixels = append(layout.pixels, r, g, b)
		}
	} else {
		layout.pixels = index
	}
	if err := e.compress(layout); err != nil {
		return fmt.Errorf("compress the picture: %w", err)
	}
	header := make([]byte, 0, 13)
	header = binary.BigEndian.AppendUint32(header, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	header = append(header, 8, kind, 0, 0, 0) // eight bits, no interlacing
	if _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		data []byte
	}{{"IHDR", header}, {"PLTE", table}, {"IDAT", e.deflated.Bytes()}, {"IEND", nil}} {
		if c.name == "PLTE" && c.data == nil {
			continue
		}
		if err := writeChunk(w, c.name, c.data); err != nil {
			return err
		}
	}
	return nil
}

// compress deflates the runs as rows of pixels, a few rows at a time.
func (e *encoder) compress(l rowLayout) error {
	e.deflated.Reset()
	if e.deflate == nil {
		zw, err := zlib.NewWriterLevel(&e.deflated, deflateLevel)
		if err != nil {
			return err
		}
		e.deflate = zw
	} else {
		e.deflate.Reset(&e.deflated)
	}
	size := l.stride() * max(rowsBytes/l.stride(), 1)
	e.rows = slices.Grow(e.rows[:0], size)[:size]
	for runs := e.runs; len(runs) > 0; {
		var laid int
		laid, runs = l.lay(e.rows, runs)
		if _, err := e.deflate.Write(e.rows[:laid]); err != nil {
			return err
		}
	}
	return e.deflate.Close()
}

// rowsBytes is about the number of bytes of rows before they are deflated, few enough for a
// processor's cache.
const rowsBytes = 32 << 10

// run is a sequence of pixels of one colour in a row.
type run struct {
	number uint16 // of the colour in the table
	length uint16
}

// add divides the rows of b into runs. It returns false if the picture has too many colours and
// must begin again with fewer bits.
func (e *encoder) add(b *bitmap) bool {
	last, n := e.last, uint16(0)
	if len(e.runs) > 0 {
		n = e.runs[len(e.runs)-1].number
	}
	for y := b.top; y < b.bottom; y++ {
		for row := b.row(y, 0, b.width); len(row) > 0; {
			pixel, length := row[0], 1
			for _, p := range row[1:min(len(row), math.MaxUint16)] {
				if p != pixel {
					break
				}
				length++
			}
			row = row[length:]
			if c := pixel & e.keep; c != last {
				var ok bool
				if n, ok = e.colours.number(c); !ok {
					return false
				}
				last = c
			}
			e.colours.counts[n] += int32(length)
			e.runs = append(e.runs, run{n, uint16(length)})
		}
	}
	e.last = last
	return true
}

// rowLayout says what a row of a file holds: for each pixel, size bytes of its colour's pixels.
type rowLayout struct {
	width, size int
	pixels      []byte // by the number of the colour
}

func (l rowLayout) stride() int { return l.width*l.size + 1 }

// lay writes runs as rows, as many as fit. It returns the number of bytes and the remaining runs.
func (l rowLayout) lay(rows []byte, runs []run) (int, []run) {
	clear(rows) // index 0 is the commonest colour, the paper
	at := 0
	for k, r := range runs {
		if at%l.stride() == 0 {
			if at == len(rows) {
				return at, runs[k:]
			}
			at++ // the row's filter: none
		}
		laid := rows[at : at+int(r.length)*l.size]
		at += len(laid)
		if l.size == 1 {
			if i := l.pixels[r.number]; i != 0 {
				for j := range laid {
					laid[j] = i
				}
			}
			continue
		}
		for n := copy(laid, l.pixels[int(r.number)*l.size:][:l.size]); n < len(laid); n *= 2 {
			copy(laid[n:], laid[:n])
		}
	}
	return at, nil
}

func writeChunk(w io.Writer, name string, data []byte) error {
	head := binary.BigEndian.AppendUint32(make([]byte, 0, 8), uint32(len(data)))
	head = append(head, name...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, data)
	for _, part := range [][]byte{head, data, binary.BigEndian.AppendUint32(nil, sum)} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
