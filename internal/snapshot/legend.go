package snapshot

import (
	"strings"
	"unicode"

	"github.com/promsnap/promsnap/internal/series"
)

// maxName is the longest name of a series, in runes. A longer one keeps its head and its tail: the namespace and the pod's hash
// both tell series apart.
const maxName = 200

// legend fills Grafana's legend format in: {{label}}, blanks around the name allowed, a missing label empty. Without a format the
// whole label set is the name. {{node}} falls back to the host of the instance.
func legend(format string, ls series.Labels) string {
	if format == "" {
		return clip(printable(ls.String()))
	}
	name := strings.TrimSpace(printable(fill(format, func(label string) string { return labelOrHost(ls, label) })))
	if strings.Trim(name, "/ ") == "" {
		return clip(printable(ls.String()))
	}
	return clip(name)
}

// fill puts what put gives for a name in the place of each {{name}}. One that is not closed stays as it is.
func fill(format string, put func(name string) string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(format, "{{")
		name, rest, closed := strings.Cut(after, "}}")
		if !ok || !closed {
			b.WriteString(format)
			return b.String()
		}
		b.WriteString(before + put(strings.TrimSpace(name)))
		format = rest
	}
}

func labelOrHost(ls series.Labels, name string) string {
	if v := ls.Get(name); v != "" || name != "node" {
		return v
	}
	return host(ls.Get("instance"))
}

// host is the address of an instance without its port; an IPv6 address loses its brackets.
func host(instance string) string {
	if rest, ok := strings.CutPrefix(instance, "["); ok {
		h, _, _ := strings.Cut(rest, "]")
		return h
	}
	if i := strings.LastIndexByte(instance, ':'); i >= 0 && strings.Count(instance, ":") == 1 {
		return instance[:i]
	}
	return instance
}

// printable takes out what would move or hide text around it: control characters and the marks that turn its direction.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, s)
}

func clip(s string) string {
	if len(s) <= maxName {
		return s
	}
	rs := []rune(s)
	if len(rs) <= maxName {
		return s
	}
	head := maxName * 3 / 5
	return string(rs[:head]) + "…" + string(rs[len(rs)-(maxName-head-1):])
}
