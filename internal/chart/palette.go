package chart

import (
	"cmp"
	"slices"
)

// colourTable numbers colours in the order in which they appear and counts their pixels. It is a
// hash table with open addressing.
type colourTable struct {
	slots  [1 << slotBits]tableSlot
	list   []rgb
	counts []int32
	index  []uint8 // result of palette
	order  []int32 // scratch
}

type tableSlot struct {
	colour rgb
	number int32 // one more than the number; 0: free
}

const (
	slotBits    = 17
	mostColours = 60_000
	paletteSize = 256
	// The commonest colours stay exact: paper, grid, solid lines, the cores of letters.
	exactSize = 48
)

func (t *colourTable) reset() {
	clear(t.slots[:])
	t.list, t.counts = t.list[:0], t.counts[:0]
}

// number returns the number of c, or false if the table is full.
func (t *colourTable) number(c rgb) (uint16, bool) {
	at := uint32(c) * 2654435761 >> (32 - slotBits) // Knuth's multiplicative hash
	for t.slots[at].number != 0 {
		if t.slots[at].colour == c {
			return uint16(t.slots[at].number - 1), true
		}
		at = (at + 1) % (1 << slotBits)
	}
	if len(t.list) == mostColours {
		return 0, false
	}
	t.list, t.counts = append(t.list, c), append(t.counts, 0)
	t.slots[at] = tableSlot{c, int32(len(t.list))}
	return uint16(len(t.list) - 1), true
}

// palette returns at most 256 colours and, for each number of the table, the colour that replaces
// it. The commonest stay exact. The others are divided by median cut, the boxes with the greatest
// error first.
func (t *colourTable) palette() ([]rgb, []uint8) {
	t.index = slices.Grow(t.index[:0], len(t.list))[:len(t.list)]
	t.order = t.order[:0]
	for i := range t.list {
		t.order = append(t.order, int32(i))
	}
	slices.SortFunc(t.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a, b))
	})
	exact := len(t.order)
	if exact > paletteSize {
		exact = exactSize
	}
	colours := make([]rgb, 0, paletteSize)
	for i, n := range t.order[:exact] {
		t.index[n] = uint8(i)
		colours = append(colours, t.list[n])
	}
	if exact == len(t.order) {
		return colours, t.index
	}
	boxes := make([]colourBox, 1, paletteSize)
	boxes[0] = t.boxOf(t.order[exact:])
	for len(boxes) < paletteSize-exact {
		worst := 0
		for i := range boxes {
			if boxes[i].error > boxes[worst].error {
				worst = i
			}
		}
		if boxes[worst].error == 0 {
			break
		}
		low, high := t.split(boxes[worst])
		boxes[worst] = low
		boxes = append(boxes, high)
	}
	for _, b := range boxes {
		for _, n := range b.members {
			t.index[n] = uint8(len(colours))
		}
		colours = append(colours, t.average(b))
	}
	return colours, t.index
}

// leastSurface is the number of pixels from which one colour is a surface, and not an edge of a
// line or a letter. The eye compares surfaces, and sees that one of them has a wrong hue.
const leastSurface = 4000

// farOff is how far a surface's colour may be from that of the dashboard, in any channel.
const farOff = 3

// tooMany reports whether a palette has too few colours for the surfaces of the picture.
func (t *colourTable) tooMany(palette []rgb, index []uint8) bool {
	for i, c := range t.list {
		if t.counts[i] < leastSurface {
			continue
		}
		a, b := split3(c), split3(palette[index[i]])
		for k := range a {
			if max(a[k], b[k])-min(a[k], b[k]) > farOff {
				return true
			}
		}
	}
	return false
}

// colourBox is a box in the colour space and the numbers of the colours in it.
type colourBox struct {
	members []int32
	low     [3]uint8
	high    [3]uint8
	error   int64 // the visible error of one colour for all; 0 for a single colour
}

func (t *colourTable) boxOf(members []int32) colourBox {
	b := colourBox{members: members, low: [3]uint8{255, 255, 255}}
	var pixels, longest int64
	for _, n := range members {
		for k, v := range split3(t.list[n]) {
			b.low[k], b.high[k] = min(b.low[k], v), max(b.high[k], v)
		}
		pixels += int64(t.counts[n])
	}
	for k := range b.low {
		longest = max(longest, int64(b.high[k])-int64(b.low[k]))
	}
	b.error = longest * longest * longest * (8 + pixels)
	return b
}

// split divides b in the middle of its longest side.
func (t *colourTable) split(b colourBox) (low, high colourBox) {
	side := 0
	for k := range b.low {
		if b.high[k]-b.low[k] > b.high[side]-b.low[side] {
			side = k
		}
	}
	middle := uint8((int(b.low[side]) + int(b.high[side])) / 2)
	i, j := 0, len(b.members)
	for i < j {
		if split3(t.list[b.members[i]])[side] <= middle {
			i++
		} else {
			j--
			b.members[i], b.members[j] = b.members[j], b.members[i]
		}
	}
	return t.boxOf(b.members[:i]), t.boxOf(b.members[i:])
}

// average returns the mean colour of the pixels in b.
func (t *colourTable) average(b colourBox) rgb {
	var sum [3]int64
	var pixels int64
	for _, n := range b.members {
		for k, v := range split3(t.list[n]) {
			sum[k] += int64(v) * int64(t.counts[n])
		}
		pixels += int64(t.counts[n])
	}
	pixels = max(pixels, 1)
	return rgb(sum[0]/pixels)<<16 | rgb(sum[1]/pixels)<<8 | rgb(sum[2]/pixels)
}

func split3(c rgb) [3]uint8 {
	r, g, b := c.channels()
	return [3]uint8{r, g, b}
}
