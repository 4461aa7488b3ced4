package changelog

import (
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// plainImage returns an image without what Docker adds to a short name.
func plainImage(image string) string {
	for _, prefix := range []string{
		"docker-pullable://", "index.docker.io/", "docker.io/", "library/",
	} {
		image = strings.TrimPrefix(image, prefix)
	}
	return image
}

// image is a reference to an image: a repository and a tag, a digest, or both.
type image struct {
	path        []string // the repository: registry, organization, name
	tag, digest string
}

func parseImage(text string) image {
	rest, digest, _ := strings.Cut(text, "@")
	tag := ""
	// a colon before the last slash is that of a port
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		rest, tag = rest[:i], rest[i+1:]
	}
	return image{strings.Split(rest, "/"), tag, digest}
}

// version returns the tag, or else the start of the digest.
func (m image) version() string {
	if m.tag == "" && m.digest != "" {
		return m.short()
	}
	if m.tag == "" {
		return "latest"
	}
	return m.tag
}

// shortDigest is how many characters of a digest's hash are shown, as docker does.
const shortDigest = 12

// short returns the start of the digest.
func (m image) short() string {
	kind, hash, ok := strings.Cut(m.digest, ":")
	if !ok {
		return outside.Head(m.digest, shortDigest)
	}
	return kind + ":" + outside.Head(hash, shortDigest)
}

// end returns the last n parts of the repository.
func (m image) end(n int) string { return strings.Join(m.path[max(len(m.path)-n, 0):], "/") }

// longestImage is how many characters of an image a reader sees.
const longestImage = 60

// shortImages returns two images by what tells them apart: "1.41" and "1.42"; with the repository
// if that differs, "redis:7.2" and "valkey:8"; with the digest if nothing else does.
func shortImages(from, to string) (string, string) {
	a, b := parseImage(from), parseImage(to)
	va, vb := a.version(), b.version()
	most := max(len(a.path), len(b.path))
	switch {
	case a.end(most) != b.end(most):
		n := 1
		for a.end(n) == b.end(n) {
			n++
		}
		va, vb = a.end(n)+":"+va, b.end(n)+":"+vb
	case va == vb:
		va, vb = a.withDigest(), b.withDigest()
	}
	return shownImage(va), shownImage(vb)
}

// withDigest returns the version and the start of the digest.
func (m image) withDigest() string {
	if m.tag == "" || m.digest == "" {
		return m.version()
	}
	return m.tag + "@" + m.short()
}

func shownImage(text string) string {
	return outside.Middle(strings.TrimSpace(outside.Line(text)), longestImage)
}
