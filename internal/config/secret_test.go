package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	promconfig "github.com/prometheus/common/config"
	yamlv2 "go.yaml.in/yaml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/config"
)

// token is at every place where http_config can have a secret.
const token = "t0ken-that-nobody-may-see"

func httpConfig(text string) string {
	return "version: 1\nprometheus:\n  url: http://p\n  http_config:\n    " +
		strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}

const manySecrets = `oauth2:
  client_id: TOKEN
  client_secret: TOKEN
  token_url: https://id.example.com/TOKEN
  endpoint_params: {key: TOKEN}
  claims: {key: TOKEN}
  tls_config: {cert: TOKEN, key: TOKEN}
tls_config: {ca: TOKEN, cert: TOKEN, key: TOKEN}
proxy_url: http://user:TOKEN@proxy:3128
proxy_connect_header: {X-Key: [TOKEN]}
http_headers:
  X-Key: {values: [TOKEN], secrets: [TOKEN], files: [TOKEN]}`

func TestNothingPrintsASecret(t *testing.T) {
	c := load(t, httpConfig(strings.ReplaceAll(manySecrets, "TOKEN", token)))
	if got := c.Prometheus.HTTP.Client(); string(got.OAuth2.ClientSecret) != token ||
		string(got.HTTPHeaders.Headers["X-Key"].Secrets[0]) != token {
		t.Fatal("got no secrets, want them to be read")
	}
	if c.Prometheus.HTTP.String() != "<redacted>" {
		t.Errorf("got %s, want <redacted>", c.Prometheus.HTTP)
	}
	// fmt cannot call methods of the value of an unexported field
	type wrapper struct{ c config.Config }
	for _, v := range []any{
		c, *c, c.Prometheus, &c.Prometheus, c.Prometheus.HTTP, &c.Prometheus.HTTP, wrapper{*c},
		&wrapper{*c}, []config.HTTP{c.Prometheus.HTTP},
	} {
		for _, verb := range []string{
			"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%+q",
		} {
			if got := fmt.Sprintf(verb, v); shows(got) {
				t.Errorf("%s of %T: got %s, want it without the secret", verb, v, got)
			}
		}
	}
	j, err := json.Marshal(c.Prometheus)
	if err != nil || shows(string(j)) ||
		!strings.Contains(string(j), `"HTTP":"\u003credacted\u003e"`) {
		t.Errorf("JSON: got %s, %v, want <redacted>", j, err)
	}
	for _, marshal := range []func(any) ([]byte, error){yaml.Marshal, yamlv2.Marshal} {
		y, err := marshal(c.Prometheus)
		if err != nil || shows(string(y)) || !strings.Contains(string(y), "http: <redacted>") {
			t.Errorf("YAML: got %s, %v, want <redacted>", y, err)
		}
	}
}

// shows reports whether text contains the token, as it is or in hexadecimal.
func shows(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, token) || strings.Contains(text, fmt.Sprintf("%x", token))
}

// Errors around a secret do not show it, wherever it is and whatever the mistake is.
func TestNoErrorShowsASecret(t *testing.T) {
	places := regexp.MustCompile("TOKEN").FindAllStringIndex(manySecrets, -1)
	mistakes := []string{
		"*" + token, "[" + token + "]", "{" + token + ": 1}", "{a: " + token + "}",
		"!!binary " + token, "!!int " + token, "a: " + token,
		"\"" + token, "'" + token, "|\n" + token, "{x,y" + token, "&" + token, "%" + token,
		"@" + token, "`" + token, token + "\n- " + token, "~, " + token,
	}
	wrong := 0
	for _, at := range places {
		for _, m := range mistakes {
			text := httpConfig(strings.ReplaceAll(manySecrets[:at[0]], "TOKEN", "x") + m +
				strings.ReplaceAll(manySecrets[at[1]:], "TOKEN", "x"))
			_, err := config.Load("promsnap.yaml", []byte(text), options())
			if err == nil {
				continue // a list where a list is allowed
			}
			wrong++
			if shows(fmt.Sprintf("%v %+v %#v", err, err, err)) {
				t.Errorf("got error %v, want it without the secret of\n%s", err, text)
			}
		}
	}
	if wrong < len(places)*len(mistakes)*3/4 {
		t.Errorf("got %d mistakes of %d, want at least three quarters", wrong,
			len(places)*len(mistakes))
	}
}

// Every key with a *_file form also has an *_env form, and only one of the two may be set.
func TestEnvironment(t *testing.T) {
	env := func(name string) string {
		if name == "SECRET" {
			return " " + token + "\n"
		}
		return ""
	}
	for _, test := range []struct {
		text string
		get  func(promconfig.HTTPClientConfig) string
	}{
		{
			"basic_auth: {username: a, password_env: SECRET}",
			func(c promconfig.HTTPClientConfig) string { return string(c.BasicAuth.Password) },
		},
		{
			"basic_auth: {username_env: SECRET, password: a}",
			func(c promconfig.HTTPClientConfig) string { return c.BasicAuth.Username },
		},
		{"authorization: {credentials_env: SECRET}", func(c promconfig.HTTPClientConfig) string {
			return string(c.Authorization.Credentials)
		}},
		{"bearer_token_env: SECRET", func(c promconfig.HTTPClientConfig) string {
			return string(c.Authorization.Credentials)
		}},
		{
			"oauth2: {client_id: a, token_url: http://a, client_secret_env: SECRET}",
			func(c promconfig.HTTPClientConfig) string { return string(c.OAuth2.ClientSecret) },
		},
		{
			"oauth2: {client_id: a, token_url: http://a, client_certificate_key_env: SECRET}",
			func(c promconfig.HTTPClientConfig) string {
				return string(c.OAuth2.ClientCertificateKey)
			},
		},
		{"tls_config: {ca_env: SECRET}", func(c promconfig.HTTPClientConfig) string {
			return c.TLSConfig.CA
		}},
		{"tls_config: {cert: a, key_env: SECRET}", func(c promconfig.HTTPClientConfig) string {
			return string(c.TLSConfig.Key)
		}},
		{
			"http_headers: {X-Key: {secrets_env: [SECRET]}}",
			func(c promconfig.HTTPClientConfig) string {
				return string(c.HTTPHeaders.Headers["X-Key"].Secrets[0])
			},
		},
		{
			"http_headers: {X-Key: {values: [x_env]}}\nbearer_token_env: SECRET",
			func(c promconfig.HTTPClientConfig) string {
				return string(c.Authorization.Credentials)
			},
		},
	} {
		o := options()
		o.Env = env
		c, err := config.Load("promsnap.yaml", []byte(httpConfig(test.text)), o)
		if err != nil {
			t.Errorf("%s: got error %v, want none", test.text, err)
			continue
		}
		if got := test.get(c.Prometheus.HTTP.Client()); got != token {
			t.Errorf("%s: got %q, want %q", test.text, got, token)
		}
		o.Env = nil
		if _, err := config.Load("promsnap.yaml", []byte(httpConfig(test.text)), o); err == nil ||
			!strings.Contains(err.Error(), "environment variable SECRET is empty or not set") {
			t.Errorf("%s without the variable: got error %v, want one about it", test.text, err)
		}
	}
}

// promsnap decodes an http_config like prometheus/common. It has its own decoder because the errors
// of prometheus/common show values and have no columns. This test compares both.
func TestHTTPConfigIsPrometheus(t *testing.T) {
	files, err := filepath.Glob("testdata/http/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("got %d files and error %v, want at least 8", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want promconfig.HTTPClientConfig
		wantErr := yamlv2.UnmarshalStrict(data, &want)
		c, err := config.Load("promsnap.yaml", []byte(httpConfig(strings.TrimSpace(string(data)))),
			options())
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%s: promsnap says %v, prometheus/common %v", file, err, wantErr)
			continue
		}
		if wantErr != nil {
			continue
		}
		want.SetDirectory(".")
		if got := c.Prometheus.HTTP.Client(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: promsnap has\n%+v, prometheus/common\n%+v", file, got, want)
		}
	}
}

// The first characters of a token in a file show its kind. A missing file is no error, because it
// may exist only where promsnap runs.
func TestTheKindOfATokenInAFile(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ holds, want string }{
		"rotated": {
			"xoxe.xoxb-1-" + token, "note: this token expires after 12 hours",
		},
		"refresh":   {"xoxe-1-" + token, "this is a refresh token (xoxe-…)"},
		"app-level": {" xapp-1-" + token, "this is an app-level token (xapp-…)"},
		"good":      {"xoxb-1-" + token, ""},
		"missing":   {"", ""},
	} {
		if tc.holds != "" {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(tc.holds), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		said := ""
		c, err := config.Load(filepath.Join(dir, "promsnap.yaml"), []byte(`version: 1
cluster: c
prometheus: {url: http://p}
reports: [{name: r, schedule: "@daily", range: 1h, send: summary, receivers: [s], panels: [{name: p, title: P, query: up}]}]
receivers: [{name: s, slack: {channel: C0123456789, token_file: `+name+`}}]
state: {dir: state}
`), config.Options{})
		if err != nil {
			said = err.Error()
		} else if len(c.Notes) > 0 {
			said = c.Notes.Error()
		}
		if (tc.want == "") != (said == "") || !strings.Contains(said, tc.want) || shows(said) {
			t.Errorf("%s: got %q, want %q", name, said, tc.want)
		}
		if tc.want != "" && !strings.Contains(said, "token_file") {
			t.Errorf("%s: got %q, want token_file in it", name, said)
		}
	}
}
