package snapshot

import (
	"slices"
	"sync"

	"github.com/promsnap/promsnap/internal/series"
)

// labelPool keeps one copy of the label sets and of the names that panels share, as most do: they
// are of the same nodes, or of the same containers. It may be used by several panels at once.
type labelPool struct {
	mu     sync.Mutex
	labels map[uint64]series.Labels // by their hash
	names  map[string]string
}

// mostPooled bounds how many label sets and names are known, and with it what knowing them takes.
const mostPooled = 32 << 10

func newLabelPool() *labelPool {
	return &labelPool{labels: map[uint64]series.Labels{}, names: map[string]string{}}
}

// of returns the copies of a series' labels and its name. They are shared: nobody may write to
// them.
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
