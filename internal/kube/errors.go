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

// access is the permission that a request needs, in the terms of RBAC.
type access struct {
	verb      string
	group     string // "" is core
	resource  string // with its subresource, such as services/proxy
	namespace string // "" is the whole cluster
	name      string // "" is every object
}

// String formats the permission like `kubectl auth can-i`: "list nodes", "get services/proxy
// prometheus-server:80 in namespace monitoring".
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

// rule returns the RBAC rule that allows a, as in a Role.
func (a access) rule() string {
	r := fmt.Sprintf("apiGroups: [%q], resources: [%s], verbs: [%s]", a.group, a.resource, a.verb)
	if a.name != "" && (a.verb != "create" || strings.Contains(a.resource, "/")) {
		// RBAC cannot restrict create by name
		r += fmt.Sprintf(", resourceNames: [%q]", a.name)
	}
	return "{" + r + "}"
}

// Error is a failed request to the API server. It shows no credentials.
type Error struct {
	Doing string // "list nodes"
	Hint  string // what to do
	Err   error

	denied bool // by RBAC or another authorizer
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("%s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Denied reports whether err means that the user is not allowed to do this.
func Denied(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.denied
}

// maxWords is the longest text of an answer in an error.
const maxWords = 400

// explain returns the *Error of a failed request.
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
			e.Err = &answerError{http.StatusForbidden, "forbidden", err}
			e.Hint = "grant the RBAC rule " + a.rule()
			e.denied = true
		}
	default:
		t := c.unreachable(err)
		e.Err, e.Hint = t.err, t.hint
	}
	return e
}

// answerError is the answer with which the API server refused a request.
type answerError struct {
	status  int
	message string
	err     error
}

func (e *answerError) Error() string { return fmt.Sprintf("%s (%d)", e.message, e.status) }

// Unwrap returns client-go's own error, which apierrors knows.
func (e *answerError) Unwrap() error { return e.err }

// loginHint returns what to do if the API server does not accept the credentials.
func (c *Cluster) loginHint() string {
	if c.secret != "" {
		return fmt.Sprintf("the API server of %s does not accept the credentials in the Secret "+
			"%s: they may have expired; renew them there", c.name, c.secret)
	}
	if c.inPod {
		return fmt.Sprintf("the API server %s does not accept the Pod's service account token: "+
			"check whether the service account was deleted or recreated", c.base.Host)
	}
	return fmt.Sprintf("the API server does not accept the credentials of %s: they may have "+
		"expired; log in again as you do for kubectl (`kubectl get --raw /version` shows the same)",
		c.name)
}

// trouble is why the API server did not answer, and what to do.
type trouble struct {
	kind promapi.Kind
	err  error
	hint string
}

// unreachable explains a network error of the API server.
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
	expects := "the kubeconfig expects: fetch the kubeconfig again"
	if c.secret != "" {
		expects = fmt.Sprintf("the Secret %s expects: correct its tlsClientConfig", c.secret)
	}
	away := server + " cannot be reached: check that the cluster runs, and whether it needs a " +
		"VPN or a proxy"
	switch {
	case strings.Contains(err.Error(), "getting credentials"):
		return trouble{promapi.KindDenied, errors.New(brief(err.Error())),
			fmt.Sprintf("the kubeconfig's command for the credentials of %s failed: run it "+
				"yourself, or log in again", c.name)}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return trouble{
			promapi.KindTLS, err, server + " has a certificate that is not valid now: renew it, " +
				"or set this machine's clock",
		}
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &certificate):
		return trouble{
			promapi.KindTLS, err, server + " has a different certificate than " + expects,
		}
	case errors.As(err, &dns):
		return trouble{promapi.KindNoHost, err, away}
	case errors.As(err, &op) && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return trouble{promapi.KindRefused, err, away}
	case errors.Is(err, exchange.ErrSwitched):
		return trouble{
			promapi.KindBadAnswer, err,
			server + " is not an API server: check its address",
		}
	}
	return trouble{
		promapi.KindNetwork, errors.New(brief(err.Error())), "the connection to " + server +
			" failed or broke off",
	}
}

// brief returns a text from outside on one line of bounded length.
func brief(s string) string { return outside.Said(s, maxWords) }
