package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/secret"
)

// maxAnswers is how much one server may say to one message, in bytes, including TLS.
const maxAnswers = 1 << 20

// session is a conversation with a mail server.
type session struct {
	o      Options
	conn   *bounded
	client *smtp.Client
	tls    bool
	hidden secret.Sent // the password, which the server may repeat
}

// bounded is a connection of which only so much is read.
type bounded struct {
	net.Conn
	left int
}

var errTooMuch = errors.New("the server says more than a mail server should")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// bound ends everything that waits for the server when ctx ends. It returns a function that stops
// that.
func (s *session) bound(ctx context.Context) (stop func()) {
	off := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
	return func() { off() }
}

// close says goodbye without waiting for an answer.
func (s *session) close() {
	if s.client != nil {
		_ = s.client.Text.PrintfLine("QUIT")
	}
	_ = s.conn.Close()
}

// begin does what comes before a message: greetings, TLS, login.
func (s *session) begin(ctx context.Context, password string) error {
	s.hidden.Hide(password)
	var conn net.Conn = s.conn
	if s.o.ImplicitTLS {
		encrypted := tls.Client(s.conn, s.tlsConfig())
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return s.tlsError(ctx, err)
		}
		conn, s.tls = encrypted, true
	}
	client, err := smtp.NewClient(conn, s.o.Host)
	if err != nil {
		return s.failed(ctx, greeting, err)
	}
	s.client = client
	if err := client.Hello(s.o.Hello); err != nil {
		return s.failed(ctx, greeting, err)
	}
	if err := s.startTLS(ctx); err != nil {
		return err
	}
	if s.o.Username == "" {
		return nil
	}
	return s.login(ctx, password)
}

// tlsConfig returns the configuration of TLS for this server.
func (s *session) tlsConfig() *tls.Config {
	c := &tls.Config{}
	if s.o.TLS != nil {
		c = s.o.TLS.Clone()
	}
	if c.ServerName == "" {
		c.ServerName = s.o.Host
	}
	return c
}

// startTLS switches to TLS if the server offers it.
func (s *session) startTLS(ctx context.Context) error {
	offered, _ := s.client.Extension("STARTTLS")
	switch {
	case s.tls:
		return nil
	case !offered && s.o.RequireTLS:
		return refusal("the mail server offers no TLS (STARTTLS); write require_tls: false if it " +
			"is in your own network, or the port at which it speaks TLS, such as 465")
	case !offered:
		return nil
	}
	if err := s.client.StartTLS(s.tlsConfig()); err != nil {
		return s.tlsError(ctx, err)
	}
	s.tls = true
	return nil
}

// login logs in with the best method that the server offers and promsnap knows.
func (s *session) login(ctx context.Context, password string) error {
	if !s.tls && !loopback(s.o.Host) {
		return refusal("the mail server offers no TLS (STARTTLS), and promsnap sends no password " +
			"without; remove auth_username, or write a server or a port with TLS")
	}
	offered, methods := s.client.Extension("AUTH")
	all := strings.Fields(strings.ToUpper(methods))
	a := auth{identity: s.o.Identity, username: s.o.Username, password: password}
	for _, m := range all {
		if m == "PLAIN" || m == "LOGIN" && a.method == "" {
			a.method = m
		}
	}
	switch {
	case !offered:
		return refusal("the mail server offers no login (AUTH); remove auth_username, or write " +
			"the port for programs that send mail, such as 587")
	case a.method == "":
		return refusal("the mail server offers no login that promsnap knows (AUTH PLAIN or " +
			"LOGIN)")
	}
	s.hidden.Hide(a.plain())
	if err := s.client.Auth(&a); err != nil {
		return s.failed(ctx, loggingIn, err)
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// auth is a login. It implements smtp.Auth for the methods PLAIN and LOGIN. Unlike smtp.PlainAuth,
// it leaves the check for TLS to login.
type auth struct{ method, identity, username, password string }

func (a *auth) plain() string { return a.identity + "\x00" + a.username + "\x00" + a.password }

// Start implements smtp.Auth.
func (a *auth) Start(*smtp.ServerInfo) (method string, first []byte, err error) {
	if a.method == "PLAIN" {
		return a.method, []byte(a.plain()), nil
	}
	return a.method, nil, nil
}

// Next implements smtp.Auth. Servers with LOGIN ask for the name and then for the password.
func (a *auth) Next(asked []byte, more bool) ([]byte, error) {
	switch what := strings.ToLower(string(asked)); {
	case !more:
		return nil, nil
	case a.method == "LOGIN" && strings.HasPrefix(what, "user"):
		return []byte(a.username), nil
	case a.method == "LOGIN" && strings.HasPrefix(what, "pass"):
		return []byte(a.password), nil
	}
	return nil, errors.New("the mail server asks for something else than a name and a password")
}

// room returns how large a message may be: most, or less if the server accepts less.
func (s *session) room(most int64) int64 {
	_, size := s.client.Extension("SIZE")
	if n, err := strconv.ParseInt(size, 10, 64); err == nil && n > 0 && n < most {
		return n
	}
	return most
}

// send sends a message. It returns the recipients that the server refused while it accepted others.
func (s *session) send(ctx context.Context, m message) (refused []error, err error) {
	// not client.Mail: it asks for SMTPUTF8, and servers that lack that return the message
	if err := s.command(ctx, sender, "MAIL FROM:<%s>", s.o.From.Address); err != nil {
		return nil, err
	}
	all := recipients(s.o)
	var first error
	for _, to := range all {
		err := s.command(ctx, recipient, "RCPT TO:<%s>", to)
		if _, answered := errors.AsType[*textproto.Error](err); err != nil && !answered {
			return nil, err
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("%s did not get a message: %w", to, err))
		}
		if retry := new(notify.RetryError); first == nil || errors.As(err, &retry) {
			first = err
		}
	}
	if len(refused) == len(all) {
		return nil, first
	}
	w, err := s.client.Data()
	if err != nil {
		return nil, s.failed(ctx, transfer, err)
	}
	if _, err := w.Write(m.body); err != nil {
		return nil, s.failed(ctx, transfer, err)
	}
	if err := w.Close(); err != nil {
		return nil, s.failed(ctx, acceptance, err)
	}
	return refused, nil
}

// command sends a command that the server must answer with 25x.
func (s *session) command(ctx context.Context, at stage, format, address string) error {
	id, err := s.client.Text.Cmd(format, address)
	if err != nil {
		return s.failed(ctx, at, err)
	}
	s.client.Text.StartResponse(id)
	defer s.client.Text.EndResponse(id)
	if _, _, err := s.client.Text.ReadResponse(25); err != nil {
		return s.failed(ctx, at, err)
	}
	return nil
}

// recipients returns the addresses of all recipients, each once.
func recipients(o Options) []string {
	var out []string
	seen := map[string]bool{}
	for _, all := range [][]mail.Address{o.To, o.CC} {
		for _, a := range all {
			if !seen[a.Address] {
				out, seen[a.Address] = append(out, a.Address), true
			}
		}
	}
	return out
}

// whyEnded returns the cause of ctx's end, or err if ctx has not ended.
func whyEnded(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return errors.New("it closed the connection")
	}
	return err
}
