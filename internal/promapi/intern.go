package promapi

const (
	maxInterned     = 4096 // strings
	maxInternedSize = 256  // bytes of a string
)

// interned returns the same string for equal texts, such as label names and values that most series
// share. It is bounded, so that it costs little if all values differ.
type interned map[string]string

func (t interned) intern(b []byte) string {
	if s, ok := t[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(t) < maxInterned && len(s) <= maxInternedSize {
		t[s] = s
	}
	return s
}
