package chart

import (
	"math"
	"testing"
)

// A picture has the same colour between zero and a value, whether the value is above or below.
func TestAreaBelowZero(t *testing.T) {
	r := newRaster(&picture{width: 20, height: 20}, 1, &light)
	defer r.release()
	above, below := []point{{0, 5}, {20, 5}}, []point{{0, 15}, {20, 15}}
	zero := []point{{0, 10}, {20, 10}}
	r.Area(above, zero, paint{textInk, 100})
	r.Area(below, zero, paint{textInk, 100})
	r.bitmap.reset(20, 0, 20, 0xFFFFFF)
	r.display.paint(&r.bitmap, &r.stroker)
	want := mix(0xFFFFFF, light.of(textInk), 100)
	for y := range 20 {
		got, want := r.bitmap.row(y, 10, 11)[0], want
		if y < 5 || y >= 15 {
			want = 0xFFFFFF
		}
		if got != want {
			t.Errorf("row %d: got %06x, want %06x", y, got, want)
		}
	}
}

// What is painted row by row is what the share of each pixel is.
func TestBetween(t *testing.T) {
	const c, alpha, ground = rgb(0x204080), 90, rgb(0xF0F0F0)
	nan := float32(math.NaN())
	for _, edges := range [][2][]float32{
		{{2, 2, 2}, {7, 7, 7}},
		{{2.25, 3, 9.5}, {7.5, 3, 4}},
		{{nan, 3.5, -4}, {7, 3.75, 40}},
		{{-4, -4, -4}, {40, 40, 40}},
		{{2.5, nan, 1}, {2.5, 5, 1.001}},
	} {
		for top := range 4 { // the bitmap is a band of the picture
			b := &bitmap{}
			b.reset(5, top, 8, ground)
			b.between(1, edges[0], edges[1], c, alpha)
			for y := top; y < 8; y++ {
				for x := range 5 {
					want := ground
					if at := x - 1; at >= 0 && at < 3 {
						fy := float32(y)
						cover := min(edges[1][at], fy+1) - max(edges[0][at], fy)
						if cover > 0 {
							want = mix(ground, c, uint32(float32(cover*alpha)+0.5))
						}
					}
					if got := b.row(y, x, x+1)[0]; got != want {
						t.Errorf("%v from row %d: pixel %d %d: got %06x, want %06x", edges, top, x,
							y, got, want)
					}
				}
			}
		}
	}
}
