package chart

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/words"
	"github.com/promsnap/promsnap/testdata/race"
)

// emptyBoard is a dashboard with rows, a tab and panels without data.
func emptyBoard() *board.Board {
	b := &board.Board{
		Title: "Node / Overview", From: slotTime.Add(-day), To: slotTime,
		Rows: []board.Row{
			{Title: "CPU and memory"}, {Title: "Storage", Collapsed: true}, {Title: "Empty"},
			{Title: "Network", Tab: "Network"},
		},
		Variables: []grafana.VariableVerdict{
			{Name: "datasource", Type: "datasource", Status: "resolved", Values: []string{"p"}},
			{
				Name: "job", Label: "Job", Type: "query", Status: "resolved",
				Values: []string{"node"}, Count: 1,
			},
			{
				Name: "mount", Type: "query", Status: "resolved", Values: []string{".*"}, Count: 1,
				All: true,
			},
			{
				Name: "has_it", Type: "query", Status: "resolved", Values: []string{"1"}, Count: 1,
				Hidden: true,
			},
			{
				Name: "node", Type: "query", Status: "resolved",
				Values: strings.Fields("a b c d e f g"), Count: 30,
			},
			{Name: "odd", Type: "query", Status: "pending", Values: []string{}},
		},
	}
	add := func(row int, kind board.Kind, title string, at grafana.Grid) {
		b.Panels = append(b.Panels, board.Panel{
			View: board.View{Kind: kind, Title: title, Empty: true}, Row: row, Place: at,
		})
	}
	for i := range 4 {
		add(-1, board.TilesKind, fmt.Sprint("Figure ", i), grafana.Grid{X: 6 * i, W: 6, H: 3})
	}
	add(0, board.GraphKind, "CPU", grafana.Grid{W: 12, H: 6})
	add(0, board.GraphKind, "Memory", grafana.Grid{X: 12, W: 12, H: 6})
	b.Panels[5].Failures = []board.Failure{{Ref: "A", Reason: "the server rejects the query", Sent: true}}
	for i := range 12 {
		add(1, board.GraphKind, "Disk", grafana.Grid{Y: 8 * i, W: 24, H: 8})
	}
	add(3, board.TableKind, "", grafana.Grid{W: 24, H: 4})
	return b
}

func TestGoldenBoard(t *testing.T) {
	race.SkipSerial(t)
	for name, o := range map[string]BoardOptions{
		"board": {Zone: seoul()}, "board-dark": {Zone: seoul(), Dark: true},
		"board-phone":  {Zone: seoul(), Phone: true, Scale: 2},
		"board-korean": {Zone: seoul(), Phone: true, Language: words.Korean},
	} {
		got, err := BoardPNG(emptyBoard(), o)
		if err != nil {
			t.Fatal(err)
		}
		comparePicture(t, filepath.Join("testdata", name+".png"), got)
	}
}

func TestBoardOfNil(t *testing.T) {
	if _, err := BoardPNG(nil, BoardOptions{}); err == nil {
		t.Error("BoardPNG(nil): got no error, want one")
	}
}

func TestSameBoardSameBytes(t *testing.T) {
	for _, o := range []BoardOptions{{}, {Scale: 2, Dark: true}, {Phone: true}} {
		first, err := BoardPNG(emptyBoard(), o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := BoardPNG(emptyBoard(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Errorf("%+v: got other bytes the second time, want the same", o)
		}
	}
}

// randomBoard is a dashboard from a bad file.
func randomBoard(r *rand.Rand) *board.Board {
	b := &board.Board{
		Title: strings.Repeat("title \u202e\x00 ", r.IntN(200)), To: slotTime,
		From: slotTime.Add(time.Duration(r.IntN(100)-20) * time.Hour),
	}
	for range r.IntN(12) {
		b.Rows = append(b.Rows, board.Row{
			Title: strings.Repeat("row ", r.IntN(300)), Collapsed: r.IntN(3) == 0,
			Tab: []string{"", "one", strings.Repeat("two ", 300)}[r.IntN(3)],
		})
	}
	for range []int{0, 1, 30, 1000}[r.IntN(4)] {
		b.Panels = append(b.Panels, board.Panel{
			View: board.View{
				Kind: []board.Kind{"", board.GraphKind, board.TilesKind}[r.IntN(3)], Empty: true,
				Title: "panel",
			},
			Row: r.IntN(len(b.Rows)+2) - 1,
			Place: grafana.Grid{
				X: r.IntN(30) - 3, Y: r.IntN(100) - 9, W: r.IntN(30) - 3, H: r.IntN(30) - 3,
			},
		})
	}
	if r.IntN(9) == 0 && len(b.Panels) > 0 {
		b.Panels[0].Place.H = 1e9
	}
	return b
}

// The cards of any dashboard are within the picture and not on each other, and its height is
// limited.
func TestBoardOfAnyFile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		b := randomBoard(r)
		phone, most := i%2 == 1, mostHeight
		o := Options{}.bounded()
		o.Width = boardWidth
		if phone {
			o.Width, most = phonePageWidth, mostPhone
		}
		p := composeBoard(b, o, phone)
		if p.height < 1 || p.height > most {
			t.Errorf("board %d: got height %d, want 1 to %d", i, p.height, most)
		}
		all, ok := p.around[1].(cards)
		if !ok {
			t.Fatalf("board %d: got %T, want cards", i, p.around[1])
		}
		for j, c := range all {
			if c.left < 0 || c.top < 0 || c.right > float64(p.width) ||
				c.bottom > float64(p.height) {
				t.Errorf("board %d: got card %v, want it within %d × %d", i, c, p.width, p.height)
			}
			for _, d := range all[:j] {
				if c.overlaps(d) {
					t.Fatalf("board %d: got cards %v and %v, want no overlap", i, c, d)
				}
			}
		}
		for _, l := range p.labels {
			if l.box.left < 0 || l.box.right > float64(p.width)+0.5 ||
				l.box.bottom > float64(p.height) {
				t.Errorf("board %d: got %q at %v, want it within %d × %d", i, l.text, l.box,
					p.width, p.height)
			}
		}
	}
}

// Every panel is drawn, counted in the bar of a closed row, or counted in the last line.
func TestBoardCountsItsPanels(t *testing.T) {
	b := emptyBoard()
	texts := func() string {
		o := Options{}.bounded()
		o.Width = boardWidth
		var all []string
		for _, l := range composeBoard(b, o, false).labels {
			all = append(all, l.text)
		}
		return strings.Join(all, "\n")
	}
	got := texts()
	for _, want := range []string{"CPU", "Storage", "12 panels", "Network", "a, b, c, d, e +25"} {
		if !strings.Contains(got, want) {
			t.Errorf("a board that fits: got no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Disk") || strings.Contains(got, "more") {
		t.Errorf("a board that fits: got\n%s\nwant no panel of the closed row and no last line",
			got)
	}
	heading := "CPU and memory"
	if b.Rows[0].Bare = true; strings.Contains(texts(), heading) {
		t.Errorf("a row without a heading: got %q, want it left out", heading)
	}
	b.Title = ""
	b.Verdicts = []grafana.Verdict{{Status: grafana.LeftOut}, {Status: grafana.Imported}}
	got = texts()
	for _, want := range []string{"Dashboard", "1 of 2 panels are left out"} {
		if !strings.Contains(got, want) {
			t.Errorf("a panel that is left out: got no %q in\n%s", want, got)
		}
	}
	for range 3 {
		b.Panels = append(b.Panels, board.Panel{Row: 0, Place: grafana.Grid{W: 24, H: 70}})
	}
	if got, want := texts(), "15 more panels are on the page only."; !strings.Contains(got, want) {
		t.Errorf("a board that does not fit: got no %q in\n%s", want, got)
	}
}
