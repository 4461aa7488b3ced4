package promapi

const (
	maxInterned     = 4096 // strings that are known
	maxInternedSize = 256  // bytes of one
)

// interned makes one string of equal texts: label names, and the values that most series share. It
// is bounded, so that an answer whose values all differ costs little more than those values.
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
