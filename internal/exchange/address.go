package exchange

import (
	"errors"
	"net/url"
	"strings"
)

// WebURL reads an address of the web: http or https, with a host. No error of this file shows the
// address: one that is wrong may hold a password.
func WebURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("not an http or https URL; write one such as " +
			"https://host.example.com or http://service.namespace.svc:9090")
	}
	return u, nil
}

// ShownURL reads an address of the web that may stand in logs and links: one without a user or a
// password.
func ShownURL(s string) (*url.URL, error) {
	u, err := WebURL(s)
	if err == nil && u.User != nil {
		err = errors.New("a URL with a user or password in it would show them in logs and links; " +
			"take them out: credentials have keys of their own, such as http_config.basic_auth")
	}
	return u, err
}

// BaseURL reads an address of the web that paths are put behind: one that may be shown, and ends
// with its path.
func BaseURL(s string) (*url.URL, error) {
	u, err := ShownURL(s)
	if err != nil {
		return nil, err
	}
	if before, _, ok := strings.Cut(s, "#"); ok && !strings.Contains(before, "?") {
		return nil, errors.New("ends in a browser's page; write the address alone, without # and " +
			"what is behind it")
	}
	if strings.ContainsAny(s, "?#") {
		return nil, errors.New("has a query or a fragment (? or #); write the address alone; " +
			"parameters for Prometheus have the key prometheus.params")
	}
	return u, nil
}
