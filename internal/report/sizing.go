package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/sizing"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// mostSized is how many requests a report says are too high, and how many too low.
const mostSized = 10

// Sizing is what a report says about requests and use.
type Sizing struct {
	Advice *sizing.Advice

	Sums     []string // what the advice comes to: of CPU, and of memory
	Basis    string   // how that was found
	Withheld string   // about what there is no advice, and why; "" if there is about everything

	line string // the sums without money, in one line; "" if there is no advice

	// requests that are too high, and too low: the largest first, by price or by cores and
	// gigabytes that cost about the same
	Less, More         []Sized
	LessLeft, MoreLeft int // how many are left out
}

// Sized is a request that does not fit the use.
type Sized struct {
	sizing.Item
	Name     string // "shop/checkout/app"
	Resource string
	Request  string // "2 (limit 4)", in quantities of Kubernetes
	Advised  string
	Used     string // "0.31 cores"
	Pods     string
	InAll    string // of all pods: "−12.6 cores", or that only the limit is too low
	Month    string // what that costs in a month; "" if no price is known
	Killed   string // of memory: that it was OOM-killed; "" if it was not
}

// SizingOf says what advice about requests means, with at most so many requests that are too high,
// and as many that are too low.
func SizingOf(a *sizing.Advice, l words.Language, most int) *Sizing {
	w := wordingIn(l)
	s := &Sizing{
		Advice: a, Basis: w.basis(a), Withheld: w.withheld(a),
		Sums: w.sums(a),
	}
	less, more := a.Items(false), a.Items(true)
	if len(less)+len(more) > 0 {
		free := *a
		free.Cost = sizing.Cost{}
		s.line = strings.Join(w.sums(&free), " · ")
	}
	s.LessLeft, s.MoreLeft = max(0, len(less)-most), max(0, len(more)-most)
	for _, i := range less[:len(less)-s.LessLeft] {
		s.Less = append(s.Less, w.sized(a, i))
	}
	for _, i := range more[:len(more)-s.MoreLeft] {
		s.More = append(s.More, w.sized(a, i))
	}
	return s
}

// ByResource returns requests of CPU, then those of memory, without those that are empty. It keeps
// their order.
func ByResource(all []Sized) [][]Sized {
	var cpu, memory []Sized
	for _, s := range all {
		if s.Which == sizing.Memory {
			memory = append(memory, s)
		} else {
			cpu = append(cpu, s)
		}
	}
	return slices.DeleteFunc([][]Sized{cpu, memory}, func(of []Sized) bool { return len(of) == 0 })
}

// Line returns the sums in one line, without money; "" if there is no advice.
func (s *Sizing) Line() string { return s.line }

// LessYAML returns patches with the requests that are too high, to paste; "" without any.
func (s *Sizing) LessYAML(l words.Language) string { return sizingYAML(s.Less, wordingIn(l)) }

// MoreYAML returns patches with the requests that are too low, to paste; "" without any.
func (s *Sizing) MoreYAML(l words.Language) string { return sizingYAML(s.More, wordingIn(l)) }

// YAML returns patches with all listed requests. Without any, it returns a comment.
func (s *Sizing) YAML(l words.Language) string {
	if len(s.Less)+len(s.More) == 0 {
		return "# " + strings.Join(s.Sums, "\n# ") + "\n"
	}
	return sizingYAML(append(s.Less[:len(s.Less):len(s.Less)], s.More...), wordingIn(l))
}

// resource returns the word for a resource.
func (w wording) resource(which sizing.Which) string {
	if which == sizing.Memory {
		return w.Sizing.Memory
	}
	return w.Sizing.CPU
}

// amountOf returns an amount of a resource.
func (w wording) amountOf(which sizing.Which, v float64) string {
	if which == sizing.Memory {
		return w.Figure(units.Bytes.Format(v))
	}
	return w.Figure(units.Cores.Format(v))
}

// money returns an amount of money, "" without a price.
func money(v float64) string {
	switch {
	case !(v > 0) || v > 1e12:
		return ""
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	}
	return words.Thousands(int(math.Round(v)))
}

// sums returns what the advice comes to, of CPU and of memory.
func (w wording) sums(a *sizing.Advice) []string {
	return []string{
		w.sum(a, sizing.CPU, w.Sizing.CPU), w.sum(a, sizing.Memory, w.Sizing.Memory),
	}
}

// sum returns what the advice about a resource comes to.
func (w wording) sum(a *sizing.Advice, which sizing.Which, resource string) string {
	var parts []string
	for _, more := range []bool{false, true} {
		s := a.Sum(which, more)
		if s.Workloads == 0 {
			continue
		}
		format := w.Sizing.Over
		if more {
			format = w.Sizing.Under
		}
		part := fmt.Sprintf(format, w.Sizing.Request.Of(s.Workloads), w.amountOf(which, s.Amount))
		if m := money(s.Monthly); m != "" {
			part = fmt.Sprintf(w.Sizing.Costing, part, fmt.Sprintf(w.Sizing.AMonth, m))
		}
		parts = append(parts, part)
	}
	if n := a.Limits(which); n > 0 {
		parts = append(parts, w.Sizing.LimitLow.Of(n))
	}
	switch {
	case len(parts) > 0:
	case a.AllFit(which):
		parts = []string{w.Sizing.Fit}
	default:
		parts = []string{w.Sizing.NoAdvice}
	}
	return fmt.Sprintf(w.NamedFinding, resource, strings.Join(parts, "; "))
}

func (w wording) basis(a *sizing.Advice) string {
	step := a.Step
	if step == 0 {
		step = 5 * time.Minute
	}
	window := w.duration(a.Window)
	const day = 24 * time.Hour
	if known := a.History.Round(day); known >= day && known <= a.Window-day {
		window = fmt.Sprintf(w.Sizing.Asked, w.duration(known), window)
	}
	return fmt.Sprintf(w.Sizing.Basis, window, w.duration(step),
		w.Figure(units.PercentUnit.Format(a.Headroom)))
}

// withheld returns a sentence for each resource about which some containers have no advice.
func (w wording) withheld(a *sizing.Advice) string {
	said := map[sizing.Reason]words.Counted{
		sizing.Short: w.Sizing.Short, sizing.ShortCut: w.Sizing.ShortCut,
		sizing.NoPeak: w.Sizing.NoPeak, sizing.OOMKilled: w.Sizing.OOMKilled,
		sizing.Restarted: w.Sizing.Restarted, sizing.NoRequest: w.Sizing.Unrequired,
		sizing.Autoscaled: w.Sizing.Autoscaled,
	}
	var sentences []string
	for _, which := range []sizing.Which{sizing.CPU, sizing.Memory} {
		var parts []string
		for _, r := range sizing.Reasons() {
			if n := a.Withheld(which, r); n > 0 && r != sizing.Fits {
				parts = append(parts, said[r].Of(n))
			}
		}
		if len(parts) > 0 {
			sentences = append(sentences,
				fmt.Sprintf(w.Sizing.Withheld, w.resource(which), strings.Join(parts, ", ")))
		}
	}
	return strings.Join(sentences, " ")
}

// sized returns one item as text.
func (w wording) sized(a *sizing.Advice, i sizing.Item) Sized {
	x := i.Of(i.Which)
	names := []string{i.Namespace, i.Workload, i.Container}
	if i.Cluster != "" {
		names = append([]string{i.Cluster}, names...)
	}
	s := Sized{
		Item: i, Name: printable(strings.Join(names, "/")), Resource: w.resource(i.Which),
		Request: sizing.Quantity(i.Which, x.Request), Advised: sizing.Quantity(i.Which, x.Advised),
		Used: w.amountOf(i.Which, x.Used), Pods: words.Thousands(int(i.Pods)),
		InAll: w.amountOf(i.Which, i.Change),
		Month: money(a.Cost.Monthly(i.Which, math.Abs(i.Change))),
	}
	switch {
	case i.Change > 0:
		s.InAll = "+" + s.InAll
	case i.Change == 0:
		s.InAll = w.Sizing.OnlyLimit
	}
	if math.IsNaN(x.Used) {
		s.Used = ""
	}
	if !math.IsNaN(x.Limit) {
		s.Request = w.limited(s.Request, sizing.Quantity(i.Which, x.Limit))
	}
	if !math.IsNaN(x.AdvisedLimit) {
		s.Advised = w.limited(s.Advised, sizing.Quantity(i.Which, x.AdvisedLimit))
	}
	if i.Killed && i.Which == sizing.Memory {
		s.Killed = w.Sizing.WasKilled
	}
	return s
}

// limited adds a limit to a request.
func (w wording) limited(request, limit string) string {
	return fmt.Sprintf("%s (%s)", request, fmt.Sprintf(w.Sizing.LimitOf, limit))
}

// NotesIn returns notes as sentences.
func NotesIn(l words.Language, notes []snapshot.Note) []string {
	var out []string
	for _, n := range wordingIn(l).notes(notes) {
		out = append(out, printable(n))
	}
	return out
}
