//go:build acceptance

package acceptance

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mailServer is an Exim that keeps every message.
type mailServer struct {
	dir string
	// ports: submission has STARTTLS and needs a login, implicit speaks TLS from the first byte,
	// plain has neither TLS nor a login
	submission, implicit, plain string
	ca                          string // its certificate
}

const mailPassword = "correct-horse-battery"

// eximConfig is the configuration of the server, without its directory, ports and password. It
// refuses nobody@, and defers the first message to grey@.
const eximConfig = `
primary_hostname = localhost
spool_directory = DIR/spool
log_file_path = DIR/spool/%slog
pid_file_path = DIR/spool/pid
exim_path = /usr/sbin/exim4
local_interfaces = 127.0.0.1
daemon_smtp_ports = SUBMISSION : IMPLICIT : PLAIN
tls_on_connect_ports = IMPLICIT
tls_advertise_hosts = ${if eq{$received_port}{PLAIN}{}{*}}
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
tls_certificate = DIR/certificate.pem
tls_privatekey = DIR/key.pem
message_size_limit = 3M
host_lookup =
keep_environment =
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny local_parts = nobody
    message = no such user here
  defer local_parts = grey
    condition = ${if exists{DIR/spool/seen}{no}{yes}}
    set acl_m0 = ${run{/usr/bin/touch DIR/spool/seen}}
    message = greylisted, try again
  accept condition = ${if eq{$received_port}{PLAIN}}
  accept authenticated = *
  deny message = relay not permitted
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = DIR/spool/mail
  maildir_format
  envelope_to_add
  user = USER
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${if and{{eq{$auth2}{promsnap}}{eq{$auth3}{PASSWORD}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{promsnap}}{eq{$auth2}{PASSWORD}}}}
`

// startMail runs an Exim on loopback. It needs root, which Exim gives up.
func startMail(t *testing.T) *mailServer {
	t.Helper()
	const exim = "/usr/sbin/exim4"
	if _, err := os.Stat(exim); err != nil {
		t.Fatalf("%v; run testdata/servers/install.sh", err)
	}
	owner, err := user.Lookup("Debian-exim")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "promsnap-mail") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &mailServer{dir: dir}
	for _, p := range []*string{&s.submission, &s.implicit, &s.plain} {
		_, *p, _ = net.SplitHostPort(freePort(t))
	}
	s.ca = newWebConfig(t).ca
	cert, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(filepath.Dir(s.ca), "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("DIR", dir, "SUBMISSION", s.submission, "IMPLICIT", s.implicit,
		"PLAIN ", s.plain+" ", "PLAIN}", s.plain+"}", "PLAIN\ntls", s.plain+"\ntls",
		"PASSWORD", mailPassword, "USER", owner.Username).Replace(eximConfig)
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for _, err := range []error{
		os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "spool"), 0o755),
		os.WriteFile(filepath.Join(dir, "certificate.pem"), cert, 0o644),
		os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600),
		os.WriteFile(filepath.Join(dir, "exim.conf"), []byte(text), 0o644),
		os.Chown(filepath.Join(dir, "spool"), uid, gid),
		os.Chown(filepath.Join(dir, "key.pem"), uid, gid),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	start(t, nil, exim, "-C", filepath.Join(dir, "exim.conf"), "-bdf")
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "spool", "mainlog"))
			t.Logf("Exim's log:\n%s", tail(string(log), 4000))
		}
	})
	await(t, "Exim to listen", func() error {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.plain)
		if err == nil {
			_ = c.Close()
		}
		return err
	})
	return s
}

// mailed is a message that the server has delivered.
type mailed struct {
	to     string // the recipient
	header mail.Header
	parts  map[string][]byte // by content type, or by the name of a file
}

// take waits for messages and removes them, sorted by recipient.
func (s *mailServer) take(t *testing.T, n int) []mailed {
	t.Helper()
	folder := filepath.Join(s.dir, "spool", "mail", "new")
	await(t, fmt.Sprintf("%d messages", n), func() error {
		files, _ := os.ReadDir(folder)
		if len(files) < n {
			return fmt.Errorf("%d messages", len(files))
		}
		return nil
	})
	var out []mailed
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path)
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		one := mailed{m.Header.Get("Envelope-To"), m.Header, map[string][]byte{}}
		one.read(t, textproto.MIMEHeader(m.Header), m.Body)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b mailed) int { return strings.Compare(a.to, b.to) })
	if len(out) != n {
		t.Fatalf("got %d messages, want %d", len(out), n)
	}
	return out
}

// read reads a part of a message, and those in it.
func (m *mailed) read(t *testing.T, h textproto.MIMEHeader, body io.Reader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			part, err := r.NextRawPart()
			if err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
			m.read(t, part.Header, part)
		}
	}
	body = map[string]io.Reader{
		"base64":           base64.NewDecoder(base64.StdEncoding, body),
		"quoted-printable": quotedprintable.NewReader(body),
	}[h.Get("Content-Transfer-Encoding")]
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if _, file, _ := mime.ParseMediaType(h.Get("Content-Disposition")); file["filename"] != "" {
		kind = file["filename"]
	}
	m.parts[kind] = data
}

// mailConfig returns a configuration whose people read e-mail with these further keys.
func mailConfig(t *testing.T, fleet, dir, keys string) string {
	t.Helper()
	return configFile(t, fmt.Sprintf(`version: 1
cluster: prod-seoul
prometheus: {url: '%s'}
reports:
  - name: check
    range: 1h
    send: changes
    receivers: [team]
    panels:
      - {name: memory, subject: memory, query: %s, unit: percentunit, legend: '{{node}}', step: 1m, rules: [{alertname: NodeMemoryHigh, above: {critical: 90%%}, for: 3m}]}
receivers:
  - name: team
    email: {from: 'promsnap <promsnap@example.com>', %s}
state: {dir: '%s'}
`, fleet, fleetQuery, keys, filepath.Join(dir, "state")))
}

// TestEmail sends e-mail to a real server and reads it back.
func TestEmail(t *testing.T) {
	t.Parallel() // it mostly waits
	s := startMail(t)
	fleet := serve(t, fleet{
		"ip-10-0-1-11": {{postSlot.Add(-40 * time.Minute), postSlot.Add(5 * time.Minute)}},
	})
	login := fmt.Sprintf("auth_username: promsnap, auth_password: '%s', tls_config: {ca_file: '%s'}",
		mailPassword, s.ca)
	deliver := func(t *testing.T, dir string, slot time.Time, keys string) outcome {
		t.Helper()
		return promsnap(t, "run", "check", "-c", mailConfig(t, fleet, dir, keys), "--deliver",
			"--time", slot.Format(time.RFC3339), "--timeout", "40s")
	}
	t.Run("thread", func(t *testing.T) {
		dir := t.TempDir()
		keys := fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'team@example.com', "+
			"cc: 'boss@example.com', %s", s.submission, login)
		deliver(t, dir, postSlot, keys).want(t, 0)
		first := s.take(t, 2)
		checkMail(t, first)
		deliver(t, dir, postSlot, keys).want(t, 0) // the same slot again: nothing
		deliver(t, dir, postSlot.Add(30*time.Minute), keys).want(t, 0)
		last := s.take(t, 2)[0]
		id := first[0].header.Get("Message-Id")
		if got := last.header.Get("In-Reply-To"); got != id || got == "" ||
			!strings.Contains(string(last.parts["text/plain"]), "resolved") {
			t.Errorf("got a reply to %q, want one to %q that says resolved:\n%s", got, id,
				last.parts["text/plain"])
		}
	})
	for _, tc := range []struct{ name, keys string }{
		{"implicit TLS", fmt.Sprintf("smarthost: '127.0.0.1:%s', force_implicit_tls: true, "+
			"to: 'team@example.com', %s", s.implicit, login)},
		{"plain", fmt.Sprintf("smarthost: '127.0.0.1:%s', require_tls: false, "+
			"to: 'team@example.com'", s.plain)},
		{"greylisting", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'grey@example.com', %s",
			s.submission, login)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			deliver(t, t.TempDir(), postSlot, tc.keys).want(t, 0)
			s.take(t, 1)
		})
	}
	t.Run("one refused recipient", func(t *testing.T) {
		o := deliver(t, t.TempDir(), postSlot, fmt.Sprintf("smarthost: '127.0.0.1:%s', "+
			"to: 'team@example.com, nobody@example.com', %s", s.submission, login)).want(t, 0)
		s.take(t, 1)
		if !strings.Contains(o.stderr+o.stdout, "nobody@example.com did not get a message: the "+
			"mail server answered 550 no such user here") {
			t.Errorf("got %s, want a note about nobody", o.stderr)
		}
	})
	hanging := serveNothing(t)
	for _, tc := range []struct{ name, keys, says string }{
		{"refused", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'nobody@example.com', %s",
			s.submission, login), "550 no such user here; check to and cc"},
		{"no login", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'team@example.com', "+
			"tls_config: {ca_file: '%s'}", s.submission, s.ca),
			"relay not permitted; it wants a login: set auth_username"},
		{"wrong password", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'team@example.com', %s",
			s.submission, strings.Replace(login, mailPassword, "MARKED-wrong", 1)),
			"the mail server answered 535 Incorrect authentication data; check auth_username"},
		{"unknown certificate", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'team@example.com'",
			s.submission), "set tls_config.ca_file"},
		{"no TLS", fmt.Sprintf("smarthost: '127.0.0.1:%s', to: 'team@example.com'", s.plain),
			"offers no TLS (STARTTLS); write require_tls: false"},
		{"hangs", fmt.Sprintf("smarthost: '%s', to: 'team@example.com'", hanging),
			"talking to the mail server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := promsnap(t, "run", "check", "-c", mailConfig(t, fleet, t.TempDir(), tc.keys),
				"--deliver", "--time", postSlot.Format(time.RFC3339), "--timeout", "10s").want(t, 1)
			if !strings.Contains(o.stderr, tc.says) || strings.Contains(o.stderr, "MARKED") {
				t.Errorf("got %s, want it to say %q", o.stderr, tc.says)
			}
		})
	}
}

// serveNothing returns the address of a server that accepts connections and says nothing.
func serveNothing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	return l.Addr().String()
}

// checkMail checks the message about the alert, which both people got.
func checkMail(t *testing.T, got []mailed) {
	t.Helper()
	if got[0].to != "boss@example.com" || got[1].to != "team@example.com" {
		t.Errorf("got messages to %s and %s, want boss and team", got[0].to, got[1].to)
	}
	m := got[1]
	subject, err := new(mime.WordDecoder).DecodeHeader(m.header.Get("Subject"))
	if err != nil || !strings.Contains(subject, "prod-seoul") ||
		m.header.Get("Auto-Submitted") != "auto-generated" ||
		m.header.Get("To") != "<team@example.com>" || m.header.Get("Cc") != "<boss@example.com>" ||
		m.header.Get("List-Id") != "<check.prod-seoul.promsnap.example.com>" {
		t.Errorf("got subject %q (%v) and header %v, want those of the alert", subject, err,
			m.header)
	}
	html, page := string(m.parts["text/html"]), m.parts["check-20261109T090000Z.html"]
	for what, part := range map[string]string{
		"text": string(m.parts["text/plain"]), "HTML": html, "page": string(page),
	} {
		if !strings.Contains(part, "ip-10-0-1-11") {
			t.Errorf("got %s %.500s, want the node", what, part)
		}
	}
	if png := m.parts["memory-ip-10-0-1-11.png"]; !bytes.HasPrefix(png, []byte("\x89PNG")) ||
		!strings.Contains(html, `<img src="cid:1.`) {
		t.Errorf("got %d bytes of a picture and parts %q, want a PNG that the HTML shows",
			len(png), slices.Sorted(maps.Keys(m.parts)))
	}
}

// mailParrot returns the address of a mail server that refuses every login and repeats it, as it
// was sent and decoded.
func mailParrot(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go repeatLogin(c)
		}
	}()
	return l.Addr().String()
}

// repeatLogin holds one conversation of a mailParrot.
func repeatLogin(c net.Conn) {
	defer c.Close()
	in, answer := bufio.NewScanner(c), "220 parrot"
	for {
		if _, err := fmt.Fprintf(c, "%s\r\n", answer); err != nil || !in.Scan() {
			return
		}
		answer = "250-parrot\r\n250 AUTH PLAIN LOGIN"
		if login, ok := strings.CutPrefix(in.Text(), "AUTH PLAIN "); ok {
			plain, _ := base64.StdEncoding.DecodeString(login)
			answer = fmt.Sprintf("535 %s %q %s", login, plain, plain)
		}
	}
}
