package snapshot

import "container/heap"

// mergeSorted returns the elements of several sorted lists in order.
func mergeSorted[T any](lists [][]T, compare func(a, b *T) int) []T {
	h := &listHeap[T]{compare: compare}
	n := 0
	for _, l := range lists {
		if n += len(l); len(l) > 0 {
			h.lists = append(h.lists, l)
		}
	}
	if n == 0 {
		return nil
	}
	heap.Init(h)
	out := make([]T, 0, n)
	for len(h.lists) > 0 {
		out = append(out, h.lists[0][0])
		if h.lists[0] = h.lists[0][1:]; len(h.lists[0]) == 0 {
			heap.Pop(h)
			continue
		}
		heap.Fix(h, 0)
	}
	return out
}

// listHeap has the list with the smallest first element on top.
type listHeap[T any] struct {
	lists   [][]T
	compare func(a, b *T) int
}

func (h *listHeap[T]) Len() int           { return len(h.lists) }
func (h *listHeap[T]) Less(i, j int) bool { return h.compare(&h.lists[i][0], &h.lists[j][0]) < 0 }
func (h *listHeap[T]) Swap(i, j int)      { h.lists[i], h.lists[j] = h.lists[j], h.lists[i] }
func (h *listHeap[T]) Push(x any)         { h.lists = append(h.lists, x.([]T)) }
func (h *listHeap[T]) Pop() any {
	last := len(h.lists) - 1
	l := h.lists[last]
	h.lists = h.lists[:last]
	return l
}
