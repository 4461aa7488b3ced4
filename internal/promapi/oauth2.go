package promapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/common/config"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/promsnap/promsnap/internal/exchange"
)

// tokenTimeout bounds the wait for a token.
const tokenTimeout = 15 * time.Second

// jwtBearer is the grant type of RFC 7523, the second grant type of http_config.
const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// tokens authorizes requests with tokens of an OAuth2 server, like prometheus/common. Unlike that,
// it never follows a redirect with the client's secret, and the request for a token ends with the
// request that needs it.
type tokens struct {
	next   http.RoundTripper
	server http.RoundTripper // for requests to the OAuth2 server
	config *config.OAuth2
	secret config.SecretReader // nil if there is none

	lock   chan struct{} // held for the fields below and while a token is requested
	source grant
	with   string // the secret of source
	known  *oauth2.Token
}

// A grant is a source of tokens.
type grant interface {
	TokenSource(context.Context) oauth2.TokenSource
}

// authorized returns a RoundTripper that adds tokens to the requests to next.
func authorized(ctx context.Context, next http.RoundTripper, o *config.OAuth2,
	secrets reader) (http.RoundTripper, error) {
	server, err := connections(ctx, o.TLSConfig, o.ProxyConfig, secrets.store)
	if err != nil {
		return nil, err
	}
	t := &tokens{
		next: next, server: exchange.Plain{Next: server}, config: o, lock: make(chan struct{}, 1),
	}
	if o.GrantType == jwtBearer {
		t.secret = secrets.of(o.ClientCertificateKey, o.ClientCertificateKeyFile,
			o.ClientCertificateKeyRef)
	} else {
		t.secret = secrets.of(o.ClientSecret, o.ClientSecretFile, o.ClientSecretRef)
	}
	return t, nil
}

// RoundTrip implements http.RoundTripper.
func (t *tokens) RoundTrip(rq *http.Request) (*http.Response, error) {
	token, err := t.token(rq.Context(), rq.UserAgent())
	if err != nil {
		return nil, err
	}
	rq = rq.Clone(rq.Context())
	token.SetAuthHeader(rq)
	return t.next.RoundTrip(rq)
}

// CloseIdleConnections implements what http.Client.CloseIdleConnections calls.
func (t *tokens) CloseIdleConnections() {
	for _, rt := range []http.RoundTripper{t.next, t.server} {
		(&http.Client{Transport: rt}).CloseIdleConnections()
	}
}

// token returns a valid token. If several requests need a new one, one of them gets it and the
// others wait.
func (t *tokens) token(ctx context.Context, agent string) (*oauth2.Token, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return nil, noToken(ctx, ctx.Err())
	}
	with := ""
	if t.secret != nil {
		var err error
		if with, err = t.secret.Fetch(ctx); err != nil {
			return nil, fmt.Errorf("reading the secret of oauth2: %w", err)
		}
	}
	if t.source == nil || with != t.with {
		t.with, t.known = with, nil
		t.source = t.grant(with)
	}
	if t.known.Valid() {
		return t.known, nil
	}
	timed, cancel := context.WithTimeoutCause(ctx, tokenTimeout,
		fmt.Errorf("no answer within %s", tokenTimeout))
	defer cancel()
	client := &http.Client{
		Transport: within{timed, config.NewUserAgentRoundTripper(agent, t.server)},
		// a redirect would take the secret to another address
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	token, err := t.source.TokenSource(context.WithValue(timed, oauth2.HTTPClient, client)).Token()
	if err == nil && token.AccessToken == "" {
		err = errors.New("the answer has no token")
	}
	if err != nil {
		return nil, noToken(timed, err)
	}
	t.known = token
	return token, nil
}

// within sends requests with a context. prometheus/common sends some without.
type within struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w within) RoundTrip(rq *http.Request) (*http.Response, error) {
	return w.next.RoundTrip(rq.WithContext(w.ctx))
}

// grant returns the grant of http_config with a secret.
func (t *tokens) grant(secret string) grant {
	o, params := t.config, url.Values{}
	for name, value := range o.EndpointParams {
		params.Set(name, value)
	}
	if o.GrantType != jwtBearer {
		return &clientcredentials.Config{
			ClientID: o.ClientID, ClientSecret: secret, TokenURL: o.TokenURL, Scopes: o.Scopes,
			EndpointParams: params,
		}
	}
	signing, ok := jwt.GetSigningMethod(o.SignatureAlgorithm).(*jwt.SigningMethodRSA)
	if !ok {
		signing = jwt.SigningMethodRS256
	}
	return &config.JwtGrantTypeConfig{
		Iss: cmp.Or(o.Iss, o.ClientID), Subject: o.ClientID, Audience: o.Audience,
		PrivateClaims: o.Claims,
		PrivateKey:    []byte(secret), PrivateKeyID: o.ClientCertificateKeyID,
		SigningAlgorithm: signing,
		TokenURL:         o.TokenURL, Scopes: o.Scopes, EndpointParams: params,
	}
}

// noToken returns the error of a failed request for a token. Of the OAuth2 server's text it
// contains only the error code.
func noToken(ctx context.Context, err error) *Error {
	var refused *oauth2.RetrieveError
	switch {
	case ctx.Err() != nil:
		return noTokenInTime(ctx)
	case errors.As(err, &refused) && refused.Response.StatusCode/100 == 3:
		return &Error{
			Kind: KindRedirect, Message: fmt.Sprintf("the OAuth2 server redirects: HTTP %d",
				refused.Response.StatusCode),
			Hint: "client_secret is not sent to another address: correct token_url in " +
				"http_config's oauth2",
		}
	case errors.As(err, &refused) && (refused.Response.StatusCode == http.StatusTooManyRequests ||
		refused.Response.StatusCode/100 == 5):
		return &Error{
			Kind: KindBusy, Message: fmt.Sprintf("the OAuth2 server gave no token: HTTP %d",
				refused.Response.StatusCode), Again: true,
			Hint: "check the server of token_url in http_config's oauth2",
		}
	case errors.As(err, &refused):
		return &Error{
			Kind: KindDenied,
			Message: strings.TrimSpace(fmt.Sprintf("the OAuth2 token was refused: HTTP %d %s",
				refused.Response.StatusCode, knownCode(refused.ErrorCode))),
			Hint: "check client_id, client_secret, scopes and token_url in http_config's oauth2",
		}
	}
	var sent *url.Error
	if !errors.As(err, &sent) { // the server answered
		return &Error{
			Kind: KindBadAnswer, Message: "the answer of the OAuth2 server is not a token",
			Hint: "check token_url in http_config's oauth2",
		}
	}
	e := networkError(err)
	e.Message = "requesting an OAuth2 token: " + e.Message
	if e.Kind == KindTLS {
		e.Hint = strings.ReplaceAll(e.Hint, "http_config:", "http_config: oauth2:")
	} else {
		e.Hint = "check token_url in http_config's oauth2, and that its server runs"
	}
	return e
}

// knownCode returns code if it is an error code of RFC 6749, 5.2, and "" otherwise: any other text
// may contain the secret.
func knownCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope":
		return code
	}
	return ""
}

// noTokenInTime returns the error of a wait for a token that ended before there was one.
func noTokenInTime(ctx context.Context) *Error {
	cause := context.Cause(ctx)
	e := &Error{
		Kind: KindTimeout, Message: "the OAuth2 server gave no token: " + cause.Error(),
		Err:  errors.Join(ctx.Err(), cause),
		Hint: "check token_url in http_config's oauth2, and that its server answers",
	}
	var known *Error
	if errors.As(cause, &known) {
		e.Message = "the OAuth2 server gave no token: " + known.Message
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.Kind, e.Hint = KindCanceled, ""
	}
	return e
}
