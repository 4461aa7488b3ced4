package series

import (
	"net/netip"
	"strings"
)

// Host returns the address of an instance without its port; an IPv6 address loses its brackets.
func Host(instance string) string {
	if rest, ok := strings.CutPrefix(instance, "["); ok {
		h, _, _ := strings.Cut(rest, "]")
		return h
	}
	if i := strings.LastIndexByte(instance, ':'); i >= 0 && strings.Count(instance, ":") == 1 {
		return instance[:i]
	}
	return instance
}

// HostID returns a host's name or address in one spelling: in lower case, and an IPv6 address in
// its short form.
func HostID(host string) string {
	if strings.Contains(host, ":") {
		if a, err := netip.ParseAddr(host); err == nil {
			return a.Unmap().String()
		}
	}
	return strings.ToLower(host)
}
