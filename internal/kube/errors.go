package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
)

// access is what a request needs to be allowed, in RBAC's words.
type access struct {
	verb      string
	group     string // "" is core
	resource  string // services/proxy with its subresource
	namespace string // "" is the whole cluster
	name      string // "" is all of them
}

// String reads as `kubectl auth can-i` does: "list nodes", "get services/proxy prometheus-server:80
// in namespace monitoring".
func (a access) String() string {
	words := a.verb + " " + a.resource
	if a.group != "" {
		words += "." + a.group
	}
	if a.name != "" {
		words += " " + a.name
	}
	if a.namespace != "" {
		words += " in namespace " + a.namespace
	}
	return words
}

// rule is the RBAC rule that allows a, as it is written in a Role.
func (a access) rule() string {
	r := fmt.Sprintf("apiGroups: [%q], resources: [%s], verbs: [%s]", a.group, a.resource, a.verb)
	if a.name != "" && (a.verb != "create" || strings.Contains(a.resource, "/")) {
		// the name of what is created is not known yet
		r += fmt.Sprintf(", resourceNames: [%q]", a.name)
	}
	return "{" + r + "}"
}

// Error is a request that the API server did not answer well. It shows no credentials.
type Error struct {
	Doing string // "list nodes"
	Hint  string // what to do
	Err   error

	denied bool // RBAC, or another authorizer, said no
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("%s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Denied tells whether err says that the user may not do what was asked.
func Denied(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.denied
}

// maxWords bounds what is repeated of an answer.
const maxWords = 400

// explain makes of a failed request what happened and what to do.
func (c *Cluster) explain(ctx context.Context, a access, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Doing: a.String(), Err: err}
	var status apierrors.APIStatus
	switch {
	case ctx.Err() != nil:
		e.Err = context.Cause(ctx)
	case errors.As(err, &status):
		e.Err = &answerError{int(status.Status().Code), brief(status.Status().Message), err}
		switch {
		case apierrors.IsUnauthorized(err):
			e.Hint = c.loginHint()
		case apierrors.IsForbidden(err):
			e.Err = &answerError{http.StatusForbidden, "you may not", err}
			e.Hint = "it takes the rule " + a.rule()
			e.denied = true
		}
	default:
		t := c.unreachable(err)
		e.Err, e.Hint = t.err, t.hint
	}
	return e
}

// answerError is what the API server said when it refused.
type answerError struct {
	status  int
	message string
	err     error
}

func (e *answerError) Error() string { return fmt.Sprintf("%s (%d)", e.message, e.status) }

// Unwrap returns client-go's own error, which apierrors knows.
func (e *answerError) Unwrap() error { return e.err }

// loginHint is what to do where the API server no longer knows who asks.
func (c *Cluster) loginHint() string {
	if c.inPod {
		return fmt.Sprintf("the API server %s does not accept the Pod's service account token: "+
			"was the service account deleted or made anew?", c.base.Host)
	}
	return fmt.Sprintf("the API server does not accept the credentials of %s: they may have "+
		"expired; log in again as you do for kubectl (`kubectl get --raw /version` shows the same)",
		c.name)
}

// trouble is why the API server gave no answer, and what to do.
type trouble struct {
	kind promapi.Kind
	err  error
	hint string
}

func (c *Cluster) unreachable(err error) trouble {
	var (
		wrapped     *url.Error
		dns         *net.DNSError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate *tls.CertificateVerificationError
		invalid     x509.CertificateInvalidError
		op          *net.OpError
	)
	for errors.As(err, &wrapped) {
		err = wrapped.Err // url.Error prints the whole URL
	}
	server := fmt.Sprintf("the API server of %s at %s", c.name, c.base.Host)
	away := server + " cannot be reached: does the cluster run, and does it take a VPN or a proxy?"
	switch {
	case strings.Contains(err.Error(), "getting credentials"):
		return trouble{promapi.KindDenied, errors.New(brief(err.Error())),
			fmt.Sprintf("the kubeconfig's command for the credentials of %s did not work: run "+
				"it, or log in again", c.name)}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return trouble{
			promapi.KindTLS, err, server + " shows a certificate that is not valid now: renew " +
				"it, or set this machine's clock",
		}
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &certificate):
		return trouble{
			promapi.KindTLS, err, server + " shows another certificate than the kubeconfig " +
				"expects: fetch the kubeconfig anew",
		}
	case errors.As(err, &dns):
		return trouble{promapi.KindNoHost, err, away}
	case errors.As(err, &op) && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return trouble{promapi.KindRefused, err, away}
	case errors.Is(err, exchange.ErrSwitched):
		return trouble{
			promapi.KindBadAnswer, err,
			server + " is none: does the kubeconfig name the right address?",
		}
	}
	return trouble{
		promapi.KindNetwork, errors.New(brief(err.Error())), "the connection to " + server +
			" could not be made or broke off",
	}
}

// brief bounds words from outside, and keeps them on one line.
func brief(s string) string { return outside.Said(s, maxWords) }
