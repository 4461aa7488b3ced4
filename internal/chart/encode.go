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

// encoder writes bitmaps as PNG files with a palette: charts have few colours, and a byte for each pixel deflates to a third of what
// three bytes do. It keeps its memory for the next picture.
type encoder struct {
	colours  colourTable
	runs     []run  // the picture, row by row
	rows     []byte // the picture as PNG filters it: a byte 0 before each row of palette indexes
	deflated bytes.Buffer
	deflate  *zlib.Writer
}

// deflateLevel is where files stop to shrink for the time it takes: the next one makes them 2 % shorter in a tenth more of the whole.
const deflateLevel = 5

// encode writes b. It fails only where w does.
func (e *encoder) encode(w io.Writer, b *bitmap) error {
	if !e.findRuns(b, 0xFFFFFF) {
		e.findRuns(b, 0xF8F8F8) // 32,768 colours at most: those fit
	}
	palette, index := e.colours.palette()
	e.layRows(b.width, b.height, index)
	if err := e.compress(); err != nil {
		return fmt.Errorf("compress the picture: %w", err)
	}

	header := make([]byte, 0, 13)
	header = binary.BigEndian.AppendUint32(header, uint32(b.width))
	header = binary.BigEndian.AppendUint32(header, uint32(b.height))
	header = append(header, 8, 3, 0, 0, 0) // eight bits, a palette, no interlacing
	table := make([]byte, 0, 3*len(palette))
	for _, c := range palette {
		r, g, b := c.channels()
		table = append(table, r, g, b)
	}
	if _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); err != nil {
		return err
	}
	for _, c := range []struct {
		name string
		data []byte
	}{{"IHDR", header}, {"PLTE", table}, {"IDAT", e.deflated.Bytes()}, {"IEND", nil}} {
		if err := writeChunk(w, c.name, c.data); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) compress() error {
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
	if _, err := e.deflate.Write(e.rows); err != nil {
		return err
	}
	return e.deflate.Close()
}

// run is neighbours of one colour in a row.
type run struct {
	number uint16 // of the colour in the table
	length uint16
}

// findRuns divides the rows of b into runs, its colours reduced to the bits of keep. It returns false where there are more colours than
// numbers for them.
func (e *encoder) findRuns(b *bitmap, keep rgb) bool {
	e.colours.reset()
	e.runs = e.runs[:0]
	last, n := rgb(1<<24), uint16(0) // no pixel's colour
	for y := range b.height {
		row := b.pix[y*b.width : (y+1)*b.width]
		for x := 0; x < len(row); {
			pixel, from := row[x], x
			for x++; x < len(row) && row[x] == pixel && x-from < math.MaxUint16; x++ {
			}
			if c := pixel & keep; c != last {
				var ok bool
				if n, ok = e.colours.number(c); !ok {
					return false
				}
				last = c
			}
			e.colours.counts[n] += int32(x - from)
			e.runs = append(e.runs, run{n, uint16(x - from)})
		}
	}
	return true
}

// layRows writes the runs as rows of palette indexes.
func (e *encoder) layRows(width, height int, index []uint8) {
	size := (width + 1) * height
	e.rows = slices.Grow(e.rows[:0], size)[:size]
	clear(e.rows) // index 0 is the commonest colour: the paper
	at := 0
	for _, r := range e.runs {
		if at%(width+1) == 0 {
			at++ // the row's filter: none
		}
		if i := index[r.number]; i != 0 {
			for j := range e.rows[at : at+int(r.length)] {
				e.rows[at+j] = i
			}
		}
		at += int(r.length)
	}
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
