package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/outside"
)

// stage is how far a conversation with the server has come.
type stage int

// The stages.
const (
	greeting stage = iota
	securing
	loggingIn
	sender
	recipient
	transfer   // the message is on its way; a server without its end keeps nothing
	acceptance // the message is complete; the answer says whether the server has it
)

// quotedSize is how many characters of an answer an error quotes.
const quotedSize = 300

// refusal returns an error that says that nothing was delivered.
func refusal(why string) error { return &notify.RefusedError{Err: errors.New(why)} }

// failed returns the error of a stage, in Notifier's terms.
func (s *session) failed(ctx context.Context, at stage, err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return s.answered(at, answer)
	}
	why := whyEnded(ctx, err)
	switch {
	case at == acceptance:
		return fmt.Errorf("sending e-mail: the mail server did not say whether it has the "+
			"message: %w", why)
	case at == greeting && !s.o.ImplicitTLS && ctx.Err() != nil:
		why = fmt.Errorf("%w; if the server speaks TLS at this port from the first byte, write "+
			"force_implicit_tls: true", why)
	case at == greeting && errors.Is(err, errTooMuch):
		return refusal("the mail server does not speak SMTP; check smarthost")
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return refusal("the mail server does not speak SMTP; check the host and the port in " +
			"smarthost")
	}
	return &notify.RetryError{Err: fmt.Errorf("talking to the mail server: %w", why)}
}

// answered returns the error of an answer that is no success. 4xx may be over soon, as with
// greylisting, 5xx is final.
func (s *session) answered(at stage, answer *textproto.Error) error {
	said := outside.Said(s.hidden.Scrub(answer.Msg), quotedSize)
	err := error(&serverError{fmt.Sprintf("the mail server answered %d %s", answer.Code, said),
		answer})
	if answer.Code/100 != 5 {
		return &notify.RetryError{Err: err}
	}
	if advice := s.advice(at, answer); advice != "" {
		err = fmt.Errorf("%w; %s", err, advice)
	}
	return &notify.RefusedError{Err: err}
}

// serverError is an answer of the server without what must not be shown.
type serverError struct {
	said  string
	cause *textproto.Error
}

func (e *serverError) Error() string { return e.said }

// Unwrap returns the answer as it was. It must not be shown.
func (e *serverError) Unwrap() error { return e.cause }

// The codes of answers: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3 and RFC 4954.
const (
	codeNotAllowed  = 530 // a login or TLS is required
	codeWeakLogin   = 534
	codeWrongLogin  = 535
	codeOverQuota   = 552 // also: the message is too large
	codeTransaction = 554
)

// advice returns what to do about a refusal.
func (s *session) advice(at stage, answer *textproto.Error) string {
	switch {
	case at == loggingIn && (answer.Code == codeWrongLogin || answer.Code == codeWeakLogin):
		return "check auth_username and its password; some servers want a password of its own " +
			"for each program"
	case at == loggingIn:
		return "check auth_username, its password, and that it may send mail"
	case at == greeting:
		return "it takes no mail from this machine; check smarthost, and whom the server accepts"
	case at == securing:
		return "it offers TLS (STARTTLS) and then refuses it; write another port, such as 465"
	case answer.Code == codeNotAllowed && s.o.Username == "" ||
		at == recipient && s.o.Username == "" && saysRelay(answer.Msg):
		return "it wants a login: set auth_username and auth_password_file"
	case at == sender:
		return "check from: the server must know this address as one of yours"
	case at == recipient:
		return "check to and cc"
	case answer.Code == codeOverQuota || strings.Contains(strings.ToLower(answer.Msg), "size"):
		return "set a lower max_size"
	}
	return ""
}

// saysRelay reports whether a refusal is about a recipient of another domain.
func saysRelay(said string) bool { return strings.Contains(strings.ToLower(said), "relay") }

// tlsError returns the error of a handshake.
func (s *session) tlsError(ctx context.Context, err error) error {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return s.answered(securing, answer)
	}
	err = whyEnded(ctx, err)
	advice := ""
	name, otherName := errors.AsType[x509.HostnameError](err)
	switch {
	case ctx.Err() != nil:
		return &notify.RetryError{Err: fmt.Errorf("switching to TLS with the mail server: %w", err)}
	case otherName && exchange.Nameless(name.Certificate):
		advice = exchange.NamelessAdvice
	case otherName:
		advice = "write a name of its certificate into smarthost or tls_config.server_name"
	case is[x509.UnknownAuthorityError](err):
		advice = "set tls_config.ca_file to the certificate of the authority that signed it"
	case is[x509.CertificateInvalidError](err):
		advice = "the server needs another certificate"
	case is[*tls.CertificateVerificationError](err):
		advice = "check its certificate"
	case is[tls.RecordHeaderError](err):
		advice = "it does not speak TLS at this port from the first byte; write the port for " +
			"STARTTLS, such as 587, or remove force_implicit_tls"
	case is[tls.AlertError](err) || strings.Contains(err.Error(), "remote error: tls:"):
		advice = "it wants another version of TLS or a certificate: see tls_config.min_version " +
			"and tls_config.cert_file"
	default:
		return &notify.RetryError{Err: fmt.Errorf("switching to TLS with the mail server: %w", err)}
	}
	return &notify.RefusedError{
		Err: fmt.Errorf("switching to TLS with the mail server: %w; %s", err, advice),
	}
}

// is reports whether an error is or wraps an E.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
