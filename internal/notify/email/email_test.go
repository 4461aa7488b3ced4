package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/notify/notifytest"
	"github.com/promsnap/promsnap/internal/secret"
)

func TestContract(t *testing.T) {
	notifytest.Run(t, func(t *testing.T) notifytest.Tested {
		d := serve(t)
		nobody := d.options()
		nobody.Port = "1"
		return notifytest.Tested{
			Notifier: New(d.options()), Role: notify.RoleChanges, Unreachable: New(nobody),
			Arrived: d.arrived,
			Refuse:  func() { d.answer("MAIL", "550 no "+notifytest.Secret) },
			Hang:    func() { d.answer("(greeting)", "") },
		}
	})
}

// outcome returns what an error says about the delivery.
func outcome(err error) string {
	switch {
	case err == nil:
		return "delivered"
	case is[*notify.RefusedError](err):
		return "refused"
	case is[*notify.RetryError](err):
		return "retry"
	}
	return "unknown"
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		command, answer, want, says string
	}{
		{"(greeting)", "421 too busy", "retry", "the mail server answered 421 too busy"},
		{"(greeting)", "554 no SMTP service here", "refused", "takes no mail from this machine"},
		{"(greeting)", "HTTP/1.1 400 Bad Request", "refused", "does not speak SMTP"},
		{"(greeting)", "-", "retry", "it closed the connection"},
		{"EHLO", "421 going down", "retry", "421 going down"},
		{"STARTTLS", "454 TLS not available", "retry", "454 TLS not available"},
		{"STARTTLS", "502 no", "refused", "another port"},
		{"AUTH", "535 5.7.8 bad " + notifytest.Secret, "refused", "check auth_username"},
		{"AUTH", "454 4.7.0 later", "retry", "454 4.7.0 later"},
		{"MAIL", "550 5.7.60 not yours", "refused", "check from"},
		{"MAIL", "451 greylisted, come back", "retry", "451 greylisted"},
		{"MAIL", "552 too large", "refused", "check from"},
		{"RCPT", "550 no such user", "refused", "check to and cc"},
		{"RCPT", "450 4.2.0 greylisted", "retry", "450 4.2.0 greylisted"},
		{"DATA", "451 no", "retry", "451 no"},
		{"DATA", "554 no", "refused", "554 no"},
		{"DATA", "-", "retry", "it closed the connection"},
		{".", "452 disk full", "retry", "452 disk full"},
		{".", "552 message too large", "refused", "set a lower max_size"},
		{".", "554 5.7.1 spam", "refused", "554 5.7.1 spam"},
		{".", "-", "unknown", "did not say whether it has the message: it closed the connection"},
	} {
		d := serve(t)
		d.answer(tc.command, tc.answer)
		if tc.command == "EHLO" {
			d.answer("HELO", tc.answer)
		}
		_, err := New(d.options()).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindNew))
		if got := outcome(err); got != tc.want || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s %s: got %s: %v, want %s that says %q", tc.command, tc.answer, got, err,
				tc.want, tc.says)
		}
		if err != nil && strings.Contains(err.Error(), notifytest.Secret) {
			t.Errorf("%s: got %v, want no secret", tc.command, err)
		}
	}
}

// Every wait ends with the context, at every stage.
func TestHangs(t *testing.T) {
	for _, tc := range []struct{ command, want, says string }{
		{"(greeting)", "retry", "write force_implicit_tls: true"},
		{"EHLO", "retry", "the run is over"},
		{"STARTTLS", "retry", "the run is over"},
		{"AUTH", "retry", "the run is over"},
		{"MAIL", "retry", "the run is over"},
		{"RCPT", "retry", "the run is over"},
		{"DATA", "retry", "the run is over"},
		{".", "unknown", "did not say whether it has the message: the run is over"},
	} {
		d := serve(t)
		d.answer(tc.command, "")
		over := errors.New("the run is over")
		ctx, cancel := context.WithCancelCause(t.Context())
		if tc.command == "(greeting)" { // the connection may not be known to be there when it hangs
			defer time.AfterFunc(100*time.Millisecond, func() { cancel(over) }).Stop()
		} else {
			go func() {
				<-d.hung
				cancel(over)
			}()
		}
		_, err := New(d.options()).Notify(ctx,
			notifytest.Delivery(notify.RoleChanges, notify.KindTest))
		cancel(nil)
		if got := outcome(err); got != tc.want || !strings.Contains(err.Error(), tc.says) ||
			!errors.Is(err, over) {
			t.Errorf("%s: got %s: %v, want %s that says %q", tc.command, got, err, tc.want, tc.says)
		}
	}
}

func TestTLS(t *testing.T) {
	other, _ := certificate(t, "localhost", slotYear())
	named, namedCA := certificate(t, "mail.example.com", slotYear())
	old, oldCA := certificate(t, "localhost", slotYear().Add(-36*time.Hour))
	nameless, namelessCA := certificate(t, "", slotYear())
	for _, tc := range []struct {
		name   string
		change func(d *double, o *Options)
		want   string
		says   string
	}{
		{"STARTTLS", func(*double, *Options) {}, "delivered", ""},
		{"implicit", func(d *double, o *Options) { d.implicit, o.ImplicitTLS = true, true },
			"delivered", ""},
		{"no STARTTLS", func(d *double, _ *Options) { d.offers = nil }, "refused",
			"offers no TLS (STARTTLS); write require_tls: false"},
		{"plain", func(d *double, o *Options) {
			d.offers, o.RequireTLS, o.Username = nil, false, ""
		}, "delivered", ""},
		{"password without TLS to this machine", func(d *double, o *Options) {
			d.offers, o.RequireTLS = []string{"AUTH PLAIN"}, false
		}, "delivered", ""},
		{"implicit at a plain port", func(_ *double, o *Options) { o.ImplicitTLS = true },
			"refused", "remove force_implicit_tls"},
		{"unknown authority", func(d *double, _ *Options) { d.cert = other }, "refused",
			"set tls_config.ca_file"},
		{"another name", func(d *double, o *Options) {
			d.cert, o.TLS = named, &tls.Config{RootCAs: namedCA}
		}, "refused", "tls_config.server_name"},
		{"no name", func(d *double, o *Options) {
			d.cert, o.TLS = nameless, &tls.Config{RootCAs: namelessCA}
		}, "refused", "the server needs a certificate that names it (subjectAltName)"},
		{"a name that is configured", func(d *double, o *Options) {
			d.cert, o.TLS = named, &tls.Config{
				RootCAs: namedCA, ServerName: "mail.example.com",
			}
		}, "delivered", ""},
		{"expired", func(d *double, o *Options) {
			d.cert, o.TLS = old, &tls.Config{RootCAs: oldCA}
		}, "refused", "needs another certificate"},
		{"no verification", func(d *double, o *Options) {
			d.cert, o.TLS = other, &tls.Config{InsecureSkipVerify: true}
		}, "delivered", ""},
		{"old TLS", func(_ *double, o *Options) {
			o.TLS.MinVersion, o.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}, "refused", "tls_config.min_version"},
	} {
		d := serve(t)
		o := d.options()
		d.set(func() { tc.change(d, &o) })
		_, err := New(o).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindTest))
		if got := outcome(err); got != tc.want || err != nil &&
			!strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %s: %v, want %s that says %q", tc.name, got, err, tc.want, tc.says)
		}
	}
}

// Another machine without TLS gets no password.
func TestPasswordNeedsTLS(t *testing.T) {
	d := serve(t)
	d.set(func() { d.offers = []string{"AUTH PLAIN"} })
	c, err := net.Dial("tcp", net.JoinHostPort("localhost", d.port))
	if err != nil {
		t.Fatal(err)
	}
	o := d.options()
	o.Host, o.RequireTLS = "mail.example.com", false
	s := &session{o: o, conn: &bounded{Conn: c, left: maxAnswers}}
	defer s.close()
	err = s.begin(t.Context(), notifytest.Secret)
	d.mu.Lock()
	defer d.mu.Unlock()
	if outcome(err) != "refused" || !strings.Contains(err.Error(), "no password without") ||
		d.login != "" {
		t.Errorf("got %v and login %q, want a refusal and none", err, d.login)
	}
}

func TestLogin(t *testing.T) {
	for _, tc := range []struct{ offer, identity, want, says string }{
		{"AUTH PLAIN LOGIN", "", "PLAIN \x00promsnap\x00" + notifytest.Secret, ""},
		{"AUTH LOGIN", "", "LOGIN promsnap|" + notifytest.Secret, ""},
		{"AUTH PLAIN", "team", "PLAIN team\x00promsnap\x00" + notifytest.Secret, ""},
		{"AUTH GSSAPI", "", "", "no login that promsnap knows"},
		{"SIZE", "", "", "offers no login (AUTH)"},
	} {
		d := serve(t)
		d.set(func() { d.offers = []string{"STARTTLS", tc.offer} })
		o := d.options()
		o.Identity = tc.identity
		_, err := New(o).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindTest))
		d.mu.Lock()
		got := d.login
		d.mu.Unlock()
		if got != tc.want || tc.says == "" && err != nil || tc.says != "" &&
			(outcome(err) != "refused" || !strings.Contains(err.Error(), tc.says)) {
			t.Errorf("%s: got login %q and %v, want %q and %q", tc.offer, got, err, tc.want, tc.says)
		}
	}
}

// Without a login, a refusal says what is missing.
func TestLoginIsWanted(t *testing.T) {
	for _, tc := range []struct{ command, answer string }{
		{"MAIL", "530 5.7.0 Authentication required"}, {"RCPT", "550 relay not permitted"},
		{"RCPT", "554 5.7.1 Relay access denied"},
	} {
		d := serve(t)
		d.answer(tc.command, tc.answer)
		o := d.options()
		o.Username, o.Password = "", secret.String{}
		_, err := New(o).Notify(t.Context(),
			notifytest.Delivery(notify.RoleChanges, notify.KindTest))
		if outcome(err) != "refused" || !strings.Contains(err.Error(), "set auth_username") {
			t.Errorf("%s: got %v, want a refusal that says to log in", tc.answer, err)
		}
	}
}

// A recipient that the server refuses does not stop the message to the others.
func TestOneRefusedRecipient(t *testing.T) {
	for _, answer := range []string{"550 no such user", "452 mailbox full"} {
		d := serve(t)
		d.answer("RCPT TO:<boss@", answer)
		n := New(d.options())
		_, err := n.Notify(t.Context(), notifytest.Delivery(notify.RoleChanges, notify.KindNew))
		notes := n.FollowUp(t.Context())
		if err != nil || d.arrived() == "" || notes == nil ||
			!strings.Contains(notes.Error(), "boss@example.com did not get a message") {
			t.Errorf("%s: got %v with notes %v, want a message and a note about boss", answer, err,
				notes)
		}
		if again := n.FollowUp(t.Context()); again != nil {
			t.Errorf("got notes %v again, want none", again)
		}
	}
}

// A server that talks without end is no mail server.
func TestEndlessAnswer(t *testing.T) {
	d := serve(t)
	d.answer("(greeting)", "220-"+strings.Repeat("x", 2<<20))
	_, err := New(d.options()).Notify(t.Context(),
		notifytest.Delivery(notify.RoleChanges, notify.KindTest))
	if outcome(err) != "refused" || !strings.Contains(err.Error(), "does not speak SMTP") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestPasswordThatCannotBeRead(t *testing.T) {
	d := serve(t)
	o := d.options()
	o.Password = secret.Env("SMTP_PASSWORD", func(string) (string, bool) { return "", false })
	_, err := New(o).Notify(t.Context(), notifytest.Delivery(notify.RoleChanges, notify.KindNew))
	if outcome(err) != "refused" || !strings.Contains(err.Error(), "SMTP_PASSWORD") ||
		len(d.commands()) > 0 {
		t.Errorf("got %v after %q, want a refusal that names the variable", err, d.commands())
	}
}

// The server never sees a line break, SMTPUTF8 or a command in an address.
func TestCommands(t *testing.T) {
	d := serve(t)
	d.set(func() { d.offers = append(d.offers, "SMTPUTF8", "8BITMIME") })
	if _, err := New(d.options()).Notify(t.Context(),
		notifytest.Delivery(notify.RoleChanges, notify.KindNew)); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(d.commands(), "\n")
	const want = "MAIL FROM:<promsnap@example.com>\nRCPT TO:<team@example.com>\n" +
		"RCPT TO:<boss@example.com>\nDATA"
	if !strings.Contains(got, want) || !strings.HasPrefix(got, "EHLO promsnap.example.com\n") {
		t.Errorf("got commands\n%s\nwant\n%s", got, want)
	}
}
