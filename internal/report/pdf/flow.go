package pdf

import "slices"

// block is a part of the document that is never divided between two pages.
type block struct {
	height float64
	before float64 // the space above it, except at the top of a page
	draw   func(p *paper, y float64)
	with   bool   // it must be on the page of the next block, as a heading must
	head   *block // of its table; it comes again where a page begins with the block
	mark   string // its entry in the outline; "": it has none
	level  int    // of the entry, 0 or 1
}

// placed is a block at its height on a page.
type placed struct {
	*block
	y float64
}

// paginate divides blocks into pages with room for room points each. A block that is higher than a
// page has one of its own.
func paginate(blocks []*block, room float64) [][]placed {
	var pages [][]placed
	var page []placed
	y := 0.0
	for i, b := range blocks {
		above := b.before
		if len(page) > 0 && y+above+chain(blocks[i:], room) > room {
			pages, page, y = append(pages, page), nil, 0
		}
		if len(page) == 0 {
			above = 0
			if b.head != nil {
				page = append(page, placed{b.head, 0})
				y = b.head.height
			}
		}
		page = append(page, placed{b, y + above})
		y += above + b.height
	}
	return append(pages, page)
}

// chain returns the height of the first block with those that must be on its page, at most that of
// a page.
func chain(blocks []*block, room float64) float64 {
	height := 0.0
	for i, b := range blocks {
		if i > 0 {
			height += b.before
		}
		if height += b.height; !b.with {
			break
		}
	}
	return min(height, max(room, blocks[0].height))
}

// cut keeps the first pages, if there are more than most. It returns how many are left out.
func cut(pages [][]placed, most int) ([][]placed, int) {
	left := max(len(pages)-most, 0)
	return slices.Clip(pages[:len(pages)-left]), left
}
