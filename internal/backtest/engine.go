package backtest

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

const (
	// mostKept is the most samples beyond the levels that are kept for the replay: 8 bytes each,
	// and 20 if it is alone.
	mostKept = 3 << 20
	// mostStretches is the most stretches of samples, over all series: 12 bytes each.
	mostStretches = 3 << 20
	// A level that alerts more often than interesting times as often as is wanted is of no
	// interest, unless it is configured or was asked for.
	interesting = 20
	// fewAlerts are always of interest.
	fewAlerts = 500
)

// engine keeps what the replay needs of a history that it gets in chunks. The result does not
// depend on the chunks.
type engine struct {
	plan   *plan
	levels []float64 // those with the most alerts first
	bands  []band    // by the number of levels that a sample in it is beyond
	pinned []bool    // by level: it is configured or was asked for
	fors   []time.Duration
	held   time.Time // the beginning of the newest third
	most   int       // alerts in one pass, of a level that is of interest

	identity func(ls series.Labels, nodeAdded bool) series.Labels
	nodes    snapshot.Nodes
	present  rules.Objects

	tracks map[uint64]*track
	hot    []*track // those that were beyond a level, in the order of their labels after finish
	// the objects of hot, by the hash of their identity
	keys   map[uint64]int32
	counts [][]count // by For, by level
	fixed  []count   // by For: of the series with limits of their own
	low    int       // the first level whose samples are kept
	kept   int
	// fresh is how many samples may be missing at the end of a window before its newest one is
	// stale. A hole of so many between samples that are within every level changes nothing.
	fresh     int32
	stretches int    // of all tracks
	seen      []bool // by index: a series has a sample
	unseen    int    // samples of the chunk that no series has yet
	exists    []bool // by index: a metric that the query needs exists; nil: it need not
	partial   []bool // by index: the answer was incomplete
}

func newEngine(p *plan, r *snapshot.Reader, levels []float64, pinned []float64) *engine {
	e := &engine{
		plan: p, levels: levels, bands: bandsOf(p.rule.Direction, levels...), fors: p.fors,
		held:     p.heldOut(),
		identity: alerts.Identities(r.Panel(), p.o.Query.Nodes), nodes: p.o.Query.Nodes,
		present: p.o.Query.Nodes.Objects(), tracks: map[uint64]*track{},
		keys: map[uint64]int32{}, fixed: make([]count, len(p.fors)),
		seen: make([]bool, p.grid.Len), partial: make([]bool, p.grid.Len),
		fresh: int32(rules.StaleAfter(p.step) / p.step),
	}
	weeks := float64(p.grid.Range()) / float64(Week)
	e.most = max(int(interesting*p.pages*weeks), fewAlerts)
	for range p.fors {
		e.counts = append(e.counts, make([]count, len(levels)))
	}
	for _, l := range levels {
		e.pinned = append(e.pinned, slices.Contains(pinned, l))
	}
	if p.spec.EmptyIsOK {
		e.exists = make([]bool, p.grid.Len)
	}
	return e
}

// add reads the samples of a series in a chunk that begins at an index. Samples that were read
// before are skipped, so a chunk that failed may come again.
func (e *engine) add(s *snapshot.Judgeable, base int) {
	hash := s.Labels.Hash()
	t := e.tracks[hash]
	if t == nil {
		t = &track{key: -1, last: -1, next: int32(base)}
		t.object = e.identity(s.Labels, s.NodeAdded).Hash()
		if rule, overridden := s.Rule(); overridden {
			rule.Within = e.plan.rule.Within
			t.own = &rule
		}
		e.tracks[hash] = t
	}
	skip := int(t.next) - base
	if skip >= len(s.Values) {
		return
	}
	bands := e.bands
	if t.own != nil {
		bands = bandsOf(e.plan.rule.Direction, t.own.Nearest())
	}
	e.read(t, s, base+max(skip, 0), s.Values[max(skip, 0):], bands)
	t.next = int32(base + len(s.Values))
}

// read reads samples that begin at an index, a run of samples in one band at a time.
func (e *engine) read(t *track, s *snapshot.Judgeable, base int, values []float64, bands []band) {
	for i := 0; i < len(values); {
		if math.IsNaN(values[i]) {
			i++
			continue
		}
		rank := rankOf(values[i], bands, t.rank, e.plan.rule.Direction)
		run := values[i : i+bands[rank].run(values[i:])]
		at, hole := int32(base+i), int32(0)
		if rank == 0 && t.rank == 0 {
			hole = e.fresh
		}
		e.has(t, int(at), len(run), hole)
		if rank > 0 {
			e.heat(t, s)
		}
		if rank != t.rank || rank > 0 && at-t.last-1 > longestHole {
			e.follow(t, at, rank)
		}
		t.rank, t.last = rank, at+int32(len(run))-1
		if rank > 0 && (int(rank) > e.low || t.own != nil && !e.full()) {
			t.keep(at, run)
			e.kept += len(run)
		}
		for e.kept > mostKept && !e.full() {
			e.raise()
		}
		i += len(run)
	}
}

// has records that a series has samples. A hole of at most so many samples before them is recorded
// as samples of the series too.
func (e *engine) has(t *track, from, n int, hole int32) {
	e.see(from, n)
	if e.full() {
		return
	}
	if t.has(int32(from), int32(from+n-1), hole) {
		e.stretches++
	}
	if e.stretches > mostStretches {
		e.forget()
	}
}

// full reports whether the history is too large to be kept, so that no level will be replayed.
func (e *engine) full() bool { return e.low == len(e.levels) }

// forget drops what only the replay needs.
func (e *engine) forget() {
	e.low, e.kept, e.stretches = len(e.levels), 0, 0
	for _, t := range e.tracks {
		t.present, t.beyond, t.values = nil, nil, nil
	}
}

// begin prepares for the series of a chunk.
func (e *engine) begin(base, n int) {
	e.unseen = 0
	for _, seen := range e.seen[base : base+n] {
		if !seen {
			e.unseen++
		}
	}
}

// see records that there are samples.
func (e *engine) see(from, n int) {
	if e.unseen == 0 {
		return // most series have all samples
	}
	for i := from; i < from+n; i++ {
		if !e.seen[i] {
			e.seen[i] = true
			e.unseen--
		}
	}
}

// heat keeps what the replay needs of a series that is beyond a level for the first time.
func (e *engine) heat(t *track, s *snapshot.Judgeable) {
	if t.key >= 0 {
		return
	}
	t.labels, t.name = s.Labels.Clone(), s.Name()
	t.identity = e.identity(t.labels, s.NodeAdded)
	t.departed = e.nodes.Departed(t.labels, t.labels.Get("node"))
	if _, ok := e.keys[t.object]; !ok {
		e.keys[t.object] = int32(len(e.keys))
	}
	t.key = e.keys[t.object]
	n := len(e.levels)
	if t.own != nil {
		n = 1
	}
	t.states = make([]state, n*len(e.fors))
	for i := range t.states {
		t.states[i] = state{-1, -1, -1}
	}
	e.hot = append(e.hot, t)
}

func (e *engine) ruleID() rules.RuleID {
	return rules.RuleID{Panel: e.plan.spec.Name, Rule: e.plan.rule.Name}
}

// outgrown stops keeping the samples of the first levels if they alert too often.
func (e *engine) outgrown(f, l int) {
	if l != e.low || e.counts[f][l].alerts <= e.most {
		return
	}
	for !e.full() && !e.pinned[e.low] && e.noisy(e.low) {
		e.raise()
	}
}

// noisy reports whether a level alerts too often to be of interest with every For.
func (e *engine) noisy(l int) bool {
	for f := range e.fors {
		if e.counts[f][l].alerts <= e.most {
			return false
		}
	}
	return true
}

// raise stops keeping the samples of the first level whose samples are kept. After the last level,
// nothing is kept.
func (e *engine) raise() {
	e.low++
	if e.full() {
		e.forget()
		return
	}
	e.kept = 0
	for _, t := range e.hot {
		if t.own == nil {
			t.prune(e.levels[e.low], e.plan.rule.Direction)
		}
		e.kept += len(t.values)
	}
}

// replayed reports whether a level can and should be replayed with a For.
func (e *engine) replayed(f, l int) bool {
	return l >= e.low && (e.pinned[l] || e.counts[f][l].alerts+e.fixed[f].alerts <= e.most)
}

// judgeData sets what the panel's data is worth in every slot. It returns when the source had none.
func (e *engine) judgeData() (blind []Span) {
	p := e.plan
	there := e.seen
	if e.exists != nil {
		there = slices.Clone(e.seen)
		for i := range there {
			there[i] = there[i] || e.exists[i]
		}
	}
	before, known, partly := newestTrue(e.seen), newestTrue(there), newestTrue(e.partial)
	for i := range p.slots {
		s := &p.slots[i]
		switch {
		case before[s.to] >= s.from && (s.to-before[s.to] > e.fresh || partly[s.to] >= s.from):
			s.data = rules.DataPartial
		case before[s.to] >= s.from, known[s.to] >= s.from:
			s.data = rules.DataComplete
		default:
			s.data = rules.DataFailed
		}
	}
	first, end := p.slots[0].to, p.slots[len(p.slots)-1].to
	for i := first; i <= end; i++ {
		if there[i] {
			continue
		}
		from := i
		for i <= end && !there[i] {
			i++
		}
		if i-from > e.fresh {
			blind = append(blind, Span{p.grid.At(int(from)), p.grid.At(int(min(i, end)))})
		}
	}
	return blind
}

// newestTrue returns, for each index, the newest index up to it that is true, -1 if none is.
func newestTrue(all []bool) []int32 {
	out, newest := make([]int32, len(all)), int32(-1)
	for i, v := range all {
		if v {
			newest = int32(i)
		}
		out[i] = newest
	}
	return out
}
