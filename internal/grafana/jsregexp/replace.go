package jsregexp

import "strings"

// expand writes replacement with its groups filled in. It leaves a reference to a group that the
// pattern does not have as it is.
func (m *Match) expand(b *strings.Builder, replacement string) {
	for {
		i := strings.IndexByte(replacement, '$')
		if i < 0 || i == len(replacement)-1 {
			b.WriteString(replacement)
			return
		}
		b.WriteString(replacement[:i])
		replacement = replacement[i:]
		size := 2
		switch c := replacement[1]; {
		case c == '$':
			b.WriteByte('$')
		case c == '&':
			b.WriteString(m.Text())
		case c == '`':
			b.WriteString(string(m.text[:m.start()]))
		case c == '\'':
			b.WriteString(string(m.text[m.end():]))
		case c >= '0' && c <= '9':
			size = m.expandNumber(b, replacement)
		case c == '<':
			size = m.expandName(b, replacement)
		default:
			size = 1
			b.WriteByte('$')
		}
		replacement = replacement[size:]
	}
}

// expandNumber writes the group of $1 to $99, and returns how many bytes of s it read.
func (m *Match) expandNumber(b *strings.Builder, s string) int {
	groups := m.re.Groups()
	n, size := int(s[1]-'0'), 2
	if len(s) > 2 && s[2] >= '0' && s[2] <= '9' {
		if two := n*10 + int(s[2]-'0'); two >= 1 && two <= groups {
			n, size = two, 3
		}
	}
	if n < 1 || n > groups {
		b.WriteByte('$')
		return 1
	}
	text, _ := m.Group(n)
	b.WriteString(text)
	return size
}

// expandName writes the group of $<name>, and returns how many bytes of s it read. In a pattern
// without named groups it is text.
func (m *Match) expandName(b *strings.Builder, s string) int {
	end := strings.IndexByte(s, '>')
	if end < 0 || !m.re.named {
		b.WriteByte('$')
		return 1
	}
	text, _ := m.Named(s[2:end])
	b.WriteString(text)
	return end + 1
}
