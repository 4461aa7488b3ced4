package promapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/disk"
)

// maxHeader bounds the headers of an answer, in bytes. net/http's own bound, 10 MiB, needs 150 MiB
// of memory if the headers are short.
const maxHeader = 256 << 10

// The longest files that http_config may name, in bytes.
const (
	maxSecretFile = 64 << 10
	maxTLSFile    = 4 << 20 // all the authorities of a system have a quarter of a MiB
)

// Transport returns a RoundTripper for an http_config. It supports everything that Prometheus' own
// configuration does: basic auth, bearer and other authorization, OAuth2, mTLS and certificate
// authorities, headers, proxy. It verifies certificates unless http_config says otherwise. It
// ignores follow_redirects, which belongs in Options. store reads the secrets that http_config
// refers to; nil means that there are none. ctx bounds the reading of the TLS files.
func Transport(ctx context.Context, cfg config.HTTPClientConfig,
	store config.SecretManager) (http.RoundTripper, error) {
	rt, err := transport(ctx, cfg, store)
	if err != nil {
		return nil, fmt.Errorf("http_config: %w", err)
	}
	return rt, nil
}

// transport combines parts of prometheus/common. That package's own transport has no limits for
// headers and files, and no timeout for an OAuth2 server.
func transport(ctx context.Context, cfg config.HTTPClientConfig,
	store config.SecretManager) (http.RoundTripper, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	base, err := connections(ctx, cfg.TLSConfig, cfg.ProxyConfig, store)
	if err != nil {
		return nil, err
	}
	base.Protocols = new(http.Protocols)
	base.Protocols.SetHTTP1(true)
	base.Protocols.SetHTTP2(cfg.EnableHTTP2)
	secrets := reader{store, maxSecretFile}
	var rt http.RoundTripper = base
	if a := cfg.Authorization; a != nil {
		rt = config.NewAuthorizationCredentialsRoundTripper(a.Type,
			secrets.of(a.Credentials, a.CredentialsFile, a.CredentialsRef), rt)
	}
	if b := cfg.BasicAuth; b != nil {
		user := secrets.of(config.Secret(b.Username), b.UsernameFile, b.UsernameRef)
		rt = config.NewBasicAuthRoundTripper(user,
			secrets.of(b.Password, b.PasswordFile, b.PasswordRef), rt)
	}
	if cfg.OAuth2 != nil {
		if rt, err = authorized(ctx, rt, cfg.OAuth2, secrets); err != nil {
			return nil, fmt.Errorf("oauth2: %w", err)
		}
	}
	return headed(rt, cfg.HTTPHeaders, secrets), nil
}

// TLSConfig returns what a tls_config means. store reads the secrets that it refers to; nil means
// that there are none. ctx bounds the reading of its files.
func TLSConfig(ctx context.Context, t config.TLSConfig,
	store config.SecretManager) (*tls.Config, error) {
	for _, f := range []struct{ file, ref *string }{
		{&t.CAFile, &t.CARef}, {&t.CertFile, &t.CertRef}, {&t.KeyFile, &t.KeyRef},
	} {
		if *f.file != "" {
			*f.ref, *f.file = inFile+*f.file, ""
		}
	}
	return config.NewTLSConfigWithContext(ctx, &t,
		config.WithSecretManager(reader{store, maxTLSFile}))
}

// connections returns the base transport for a configuration of TLS and proxies.
func connections(ctx context.Context, t config.TLSConfig, proxy config.ProxyConfig,
	store config.SecretManager) (*http.Transport, error) {
	certificates, err := TLSConfig(ctx, t, store)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		TLSClientConfig: certificates, Proxy: proxy.Proxy(),
		ProxyConnectHeader: proxy.GetProxyConnectHeader(),
		DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost: 100, IdleConnTimeout: 5 * time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
	}, nil
}

// fileTimeout bounds the reading of a file.
const fileTimeout = 15 * time.Second

// inFile is the prefix of a reference to a file. No place in a store has this prefix.
const inFile = "file:"

// A reader reads the secrets and certificates that http_config refers to.
type reader struct {
	store config.SecretManager
	most  int64 // the longest file, in bytes
}

// Fetch implements config.SecretManager.
func (r reader) Fetch(ctx context.Context, ref string) (string, error) {
	path, ok := strings.CutPrefix(ref, inFile)
	if !ok && r.store == nil {
		return "", errors.New("this program cannot read secrets from a store")
	}
	if !ok {
		return r.store.Fetch(ctx, ref)
	}
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	text, err := disk.Read(ctx, path, r.most)
	found := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", fileError(err)
	case int64(len(text)) > r.most:
		return "", fileError(fmt.Errorf("%s is longer than %d KiB, so it is not the right "+
			"file", path,
			r.most>>10))
	case found == "":
		return "", fileError(fmt.Errorf("%s is empty", path))
	}
	return found, nil
}

// fileError returns the error of an unusable file that http_config names. It is no network error,
// and a retry does not help.
func fileError(err error) *Error {
	e := &Error{
		Kind: KindBadConfig, Message: "http_config: " + err.Error(), Err: err,
		Hint: "correct the path in http_config, or the file",
	}
	var stalled *disk.StalledError
	switch {
	case errors.As(err, &stalled):
		stalled.Err = context.DeadlineExceeded // do not blame the timeout of the request
		e.Message, e.Hint = "http_config: "+stalled.Error(), ""
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "correct the path in http_config, or mount the file there"
	case errors.Is(err, fs.ErrPermission):
		e.Hint = "let the user that promsnap runs as read the file"
	}
	return e
}

// of returns the reader of a secret: inline, in a file or in the store. It returns nil if there is
// no secret.
func (r reader) of(text config.Secret, file, ref string) config.SecretReader {
	switch {
	case text != "":
		return config.NewInlineSecret(string(text))
	case file != "":
		return referred{r, inFile + file}
	case ref != "":
		return referred{r, ref}
	}
	return nil
}

// referred is a secret that is read for each use.
type referred struct {
	from reader
	ref  string
}

// Fetch implements config.SecretReader.
func (s referred) Fetch(ctx context.Context) (string, error) { return s.from.Fetch(ctx, s.ref) }

// Description implements config.SecretReader.
func (s referred) Description() string { return s.ref }

// Immutable implements config.SecretReader. The secret may change between requests.
func (s referred) Immutable() bool { return false }

// headed adds the headers of http_config to requests.
func headed(next http.RoundTripper, of *config.Headers, secrets reader) http.RoundTripper {
	if of == nil || len(of.Headers) == 0 {
		return next
	}
	h := &headers{next, map[string][]config.SecretReader{}}
	for name, one := range of.Headers {
		for _, v := range one.Values {
			h.values[name] = append(h.values[name], config.NewInlineSecret(v))
		}
		for _, v := range one.Secrets {
			h.values[name] = append(h.values[name], config.NewInlineSecret(string(v)))
		}
		for _, path := range one.Files {
			h.values[name] = append(h.values[name], secrets.of("", path, ""))
		}
	}
	return h
}

// headers adds headers to requests.
type headers struct {
	next   http.RoundTripper
	values map[string][]config.SecretReader
}

// RoundTrip implements http.RoundTripper.
func (h *headers) RoundTrip(rq *http.Request) (*http.Response, error) {
	rq = rq.Clone(rq.Context())
	for name, values := range h.values {
		for _, from := range values {
			v, err := from.Fetch(rq.Context())
			if err != nil {
				return nil, fmt.Errorf("reading the header %s: %w", name, err)
			}
			rq.Header.Add(name, v)
		}
	}
	return h.next.RoundTrip(rq)
}

// CloseIdleConnections implements what http.Client.CloseIdleConnections calls.
func (h *headers) CloseIdleConnections() {
	(&http.Client{Transport: h.next}).CloseIdleConnections()
}
