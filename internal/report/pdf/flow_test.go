package pdf

import (
	"testing"

	"pgregory.net/rapid"
)

// TestPaginate checks that blocks keep their order, that they are within a page unless one alone is
// higher, that a heading is on the page of what it is about, and that a table goes on with its
// head.
func TestPaginate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const room = 100
		head := &block{height: 10}
		blocks := make([]*block, rapid.IntRange(1, 40).Draw(t, "blocks"))
		for i := range blocks {
			blocks[i] = &block{
				height: float64(rapid.IntRange(1, 60).Draw(t, "height")),
				before: float64(rapid.IntRange(0, 20).Draw(t, "before")),
				with:   rapid.Bool().Draw(t, "with"),
			}
			if rapid.IntRange(0, 3).Draw(t, "table") == 0 {
				blocks[i].head = head
			}
		}
		blocks[len(blocks)-1].with = false
		next := 0
		for n, page := range paginate(blocks, room) {
			end := 0.0
			for i, b := range page {
				if b.block == head {
					if i > 0 {
						t.Fatalf("page %d: got the head of a table at %d, want it at the top", n, i)
					}
					end = b.y + b.height
					continue
				}
				if b.block != blocks[next] {
					t.Fatalf("page %d: got another block than %d, want the order kept", n, next)
				}
				if next++; b.y < end {
					t.Fatalf("page %d: got block %d at %v, want it below %v", n, next-1, b.y, end)
				}
				end = b.y + b.height
			}
			last := page[len(page)-1]
			if over := end > room && len(page) > 2; over {
				t.Fatalf("page %d: got an end at %v, want at most %v", n, end, room)
			}
			if next < len(blocks) && last.with && chain(blocks[next-1:], room) < room-20 &&
				blocks[next-1].head == nil {
				t.Fatalf("page %d: got a heading at the end, want it on the next page", n)
			}
		}
		if next != len(blocks) {
			t.Fatalf("got %d blocks, want %d", next, len(blocks))
		}
	})
}
