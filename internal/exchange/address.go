package exchange

import (
	"errors"
	"net/url"
	"strings"
)

// WebURL parses a URL with http or https and a host. No error of this file shows the URL: a wrong
// one may hold a password.
func WebURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("not an http or https URL; write one such as " +
			"https://host.example.com or http://service.namespace.svc:9090")
	}
	return u, nil
}

// ShownURL parses a URL that may be shown in logs and links: it has no user or password.
func ShownURL(s string) (*url.URL, error) {
	u, err := WebURL(s)
	if err == nil && u.User != nil {
		err = errors.New("a URL with a user or password in it would show them in logs and links; " +
			"take them out: credentials have keys of their own, such as http_config.basic_auth")
	}
	return u, err
}

// BaseURL parses a URL to which paths are added: one that may be shown, without a query or a
// fragment.
func BaseURL(s string) (*url.URL, error) {
	u, err := ShownURL(s)
	if err != nil {
		return nil, err
	}
	if before, _, ok := strings.Cut(s, "#"); ok && !strings.Contains(before, "?") {
		return nil, errors.New("is the address of a page in the browser; write it without # and " +
			"what follows")
	}
	if strings.ContainsAny(s, "?#") {
		return nil, errors.New("has a query or a fragment (? or #); write the address alone; " +
			"parameters for Prometheus have the key prometheus.params")
	}
	return u, nil
}
