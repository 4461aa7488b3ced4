//go:build acceptance

package acceptance

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testRefusals queries a Prometheus that requires TLS and a password, each time with one thing
// wrong. The run says what is wrong, exits with 1, still writes its report, and hides the password.
func testRefusals(t *testing.T, s *server, ca string) {
	const wrong = "wrong-horse:battery@staple"
	for _, tt := range []struct {
		name, http string
		say        []string
	}{
		{"password", fmt.Sprintf("tls_config: {ca_file: %s}\n    basic_auth: {username: %s, "+
			"password: '%s'}", ca, username, wrong),
			[]string{"401", "credentials"}},
		{
			"no password", fmt.Sprintf("tls_config: {ca_file: %s}", ca),
			[]string{"401", "basic_auth"},
		},
		{
			"unknown authority", fmt.Sprintf("basic_auth: {username: %s, password: '%s'}", username,
				wrong), []string{"certificate", "ca_file"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := configFile(t, fmt.Sprintf("version: 1\nprometheus:\n  url: %s\n  "+
				"http_config:\n    %s\n", s.url, tt.http))
			o := promsnap(t, append([]string{"run", "-c", config, "--log-format", "json"},
				atSlot...)...).want(t, 1)
			for _, want := range tt.say {
				if !strings.Contains(o.stdout+o.stderr, want) {
					t.Errorf("want %q in:\n%s%s", want, o.stdout, o.stderr)
				}
			}
			if doc := o.document(t, "default", slot); len(doc.Failures) != len(doc.Panels) {
				t.Errorf("the report has %d failures of %d panels, want all", len(doc.Failures),
					len(doc.Panels))
			}
			checkNoSecret(t, o, username, wrong)
		})
	}
	t.Run("password in the URL", func(t *testing.T) {
		u, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(username, wrong)
		o := promsnap(t, append([]string{
			"run", "--prometheus-url", u.String(), "--log-format", "json",
		}, atSlot...)...)
		if o.code != 1 && o.code != 2 {
			t.Errorf("exit code %d, want 1, or 2 if it refuses a password there", o.code)
		}
		checkNoSecret(t, o, username, wrong)
	})
}

// checkNoSecret looks in all output and files for a password in each form in which it is sent.
func checkNoSecret(t *testing.T, o outcome, user, secret string) {
	t.Helper()
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("",
		secret).String()[1:],
		base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))}
	slices.Sort(forms)
	forms = slices.Compact(forms)
	for where, text := range o.everything(t) {
		for _, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("%s holds the password as %q, want it hidden", where, form)
			}
		}
	}
}

// testSecret looks for the password in a run without faults.
func testSecret(t *testing.T, config string) {
	o := promsnap(t, append([]string{"run", "-c", config, "--log-format", "text"}, atSlot...)...).
		want(t, 0)
	checkNoSecret(t, o, username, password)
}

// testFailOn wants exit code 3 if there is a finding of that severity. A failed query's 1 takes
// precedence.
func testFailOn(t *testing.T, s *server) {
	config := func(panel string) string {
		return configFile(t, fmt.Sprintf("version: 1\nprometheus: {url: %s}\nreports:\n  - "+
			"{name: one, panels: [%s]}\n", s.url, panel))
	}
	warned, grave, broken := config("{use: node-requests}"), config("{use: node-memory}"),
		config("{use: node-memory}, {name: broken, query: node_memory_MemTotal_bytes / on () "+
			"node_memory_MemAvailable_bytes}")
	for _, tt := range []struct {
		name, config, failOn string
		code                 int
	}{
		{"warning without --fail-on", warned, "", 0},
		{"warning below critical", warned, "critical", 0},
		{"warning", warned, "warning", 3},
		{"critical", grave, "critical", 3},
		{"critical above warning", grave, "warning", 3},
		{"a failed query takes precedence", broken, "critical", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"run", "one", "-c", tt.config}, atSlot...)
			if tt.failOn != "" {
				args = append(args, "--fail-on", tt.failOn)
			}
			o := promsnap(t, args...).want(t, tt.code)
			o.file(t, "one", slot, "index.html")
		})
	}
}

// testGone stops Prometheus. The run must name the port-forward and the way that needs none.
func testGone(t *testing.T, s *server) {
	s.stop()
	o := promsnap(t, append([]string{"run", "--prometheus-url", s.url}, atSlot...)...).want(t, 1)
	for _, want := range []string{"connection refused", "port-forward", "omit the url"} {
		if !strings.Contains(strings.ToLower(o.stdout+o.stderr), want) {
			t.Errorf("want %q in:\n%s%s", want, o.stdout, o.stderr)
		}
	}
}

// testHung freezes Prometheus, so that it accepts connections and answers nothing. The run must end
// in time and write what it knows.
func testHung(t *testing.T, s *server) {
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	const timeout = 16 * time.Second
	o := promsnap(t, append([]string{
		"run", "--prometheus-url", s.url, "--timeout", timeout.String(),
	}, atSlot...)...).want(t, 1)
	if o.took > timeout+time.Second {
		t.Errorf("the run took %v, want at most %v and a second", o.took, timeout)
	}
	doc := o.document(t, "default", slot)
	if doc.Incomplete == "" || len(doc.Failures) != len(doc.Panels) {
		t.Errorf("incomplete %q, %d failures of %d panels; want a reason, and all", doc.Incomplete,
			len(doc.Failures), len(doc.Panels))
	}
}
