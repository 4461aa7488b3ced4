package fetch_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/promsnap/promsnap/internal/grafana/fetch"
	"github.com/promsnap/promsnap/internal/grafana/fetch/grafanadouble"
	"github.com/promsnap/promsnap/internal/secret"
)

const token = "glsa_hunter2_secret"

// board returns a dashboard of one panel.
func board(title string) string {
	return `{"title":"` + title + `","panels":[{"id":1,"type":"timeseries","title":"CPU"}]}`
}

// start starts a double with two revisions of dashboard 1860, the dashboard abc on its Grafana
// server, and a file.
func start(t *testing.T, token string) *grafanadouble.Double {
	t.Helper()
	d := grafanadouble.Start(token)
	t.Cleanup(d.Close)
	d.Publish(1860, board("first"))
	d.Publish(1860, board("second"))
	d.Save("abc", board("private"))
	d.Serve("/files/board.json", board("file"))
	return d
}

func parsed(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// newClient returns a client whose grafana.com and Grafana server are at the addresses.
func newClient(t *testing.T, public, server, token string) *fetch.Client {
	t.Helper()
	o := fetch.Options{Public: parsed(t, public), UserAgent: "promsnap/1.2.3"}
	if server != "" {
		o.Grafana = parsed(t, server)
	}
	if token != "" {
		o.Token = secret.Inline(token)
	}
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// get gets the dashboard that an argument names.
func get(t *testing.T, c *fetch.Client, arg string) (*fetch.Dashboard, error) {
	t.Helper()
	ref, err := fetch.Parse(arg)
	if err != nil {
		t.Fatal(err)
	}
	return c.Get(t.Context(), ref)
}

func TestGet(t *testing.T) {
	public, private := start(t, ""), start(t, token)
	path := filepath.Join(t.TempDir(), "board.json")
	if err := os.WriteFile(path, []byte(" "+board("on disk")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, arg, server string
		revision          int    // that is asked for
		title             string // of the dashboard that is received
		got               int    // the revision that is received
		public, private   []string
	}{
		{
			name: "the newest revision", arg: "1860", title: "second", got: 2,
			public: []string{"/api/dashboards/1860", "/api/dashboards/1860/revisions/2/download"},
		},
		{
			name: "a revision", arg: "1860", revision: 1, title: "first", got: 1,
			public: []string{"/api/dashboards/1860/revisions/1/download"},
		},
		{
			name: "a UID", arg: "uid:abc", server: private.URL(), title: "private",
			private: []string{"/api/dashboards/uid/abc"},
		},
		{
			name: "a path prefix", arg: "uid:abc", server: private.URL() + "/grafana/",
			title: "private", private: []string{"/grafana/api/dashboards/uid/abc"},
		},
		{
			name: "a page", arg: private.URL() + "/grafana/d/abc/x?orgId=1", title: "private",
			private: []string{"/grafana/api/dashboards/uid/abc"},
		},
		{
			name: "an address as a browser shows it", arg: "uid:abc", title: "private",
			server:  private.URL() + "/grafana/?orgId=1#x",
			private: []string{"/grafana/api/dashboards/uid/abc"},
		},
		{
			name: "a page of the server", arg: private.URL() + "/d/abc",
			server: private.URL() + "/grafana", title: "private",
			private: []string{"/api/dashboards/uid/abc"},
		},
		{
			name: "a URL", arg: public.URL() + "/files/board.json?key=v", title: "file",
			public: []string{"/files/board.json?key=v"},
		},
		{name: "a file", arg: path, title: "on disk"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, public.URL(), tt.server, token)
			ref, err := fetch.Parse(tt.arg)
			if err != nil {
				t.Fatal(err)
			}
			ref.Revision = tt.revision
			got, err := c.Get(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if got.Board.Title != tt.title || got.Revision != tt.got ||
				strings.TrimSpace(string(got.JSON)) != board(tt.title) {
				t.Errorf("got %q, revision %d, %s; want %q, revision %d", got.Board.Title,
					got.Revision, got.JSON, tt.title, tt.got)
			}
			checkCalls(t, "grafana.com", public.Calls(), tt.public, "")
			checkCalls(t, "the Grafana server", private.Calls(), tt.private, "Bearer "+token)
		})
	}
}

// checkCalls compares the requests that a server received, and their credentials.
func checkCalls(t *testing.T, who string, got []grafanadouble.Call, want []string, auth string) {
	t.Helper()
	var paths []string
	for _, c := range got {
		paths = append(paths, c.Path)
		if c.Authorization != auth {
			t.Errorf("%s got the credentials %q for %s, want %q", who, c.Authorization, c.Path,
				auth)
		}
	}
	if fmt.Sprint(paths) != fmt.Sprint(want) {
		t.Errorf("%s was asked for %q, want %q", who, paths, want)
	}
}

// What goes wrong is said in a sentence that says what to do, and without the token.
func TestGetFails(t *testing.T) {
	const login = `<!DOCTYPE html><html><form action="/login"><input type="password"></form></html>`
	for _, tt := range []struct {
		name, arg string
		revision  int
		token     string
		fault     grafanadouble.Fault
		want      []string
	}{
		{
			name: "an unknown number", arg: "1861",
			want: []string{"getting dashboard 1861 on grafana.com: ", "404 Not Found: Dashboard " +
				"not found; it has no dashboard of this number"},
		},
		{
			name: "an unknown revision", arg: "1860", revision: 9,
			want: []string{"getting revision 9 of dashboard 1860",
				"no revision 9 of this dashboard", "name no revision for the newest"},
		},
		{
			name: "no revision", arg: "1860", fault: grafanadouble.Fault{Body: `{"id":1860}`},
			want: []string{"does not say which revision is the newest"},
		},
		{
			name: "a page in place of grafana.com", arg: "1860",
			fault: grafanadouble.Fault{Body: "<html>Welcome to our wifi</html>"},
			want:  []string{"a web page instead of JSON; a proxy may have answered instead"},
		},
		{
			name: "grafana.com forbids it", arg: "1860", fault: grafanadouble.Fault{Status: 403},
			want: []string{"403 Forbidden; download the dashboard in a browser"},
		},
		{
			name: "grafana.com is busy", arg: "1860",
			fault: grafanadouble.Fault{Status: 429, RetryAfter: 90},
			want:  []string{"429 Too Many Requests; try again in 1m30s"},
		},
		{
			name: "grafana.com is down", arg: "1860",
			fault: grafanadouble.Fault{Status: 503, Body: "<html>down</html>"},
			want:  []string{"503 Service Unavailable; try again later"},
		},
		{
			name: "the connection breaks", arg: "1860", fault: grafanadouble.Fault{Drop: true},
			want: []string{"unexpected EOF; check the address and the network; or download"},
		},
		{
			name: "a long answer", arg: "1860", fault: grafanadouble.Fault{Length: 50 << 20},
			want: []string{"is longer than 16 MiB, so it is not a dashboard"},
		},
		{
			name: "a long answer of unknown length", arg: "1860",
			fault: grafanadouble.Fault{Length: 50 << 20, Chunked: true},
			want:  []string{"is longer than 16 MiB, so it is not a dashboard"},
		},
		{
			name: "no dashboard", arg: "1860",
			fault: grafanadouble.Fault{Path: "/download", Body: `{"a":1}`},
			want:  []string{"this is not a Grafana dashboard"},
		},
		{
			name: "no JSON", arg: "1860",
			fault: grafanadouble.Fault{Path: "/download", Body: "hello"},
			want:  []string{"reading the dashboard: "},
		},
		{
			name: "no token", arg: "uid:abc",
			want: []string{"401 Unauthorized: Unauthorized; give a token of a service account"},
		},
		{
			name: "a wrong token", arg: "uid:abc", token: "glsa_wrong_token",
			want: []string{"Invalid API key; the token is wrong, has expired or may not view"},
		},
		{
			name: "a token without a role", arg: "uid:abc", token: token,
			fault: grafanadouble.Fault{Status: 403, Body: `{"message":"no ` + token + `"}`},
			want:  []string{"403 Forbidden: no <redacted>; the token is wrong"},
		},
		{
			name: "an unknown UID", arg: "uid:xyz", token: token,
			want: []string{"getting dashboard xyz: ", "Dashboard not found; it has no dashboard " +
				"of this UID", "path prefix"},
		},
		{
			name: "a login page", arg: "uid:abc", token: token,
			fault: grafanadouble.Fault{Body: login},
			want:  []string{"with a login page for people; the token is wrong"},
		},
		{
			name: "another page", arg: "uid:abc", token: token,
			fault: grafanadouble.Fault{Body: "<html>Hello</html>"},
			want:  []string{"a web page instead of JSON; check --grafana-url"},
		},
		{
			name: "a redirect to a login", arg: "uid:abc",
			fault: grafanadouble.Fault{Redirect: "/login"},
			want:  []string{"redirects to a login page for people; give a token"},
		},
		{
			name: "a redirect in a circle", arg: "uid:abc", token: token,
			fault: grafanadouble.Fault{Redirect: "/api/dashboards/uid/abc"},
			want:  []string{"too many redirects"},
		},
		{
			name: "a page of a repository", arg: "LINK/files/board.json",
			fault: grafanadouble.Fault{Body: "<!DOCTYPE html><html>code</html>"},
			want:  []string{"give the address of the JSON file itself (on GitHub: Raw)"},
		},
		{
			name: "a file that is gone", arg: "LINK/files/none.json?key=hunter2",
			want: []string{"/files/none.json: ", "404 Not Found; check the address"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := start(t, token)
			if tt.fault != (grafanadouble.Fault{}) {
				d.Fail(tt.fault)
			}
			c := newClient(t, d.URL(), d.URL(), tt.token)
			ref, err := fetch.Parse(strings.Replace(tt.arg, "LINK", d.URL(), 1))
			if err != nil {
				t.Fatal(err)
			}
			ref.Revision = tt.revision
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := c.Get(t.Context(), ref)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Fatalf("got %s, want an error", got.JSON)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			for _, hidden := range []string{token, "hunter2", "glsa_"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("got error %v, want it without the secret %s", err, hidden)
				}
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 100 {
				t.Errorf("it allocated %d MiB, want at most 100", used)
			}
		})
	}
}

// The token goes to no other server than the one that it is for, and the address of a file to
// nobody.
func TestTokenStaysHome(t *testing.T) {
	home, other := start(t, token), start(t, "")
	home.Fail(grafanadouble.Fault{
		Path: "/uid/abc", Redirect: other.URL() + "/api/dashboards/uid/abc",
	})
	_, err := get(t, newClient(t, other.URL(), home.URL(), token), "uid:abc")
	if err == nil || !strings.Contains(err.Error(), "redirects to "+other.URL()) ||
		!strings.Contains(err.Error(), "the token is not sent to another address") {
		t.Errorf("got %v, want that the token is not sent to another address", err)
	}
	checkCalls(t, "the other server", other.Calls(), nil, "")

	// a page of another server
	got, err := get(t, newClient(t, other.URL(), home.URL(), token), other.URL()+"/d/abc/x")
	if err != nil || got.Board.Title != "private" {
		t.Errorf("got %v, %v; want the other server's dashboard", got, err)
	}
	checkCalls(t, "the other server", other.Calls(), []string{"/api/dashboards/uid/abc"}, "")
	home.Mend()
	_, err = get(t, newClient(t, other.URL(), other.URL(), token), home.URL()+"/d/abc/x")
	if err == nil || !strings.Contains(err.Error(), "the token was not sent, because it is for "+
		parsed(t, other.URL()).Host) {
		t.Errorf("got %v, want that the token was not sent", err)
	}

	// a file that is elsewhere
	home.Calls()
	home.Serve("/d/board.json", board("moved"))
	other.Fail(grafanadouble.Fault{Path: "/b.json", Redirect: home.URL() + "/d/board.json"})
	got, err = get(t, newClient(t, other.URL(), home.URL(), token), other.URL()+"/b.json?key=v")
	if err != nil || got.Board.Title != "moved" {
		t.Errorf("got %v, %v; want the dashboard that was moved", got, err)
	}
	for _, c := range home.Calls() {
		if c.Referer != "" || c.Authorization != "" {
			t.Errorf("the target of a redirect got %+v, want no address and no token", c)
		}
	}
}

func TestGetFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := write("long.json", "", 0o600)
	if err := os.Truncate(long, 50<<20); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	closed := write("closed.json", board("x"), 0)
	c := newClient(t, "http://127.0.0.1:1", "", "")
	for path, want := range map[string]string{
		filepath.Join(dir, "none.json"):   "there is no such file; write the number",
		filepath.Join(long, "below"):      "reading the file: not a directory",
		dir:                               "it is a directory; give a file in it",
		long:                              "the file is longer than 16 MiB",
		pipe:                              "a pipe that nobody writes into",
		write("empty.json", " \n", 0o600): "the file is empty",
		write("page.html", "<!DOCTYPE html><p>", 0o600): "it is a web page and not a dashboard",
		write("text.json", "hello", 0o600):              "reading the dashboard: ",
		write("other.json", `{"panels":[]}`, 0o600):     "it has no panels",
		write("one\nline.json", `{"panels":[]}`, 0o600): "one line.json: ",
		write("list.json", `[{"title":"x"},{}]`, 0o600): "a list of 2 entries",
		write("cut.json", board("x")[:40], 0o600):       "reading the dashboard: ",
	} {
		if _, err := get(t, c, path); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.HasPrefix(err.Error(), "getting /") {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	marked := write("marked.json", "\ufeff"+board("marked"), 0o600)
	if got, err := get(t, c, marked); err != nil || string(got.JSON) != board("marked") {
		t.Errorf("a file with a byte order mark: got %v, %v; want the dashboard", got, err)
	}
	if _, err := get(t, c, closed); os.Geteuid() != 0 && (err == nil ||
		!strings.Contains(err.Error(), "the file cannot be read")) {
		t.Errorf("got %v, want that the file cannot be read", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, s := range []string{"grafana:3000", "ftp://g", "https://u:hunter2@g", "https://"} {
		for name, o := range map[string]fetch.Options{
			"grafana.com": {Public: parsed(t, s)}, "Grafana": {Grafana: parsed(t, s)},
		} {
			if _, err := fetch.New(o); err == nil || strings.Contains(err.Error(), "hunter2") ||
				!strings.HasPrefix(err.Error(), "the address of "+name+": ") {
				t.Errorf("%s: got %v, want an error about the address of %s", s, err, name)
			}
		}
	}
	c := newClient(t, "https://grafana.com", "", token)
	if _, err := get(t, c, "uid:abc"); err == nil || !strings.Contains(err.Error(),
		"needs the address of a Grafana server; write --grafana-url") {
		t.Errorf("got %v, want that a UID needs the address of a server", err)
	}
	if _, err := c.Get(t.Context(), fetch.Ref{UID: "../../../admin"}); err == nil ||
		!strings.Contains(err.Error(), "is not the UID of a dashboard") {
		t.Errorf("got %v, want that it is not a UID", err)
	}
}
