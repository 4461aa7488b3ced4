package snapshot

import (
	"slices"
	"sync"

	"github.com/promsnap/promsnap/internal/series"
)

// labelPool keeps one copy of the label sets and names that panels share. Most panels share them,
// because they show the same nodes or containers. Several panels may use it at once.
type labelPool struct {
	mu     sync.Mutex
	labels map[uint64]series.Labels // by hash
	names  map[string]string
}

// mostPooled bounds the number of label sets and names, and with it the memory of the pool.
const mostPooled = 32 << 10

func newLabelPool() *labelPool {
	return &labelPool{labels: map[uint64]series.Labels{}, names: map[string]string{}}
}

// of returns the shared copies of a series' labels and name. Nobody may write to them.
func (p *labelPool) of(ls series.Labels, name string) (series.Labels, string) {
	hash := ls.Hash()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch known, ok := p.labels[hash]; {
	case ok && slices.Equal(known, ls):
		ls = known
	case !ok && len(p.labels) < mostPooled:
		p.labels[hash] = ls
	}
	switch known, ok := p.names[name]; {
	case ok:
		name = known
	case len(p.names) < mostPooled:
		p.names[name] = name
	}
	return ls, name
}
