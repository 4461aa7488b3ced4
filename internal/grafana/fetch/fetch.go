// Package fetch gets a dashboard: by its number from grafana.com, from a Grafana server, from the
// URL of a JSON file, or from a file. It does not retry, because a person waits for it and can run
// it again.
package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/secret"
)

// The address of grafana.com, and how long one dashboard may take.
const (
	publicURL = "https://grafana.com"
	timeout   = 30 * time.Second
)

// Options are the options of a Client. The zero value is usable.
type Options struct {
	Public  *url.URL      // in place of https://grafana.com
	Grafana *url.URL      // a Grafana server; nil if there is none
	Token   secret.String // of a service account of that server; zero if it needs none
	// nil means http.DefaultTransport, which verifies certificates and uses the proxies of the
	// environment
	Transport http.RoundTripper
	UserAgent string
}

// Client gets dashboards. It sends its token only to the Grafana server.
type Client struct {
	o    Options
	http *http.Client
}

// New returns a client. It fails if one of the addresses is not a URL of a server.
func New(o Options) (*Client, error) {
	if o.Public == nil {
		o.Public = &url.URL{Scheme: "https", Host: "grafana.com"}
	}
	var err error
	if o.Public, err = address(o.Public); err != nil {
		return nil, fmt.Errorf("the address of grafana.com: %w", err)
	}
	if o.Grafana != nil {
		if o.Grafana, err = address(o.Grafana); err != nil {
			return nil, fmt.Errorf("the address of Grafana: %w", err)
		}
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.UserAgent == "" {
		o.UserAgent = "promsnap"
	}
	return &Client{o, &http.Client{
		Transport: exchange.Plain{Next: o.Transport}, CheckRedirect: follow,
	}}, nil
}

// address returns the address of a server. It drops a query and a fragment, which people copy from
// the browser.
func address(u *url.URL) (*url.URL, error) {
	u, err := exchange.WebURL(u.String())
	if err != nil {
		return nil, err
	}
	if u.User != nil {
		return nil, errUser
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return u, nil
}

// CloseIdleConnections closes connections that are kept open for the next request.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Dashboard is a dashboard as it was received.
type Dashboard struct {
	Board    *grafana.Dashboard
	JSON     []byte // without an API's wrapping
	Revision int    // on grafana.com; 0 if it is not from there
}

// Get returns a dashboard. Its errors say what to do, and show no token.
func (c *Client) Get(ctx context.Context, ref Ref) (*Dashboard, error) {
	timed, cancel := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer cancel()
	var d Dashboard
	var err error
	switch {
	case ref.Number > 0:
		d.JSON, d.Revision, err = c.public(timed, ref)
	case ref.UID != "":
		d.JSON, err = c.server(timed, ref)
	case ref.Link != nil:
		d.JSON, err = c.load(timed, call{
			url: ref.Link, who: ref.Link.Host, page: "give the address of the JSON file itself " +
				"(on GitHub: Raw)", denied: "save the dashboard as a file and give its path",
			missing: "check the address",
		})
	default:
		d.JSON, err = readFile(timed, ref.Path)
	}
	if err == nil {
		d.JSON = bytes.TrimPrefix(d.JSON, []byte("\ufeff")) // some editors write it
		d.Board, err = decode(d.JSON)
	}
	if err != nil {
		return nil, fmt.Errorf("getting %s: %w", ref, err)
	}
	return &d, nil
}

// decode reads a dashboard.
func decode(data []byte) (*grafana.Dashboard, error) {
	if exchange.IsPage(string(data[:min(len(data), 4<<10)])) {
		return nil, errors.New("it is a web page and not a dashboard; export the dashboard as JSON")
	}
	return grafana.Decode(data)
}

// public gets a dashboard from grafana.com. If no revision is asked for, it looks up the newest.
func (c *Client) public(ctx context.Context, ref Ref) ([]byte, int, error) {
	path := "api/dashboards/" + strconv.Itoa(ref.Number)
	one := call{
		who: c.o.Public.Host, offline: true,
		page: "a proxy may have answered instead: check HTTPS_PROXY, or download the dashboard " +
			"in a browser and give the file",
		denied: "download the dashboard in a browser and give the file",
	}
	if ref.Revision == 0 {
		one.url = c.o.Public.JoinPath(path)
		one.missing = "it has no dashboard of this number; find the number at " + publicURL +
			"/grafana/dashboards"
		data, err := c.load(ctx, one)
		if err != nil {
			return nil, 0, err
		}
		var about struct{ Revision int }
		if err := json.Unmarshal(data, &about); err != nil || about.Revision < 1 {
			return nil, 0, fmt.Errorf("%s does not say which revision is the newest; name a "+
				"revision, or download the dashboard in a browser and give the file", one.who)
		}
		ref.Revision = about.Revision
	}
	one.url = c.o.Public.JoinPath(path, "revisions", strconv.Itoa(ref.Revision), "download")
	one.missing = fmt.Sprintf("it has no revision %d of this dashboard; name no revision for the "+
		"newest", ref.Revision)
	data, err := c.load(ctx, one)
	return data, ref.Revision, err
}

// server gets a dashboard from a Grafana server.
func (c *Client) server(ctx context.Context, ref Ref) ([]byte, error) {
	base := ref.Server
	if base == nil {
		base = c.o.Grafana
	}
	if _, err := parseUID(ref.UID); err != nil { // it becomes a part of a path
		return nil, err
	}
	if base == nil {
		return nil, errors.New("a UID needs the address of a Grafana server; write " +
			"--grafana-url, or the address of the dashboard's page")
	}
	one := call{
		url: base.JoinPath("api/dashboards/uid", ref.UID), who: base.Host, offline: true,
		missing: "it has no dashboard of this UID (the part after /d/ in the address of its " +
			"page), the token is for another organization, or --grafana-url lacks Grafana's path " +
			"prefix",
		page: "check --grafana-url: the path prefix of Grafana belongs to it",
	}
	one.denied = "give a token of a service account that may view the dashboard (role Viewer)"
	switch {
	case c.o.Token.IsZero():
	case c.isOurs(base):
		one.token = c.o.Token
		one.denied = "the token is wrong, has expired or may not view the dashboard; make a new " +
			"one for a service account with the role Viewer"
	default:
		one.denied = "the token was not sent, because it is for " + c.o.Grafana.Host +
			"; change --grafana-url if this is the same server"
	}
	data, err := c.load(ctx, one)
	if err != nil {
		return nil, err
	}
	var answer struct{ Dashboard json.RawMessage }
	if json.Unmarshal(data, &answer) == nil && len(answer.Dashboard) > 0 {
		data = bytes.TrimSpace(answer.Dashboard)
	}
	return data, nil
}

// isOurs reports whether the token is for the server at base. If no server is configured, the
// server of the page's address gets the token.
func (c *Client) isOurs(base *url.URL) bool {
	return c.o.Grafana == nil || base.Scheme == c.o.Grafana.Scheme && base.Host == c.o.Grafana.Host
}

// readFile reads a file of bounded size.
func readFile(ctx context.Context, path string) ([]byte, error) {
	data, err := disk.Read(ctx, path, grafana.MaxFile)
	var wrong *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no such file; write the number of a dashboard on "+
			"grafana.com, a URL, or %sUID for a dashboard of a Grafana server", uidPrefix)
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("the file cannot be read, because the permission is missing; " +
			"let the user that runs promsnap read it")
	case errors.Is(err, syscall.EISDIR):
		return nil, errors.New("it is a directory; give a file in it")
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("reading the file: %w", wrong.Err)
	case err != nil:
		return nil, err
	case len(data) > grafana.MaxFile:
		return nil, fmt.Errorf("the file is longer than %d MiB, so it is not a dashboard; export "+
			"one dashboard as JSON", grafana.MaxFile>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the file is empty; export the dashboard as JSON")
	}
	return data, nil
}
