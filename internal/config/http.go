package config

import (
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/secret"
)

// httpPackage is the package of the types of http_config.
var httpPackage = reflect.TypeFor[promconfig.HTTPClientConfig]().PkgPath()

// adaptHTTP adapts the keys of a prometheus/common type to this file. A *_ref key, which names a
// place in a store of secrets, becomes *_from. A key with a *_file form also gets an *_env form.
func adaptHTTP(t reflect.Type, fields map[string]field) {
	for k, f := range maps.Clone(fields) {
		if strings.HasSuffix(k, "_ref") {
			delete(fields, k)
			f.fromStore = true
			fields[strings.TrimSuffix(k, "_ref")+"_from"] = f
			continue
		}
		_, file := fields[k+"_file"]
		if file || t.FieldByIndex(f.index).Type == reflect.TypeFor[[]promconfig.Secret]() {
			f.fromEnv = true
			fields[k+"_env"] = f
		}
	}
}

// inlineMap returns the inlined map of a struct, such as prometheus/common's Headers, or the zero
// Value if it has none.
func inlineMap(v reflect.Value) reflect.Value {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Map &&
			v.Type().Field(i).Tag.Get("yaml") == ",inline" {
			return f
		}
	}
	return reflect.Value{}
}

// The ends of Prometheus addresses that people copy from a browser or an API. promsnap adds the
// path itself.
var (
	prometheusPages = regexp.MustCompile(`/(?:(?:classic/)?graph|api/v1(?:/[a-z_]+)?)/*$`)
	// browserPages may also be a path prefix
	browserPages = regexp.MustCompile(`/(?:query|alerts|targets|metrics|vmui)/*$`)
)

// leaveOut records a problem if an address ends in the path of a page, to which promsnap would add
// its own path.
func (b *builder) leaveOut(path string, from base, pages *regexp.Regexp, adds string) {
	if end := pages.FindString(pathOf(string(from))); end != "" {
		b.problem(path, "remove %s: promsnap adds %s itself",
			shorten(strings.TrimRight(end, "/")), adds)
	}
}

// pathOf returns what follows the host of an address.
func pathOf(address string) string {
	_, behind, _ := strings.Cut(address, "://")
	_, path, _ := strings.Cut(behind, "/")
	return "/" + path
}

// http builds the http_config at path. Relative paths in it start from dir.
func (b *builder) http(path string, from promconfig.HTTPClientConfig) HTTP {
	if !b.has(path) {
		return HTTP{}
	}
	from.SetDirectory(b.dir())
	return HTTP{client: func() promconfig.HTTPClientConfig {
		return from
	}, secrets: b.options.Secrets}
}

// httpConfig decodes an http_config and checks it as prometheus/common's UnmarshalYAML methods do.
// It does not call them, because their errors show values and have no positions.
func (d *decoder) httpConfig(n *yaml.Node, path string, to *promconfig.HTTPClientConfig) {
	d.secret = true
	defer func() { d.secret = false }()
	before := len(d.problems)
	*to = promconfig.DefaultHTTPClientConfig
	d.object(n, path, reflect.ValueOf(to).Elem())
	for _, p := range d.problems[before:] {
		if !p.aside {
			return // a value that could not be decoded would also be reported as missing
		}
	}
	for meant := range d.meant {
		if within(meant, path) {
			return
		}
	}
	d.together(key(path, "tls_config"), to.TLSConfig.Validate())
	if to.OAuth2 != nil {
		d.together(key(path, "oauth2.tls_config"), to.OAuth2.TLSConfig.Validate())
		d.together(key(path, "oauth2"), to.OAuth2.Validate())
	}
	d.together(path, to.Validate())
}

// tlsConfig decodes a tls_config. httpConfig checks the one in its object itself.
func (d *decoder) tlsConfig(n *yaml.Node, path string, to *promconfig.TLSConfig) {
	if d.secret {
		d.object(n, path, reflect.ValueOf(to).Elem())
		return
	}
	d.secret = true
	defer func() { d.secret = false }()
	d.object(n, path, reflect.ValueOf(to).Elem())
	d.together(path, to.Validate())
}

// together records an error of a Validate method of prometheus/common. These errors contain keys
// but no values.
func (d *decoder) together(path string, err error) {
	if err != nil {
		d.problem(path, "%s", strings.ReplaceAll(err.Error(), "_ref ", "_from "))
	}
}

// fromStore sets a secret to the place that n names.
func (d *decoder) fromStore(n *yaml.Node, path string, out reflect.Value) {
	before := len(d.problems)
	d.decode(n, path, out)
	if len(d.problems) > before {
		return
	}
	if _, err := secret.ParsePlace(out.String()); err != nil {
		d.problem(path, "%v", err)
	}
}

// httpText sets a value of a prometheus/common type from its text.
func (d *decoder) httpText(text, path string, to any) {
	switch to := to.(type) {
	case *promconfig.URL:
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			d.problem(path, "not a URL; write one such as http://proxy.example.com:3128")
			return
		}
		to.URL = u
	case *promconfig.TLSVersion:
		v, ok := promconfig.TLSVersions[text]
		if !ok {
			d.problem(path, "not a TLS version; write TLS10, TLS11, TLS12 or TLS13")
			return
		}
		*to = v
	}
}

var variableSyntax = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// fromEnv sets a text or a list of texts from the environment variables that n names. It removes
// spaces around a value, as Prometheus does for a file.
func (d *decoder) fromEnv(n *yaml.Node, path string, out reflect.Value) {
	names := reflect.New(reflect.TypeFor[string]()).Elem()
	if out.Kind() == reflect.Slice {
		names = reflect.New(reflect.TypeFor[[]string]()).Elem()
	}
	before := len(d.problems)
	d.decode(n, path, names)
	if len(d.problems) > before {
		return
	}
	if out.Kind() == reflect.String {
		out.SetString(d.variable(names.String(), path))
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), names.Len(), names.Len()))
	for i := range names.Len() {
		out.Index(i).SetString(d.variable(names.Index(i).String(), item(path, i)))
	}
}

// variable returns the value of an environment variable. Messages show the name only if it looks
// like one, because some people write the password itself.
func (d *decoder) variable(name, path string) string {
	if !variableSyntax.MatchString(name) {
		d.problem(path, "must be the name of an environment variable in capitals, such as "+
			"PROMETHEUS_PASSWORD")
		return ""
	}
	value := strings.TrimSpace(d.env(name))
	if value == "" {
		d.problem(path, "the environment variable %s is empty or not set; set it where promsnap "+
			"runs", shorten(name))
	}
	return value
}
