package chart

import (
	"bytes"
	"strconv"
	"strings"
)

// put writes a text in a colour.
func (t *terminal) put(in ink, text string) { t.escaped(t.sgr(in, false), text) }

// bold writes a text in a colour and bold.
func (t *terminal) bold(in ink, text string) { t.escaped(t.sgr(in, true), text) }

// escaped writes a text between escape sequences. Blanks at its end have no colour.
func (t *terminal) escaped(sgr, text string) {
	text = t.spelled(text)
	shown := strings.TrimRight(text, " ")
	if sgr == "" || shown == "" {
		t.out.WriteString(text)
		return
	}
	t.out.WriteString("\x1b[" + sgr + "m" + shown + "\x1b[0m" + text[len(shown):])
}

// end ends a line. It has no blanks at its end.
func (t *terminal) end() {
	t.out.Truncate(len(bytes.TrimRight(t.out.Bytes(), " ")))
	t.out.WriteByte('\n')
}

// sgr returns the parameters of the escape sequence for a colour; "" is the terminal's own colour.
func (t *terminal) sgr(in ink, bold bool) string {
	if t.o.Colours == Colourless {
		return ""
	}
	var of []string
	if bold {
		of = append(of, "1")
	}
	switch {
	case in == textInk:
	case t.o.Colours == Colours16:
		of = append(of, ansi16(in))
	default:
		from := &light
		if t.o.Dark {
			from = &dark
		}
		of = append(of, "38;5;"+strconv.Itoa(nearest256(from[in])))
	}
	return strings.Join(of, ";")
}

// ansi16 returns the parameter of an ink on a terminal with 16 colours, whose hues are the user's.
func ansi16(in ink) string {
	switch in {
	case warningInk, warningText:
		return "33"
	case criticalInk, criticalText:
		return "31"
	}
	if in >= firstSeries && in < firstHeat {
		// blue, yellow, green, magenta and cyan; red is for what is critical
		hues := [seriesColours]string{"94", "93", "32", "35", "36", "96", "95", "34"}
		return hues[(in-firstSeries)%seriesColours]
	}
	return "90"
}

// cube are the levels of a channel in the 256 colours: 6 × 6 × 6 of them follow the first 16.
var cube = [6]int{0, 95, 135, 175, 215, 255}

// nearest256 returns the colour of a terminal with 256 that is nearest to c.
func nearest256(c rgb) int {
	r, g, b := c.channels()
	of := [3]int{int(r), int(g), int(b)}
	index, far := 16, 0
	for k, v := range of {
		best := 0
		for i := range cube {
			if abs(cube[i]-v) < abs(cube[best]-v) {
				best = i
			}
		}
		index += best * [3]int{36, 6, 1}[k]
		far += (cube[best] - v) * (cube[best] - v)
	}
	for i := range 24 { // the greys
		away := 0
		for _, v := range of {
			away += (8 + 10*i - v) * (8 + 10*i - v)
		}
		if away < far {
			index, far = 232+i, away
		}
	}
	return index
}

func abs(n int) int { return max(n, -n) }
