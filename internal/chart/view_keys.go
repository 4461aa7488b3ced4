package chart

// Distances of what is around the plot of a panel of a dashboard, in logical pixels.
const (
	viewTimes     = 18.0 // height of the line of times
	viewTickGap   = 6.0  // between the names of the rows and the plot
	viewLeastPlot = 40.0 // the least height of a plot that has something below it
	viewLeast     = 10.0 // the least width and height of a plot
	viewNames     = 0.3  // share of the width that the names of rows may take
	viewKeyPitch  = 17.0 // between two lines of keys
	viewKeyShare  = 0.35 // of the height that they may take
	viewKeySide   = 10.0
	viewKeyIndent = viewKeySide + 6
	betweenViews  = 16.0 // between two keys of a line
)

var (
	viewTickStyle = style{11, regular, mutedInk}
	viewKeyStyle  = style{11.5, regular, textInk}
)

// key is an entry of a legend: a square and words.
type key struct {
	words string
	fill  paint
}

// addKeys lays out a legend in lines at the bottom of b. It returns what is left of b. Of more keys
// than fit, it says how many there are.
func (p *picture) addKeys(keys []key, b box) box {
	most := int(min(b.height()*viewKeyShare, b.height()-viewLeastPlot-viewTimes) / viewKeyPitch)
	if most < 1 || len(keys) == 0 {
		return b
	}
	type placed struct {
		key
		x    float64
		line int
	}
	var all []placed
	x, line := 0.0, 0
	for i, k := range keys {
		k.words = p.elide(oneLine(k.words), viewKeyStyle, b.width()-viewKeyIndent)
		right := x + viewKeyIndent + p.textWidth(k.words, viewKeyStyle)
		if x > 0 && right > b.width() {
			x, right, line = 0, right-x, line+1
		}
		rest := 0.0 // the words that the last line must have room for
		if line == most-1 && i+1 < len(keys) {
			rest = betweenViews + p.textWidth(p.say.AndMore.Of(len(keys)-i-1), viewKeyStyle)
		}
		if line == most || x > 0 && right+rest > b.width() {
			break
		}
		all = append(all, placed{k, x, line})
		x = right + betweenViews
	}
	line = all[len(all)-1].line
	top := b.bottom - float64(line+1)*viewKeyPitch
	for i, k := range all {
		x, y := b.left+k.x, top+float64(float64(k.line)*viewKeyPitch)+13
		p.around = append(p.around, block{
			box{x, y - 9, x + viewKeySide, y - 9 + viewKeySide}, k.fill,
		})
		x = p.write(k.words, viewKeyStyle, x+viewKeyIndent, y, left).right + betweenViews
		if more := len(keys) - len(all); more > 0 && i+1 == len(all) {
			st := style{viewKeyStyle.size, regular, mutedInk}
			p.write(p.elide(p.say.AndMore.Of(more), st, b.right-x), st, x, y, left)
		}
	}
	b.bottom = top - 4
	return b
}
