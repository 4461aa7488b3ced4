package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// mostNested is the deepest nesting that is decoded.
const mostNested = 24

var errLarge = errors.New("it would take too much memory")

// checkSize returns an error if decoding the CBOR as t would take more than most bytes of memory:
// one byte may stand for an element of hundreds. It only reads lengths and allocates nothing for
// the data.
func checkSize(data []byte, t reflect.Type, most int) error {
	b := bound{left: most, fields: map[reflect.Type]map[string]reflect.Type{}}
	rest, err := b.value(data, t, 0)
	if err == nil && len(rest) > 0 {
		err = errors.New("there is data after its end")
	}
	return err
}

// bound counts the memory that decoding takes.
type bound struct {
	left   int
	fields map[reflect.Type]map[string]reflect.Type
}

func (b *bound) spend(n, each int) error {
	if n < 0 || each > 0 && n > b.left/each {
		return errLarge
	}
	b.left -= n * each
	return nil
}

var errEnds = errors.New("it is truncated")

// begin reads the start of an item: its kind, and its number or length.
func begin(data []byte) (kind byte, n uint64, rest []byte, err error) {
	if len(data) == 0 {
		return 0, 0, nil, errEnds
	}
	kind, short := data[0]>>5, data[0]&31
	data = data[1:]
	if short < 24 {
		return kind, uint64(short), data, nil
	}
	size := 1 << (short - 24)
	switch {
	case short > 27:
		return 0, 0, nil, fmt.Errorf("an item of the form %d", short)
	case len(data) < size:
		return 0, 0, nil, errEnds
	}
	var wide [8]byte
	copy(wide[8-size:], data)
	return kind, binary.BigEndian.Uint64(wide[:]), data[size:], nil
}

// The kinds of items.
const (
	kindBytes = 2 + iota
	kindText
	kindArray
	kindMap
	kindTag
)

// value counts one item to be decoded as t, and returns the bytes after it.
func (b *bound) value(data []byte, t reflect.Type, depth int) ([]byte, error) {
	kind, n, rest, err := begin(data)
	if err != nil {
		return nil, err
	}
	if depth > mostNested {
		return nil, errors.New("it is nested too deeply")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
		if err := b.spend(1, int(t.Size())); err != nil {
			return nil, err
		}
	}
	switch kind {
	case kindBytes, kindText:
		if n > uint64(len(rest)) {
			return nil, errEnds
		}
		return rest[n:], b.spend(int(n), 1)
	case kindArray:
		return b.array(rest, t, n, depth)
	case kindMap:
		return b.mapping(rest, t, n, depth)
	case kindTag:
		return nil, errors.New("an item with a tag")
	}
	return rest, nil
}

func (b *bound) array(data []byte, t reflect.Type, n uint64, depth int) ([]byte, error) {
	if t.Kind() != reflect.Slice && t.Kind() != reflect.Array || n > uint64(len(data)) {
		return nil, fmt.Errorf("a list of %d instead of a %s", n, t)
	}
	err := b.spend(int(n), int(t.Elem().Size()))
	for i := uint64(0); i < n && err == nil; i++ {
		data, err = b.value(data, t.Elem(), depth+1)
	}
	return data, err
}

// entry is the overhead of a map entry in bytes.
const entry = 32

func (b *bound) mapping(data []byte, t reflect.Type, n uint64, depth int) ([]byte, error) {
	if t == reflect.TypeFor[time.Time]() || t.Kind() != reflect.Struct && t.Kind() != reflect.Map ||
		n > uint64(len(data)) {
		return nil, fmt.Errorf("%d fields instead of a %s", n, t)
	}
	var err error
	if t.Kind() == reflect.Map {
		if err = b.spend(int(n), entry+int(t.Key().Size()+t.Elem().Size())); err != nil {
			return nil, err
		}
	}
	fields := b.fieldsOf(t)
	for range n {
		kind, size, rest, err := begin(data)
		if err != nil {
			return nil, err
		}
		if kind != kindText || size > uint64(len(rest)) {
			return nil, errors.New("a field without a name")
		}
		name, of := rest[:size], fields[string(rest[:size])]
		if t.Kind() == reflect.Map {
			of = t.Elem()
			err = b.spend(len(name), 1)
		} else if of == nil {
			return nil, fmt.Errorf("a field %q, which a %s does not have", name, t)
		}
		if err == nil {
			data, err = b.value(rest[size:], of, depth+1)
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// fieldsOf returns the types of a struct's fields by name, including those of embedded structs, or
// nil if t is not a struct.
func (b *bound) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields := b.fields[t]
	if fields == nil {
		fields = map[string]reflect.Type{}
		for _, f := range reflect.VisibleFields(t) {
			if !f.Anonymous {
				fields[f.Name] = f.Type
			}
		}
		b.fields[t] = fields
	}
	return fields
}
