package report

import (
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/promsnap/promsnap/internal/outside"
)

const (
	slugRunes      = 80
	printableRunes = 601
)

// Slug turns a text from outside into the name of a file, a directory or an anchor: [a-z0-9-], at
// most 80 characters. If that changes the text, it appends a hash of the text, so that different
// texts get different names.
func Slug(word string) string {
	slug := outside.Slug(word, slugRunes)
	if slug == word && slug != "" {
		return slug
	}
	hash := fmt.Sprintf("%08x", uint32(xxhash.Sum64String(word)))
	if slug == "" {
		return hash
	}
	return strings.TrimRight(slug[:min(len(slug), slugRunes-len(hash)-1)], "-") + "-" + hash
}

// printable returns a text from outside as one line of limited length.
func printable(s string) string {
	return strings.TrimSpace(outside.Clip(outside.Line(s), printableRunes))
}
