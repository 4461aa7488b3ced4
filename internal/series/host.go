package series

import (
	"net/netip"
	"strings"
)

// Host returns the address of an instance without its port, and without the brackets of IPv6.
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

// HostID returns a canonical form of a host's name or address: lower case, and short form for IPv6.
func HostID(host string) string {
	if strings.Contains(host, ":") {
		if a, err := netip.ParseAddr(host); err == nil {
			return a.Unmap().String()
		}
	}
	return strings.ToLower(host)
}
