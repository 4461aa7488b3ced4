package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
)

// Ref says where a dashboard is. Exactly one of Number, UID, Link and Path is set.
type Ref struct {
	Number   int      // its number on grafana.com
	Revision int      // of Number; 0 means the newest
	UID      string   // its UID on a Grafana server
	Server   *url.URL // the server of UID; nil means the one that the client is for
	Link     *url.URL // the address of a JSON file
	Path     string   // a file on this machine
}

// The limits of an argument.
const (
	maxArgument = 4096 // bytes
	maxNumber   = 999_999_999
	maxShown    = 200 // characters of it in an error
)

// uidPrefix marks a UID, which would otherwise be read as the name of a file.
const uidPrefix = "uid:"

var (
	digits = regexp.MustCompile(`^[0-9]+$`)
	uid    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)
	// publicPath is the path of a dashboard's page, or of the API, on grafana.com.
	publicPath = regexp.MustCompile(
		`/dashboards/([0-9]{1,9})(?:-[^/]*)?(?:/revisions/([0-9]{1,9}))?(?:/|$)`)
)

// Parse reads a dashboard as a person names it: its number on grafana.com, its page there, its page
// on a Grafana server, the URL of a JSON file, "uid:" and its UID, or the path of a file.
func Parse(arg string) (Ref, error) {
	arg = strings.TrimSpace(arg)
	switch {
	case arg == "":
		return Ref{}, errors.New("no dashboard is named; write its number on grafana.com, a file " +
			"or a URL")
	case len(arg) > maxArgument || strings.ContainsRune(arg, 0):
		return Ref{}, fmt.Errorf("%q is not a dashboard; write its number on grafana.com, a file "+
			"or a URL", outside.Said(arg, maxShown))
	case digits.MatchString(arg):
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 || n > maxNumber {
			return Ref{}, fmt.Errorf("%s is not the number of a dashboard, which is 1 to %d; a "+
				"file of this name is written ./%[1]s", outside.Said(arg, maxShown), maxNumber)
		}
		return Ref{Number: n}, nil
	case strings.HasPrefix(arg, uidPrefix):
		return parseUID(strings.TrimPrefix(arg, uidPrefix))
	case strings.Contains(arg, "://"):
		return parseURL(arg)
	}
	return Ref{Path: arg}, nil
}

// errUser is the error of an address that would show a password in logs and errors.
var errUser = errors.New("it has a user or password in it; take them out, and give a token for " +
	"Grafana, or save the dashboard as a file")

func parseUID(s string) (Ref, error) {
	if !uid.MatchString(s) {
		return Ref{}, fmt.Errorf("%q is not the UID of a dashboard; it is the part after /d/ in "+
			"the address of its page", outside.Said(s, maxShown))
	}
	return Ref{UID: s}, nil
}

// parseURL reads the address of a page or of a JSON file. Its errors show no part of the address,
// which may hold a secret.
func parseURL(arg string) (Ref, error) {
	u, err := exchange.WebURL(arg)
	if err != nil {
		return Ref{}, fmt.Errorf("the dashboard's address: %w", err)
	}
	if u.User != nil {
		return Ref{}, fmt.Errorf("the dashboard's address: %w", errUser)
	}
	u.Fragment, u.RawFragment = "", ""
	if host := strings.ToLower(u.Hostname()); host == "grafana.com" || host == "www.grafana.com" {
		return parsePublic(u)
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	at := func(words ...string) int {
		for i := range parts {
			if len(parts)-i > len(words) && slices.Equal(parts[i:i+len(words)], words) {
				return i
			}
		}
		return -1
	}
	if at("dashboard", "snapshot") >= 0 {
		return Ref{}, errors.New("the address is that of a snapshot, which holds data and no " +
			"queries; give the page of the dashboard that it was made from")
	}
	if at("public-dashboards") >= 0 {
		return Ref{}, errors.New("the address is that of a shared dashboard, which does not show " +
			"its queries; give the dashboard's own page, with /d/ in its address")
	}
	for _, words := range [][]string{{"d"}, {"d-solo"}, {"api", "dashboards", "uid"}} {
		i := at(words...)
		if i < 0 || strings.HasSuffix(u.Path, ".json") {
			continue
		}
		if id := parts[i+len(words)]; uid.MatchString(id) {
			server := *u
			server.Path, server.RawPath, server.RawQuery = "/"+strings.Join(parts[:i], "/"), "", ""
			return Ref{UID: id, Server: &server}, nil
		}
	}
	return Ref{Link: u}, nil
}

// parsePublic reads the address of a dashboard on grafana.com.
func parsePublic(u *url.URL) (Ref, error) {
	m := publicPath.FindStringSubmatch(u.Path)
	if m == nil {
		return Ref{}, errors.New("the address is not that of a dashboard on grafana.com; write " +
			"its number, such as 1860, or its page, such as " +
			"https://grafana.com/grafana/dashboards/1860")
	}
	ref, err := Parse(m[1])
	if err == nil && m[2] != "" {
		ref.Revision, err = strconv.Atoi(m[2])
	}
	return ref, err
}

// String returns the dashboard's name for errors. It leaves out the query of an address, which may
// hold a secret.
func (r Ref) String() string {
	switch {
	case r.Number > 0 && r.Revision > 0:
		return fmt.Sprintf("revision %d of dashboard %d on grafana.com", r.Revision, r.Number)
	case r.Number > 0:
		return fmt.Sprintf("dashboard %d on grafana.com", r.Number)
	case r.UID != "" && r.Server != nil:
		return fmt.Sprintf("dashboard %s on %s", r.UID, r.Server.Host)
	case r.UID != "":
		return "dashboard " + r.UID
	case r.Link != nil:
		return outside.Said((&url.URL{Scheme: r.Link.Scheme, Host: r.Link.Host,
			Path: r.Link.Path}).String(), maxShown)
	}
	return outside.Said(r.Path, maxShown)
}
