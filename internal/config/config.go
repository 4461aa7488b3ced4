// Package config reads promsnap.yaml into plain data: every mistake at once, each with its position
// and what to write instead.
//
// The types of file.go are the file as it is written, and the only list of its keys: the decoder,
// the defaults and the JSON Schema in docs/promsnap.schema.json come from them. Config is what they
// come to, its panels resolved and its PromQL checked.
package config

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/secret"
	"github.com/promsnap/promsnap/internal/words"
)

// Config is a configuration in which everything is checked and every default is filled in. It is
// safe to print: the parts that hold secrets, every HTTP and every secret.String, show none.
type Config struct {
	Version    int
	Cluster    string // "" where the file names none
	Prometheus Prometheus
	// nil where the cluster's API is not used; never where Prometheus has no URL
	Kubernetes *Kubernetes
	Font       *Font    // for the charts; nil where the file names none
	Reports    []Report // in the file's order, at least one
	Receivers  []Receiver
	State      *State // nil where there is none; never where a report has receivers
	Notes      Errors // what may be wrong with the file
}

// Prometheus says where the data comes from and how to ask for it.
type Prometheus struct {
	// http or https, with a host, without user, query or fragment; "" where Kubernetes says where
	// it is
	URL         string
	ExternalURL string // for links that people follow; "" where the file names none
	HTTP        HTTP
	Matchers    []*labels.Matcher // put into every selector of every query
	Params      map[string]string // sent with every request
	// that tells clusters apart; "": cluster, or what the data shows
	ClusterLabel   string
	QueryOffset    time.Duration // a report's range ends this long before its slot
	ScrapeInterval time.Duration // of the targets
	Timeout        time.Duration // of one query
	Concurrency    int           // queries at a time
	MaxSeries      int           // most series that one query may answer with
	SigV4          *SigV4        // nil where requests are not signed
}

// Font is a font file, TrueType by its first bytes. Whether it is whole, whoever draws with it will
// say.
type Font struct {
	Path string
	Data []byte
}

// Report is what one run draws.
type Report struct {
	Name     string
	Title    string // the name where the file gives none
	Zone     *time.Location
	Language words.Language // of every word that is not from outside
	Range    time.Duration
	Panels   []panel.Spec // in the order that they are drawn in

	Schedule        *Schedule     // nil where the file names none
	Receivers       []string      // names of Config.Receivers
	Send            string        // SendChanges or SendSummary, where a receiver tells people
	ArchiveOnChange bool          // archives keep only the slots at which people are told something
	RepeatInterval  time.Duration // 0: an alert that goes on is not told again
	// the name of the report whose runs and alerts a summary counts; "" where the file names none
	HistoryFrom string
	// the address that is called after each run; zero where the file names none
	Heartbeat secret.String
}

// Options are what the file's own text does not say.
type Options struct {
	// Env returns the value of an environment variable, "" where it is not set. Nil: none is set.
	Env func(string) string
	// Builtin returns the built-in panels with their words in a language, in the order in which a
	// report without panels draws them. Nil: there are none.
	Builtin func(words.Language) []panel.Spec
	// URL stands in for prometheus.url, which may then be left out of the file. "": the file's.
	URL string
	// Service stands in for kubernetes.service and for prometheus.url. At most one of URL and
	// Service is set. "": the file's.
	Service string
	// Range stands in for the range of every report. 0: the file's.
	Range time.Duration
	// Secrets reads what the keys *_from name. Nil: using one of these secrets is an error.
	Secrets secret.Resolver
	// Dir is the directory from which the file's relative paths start. "": that of its name, which
	// is none of a file that lies in a bucket.
	Dir string
}

// builtin returns the built-in panels in a language.
func (o Options) builtin(l words.Language) []panel.Spec {
	if o.Builtin == nil {
		return nil
	}
	return o.Builtin(l)
}

// check looks at what stands in for the file's own.
func (o Options) check() error {
	if o.URL != "" {
		if _, err := exchange.BaseURL(o.URL); err != nil {
			return fmt.Errorf("the URL of Prometheus: %w", err)
		}
	}
	if o.Service != "" {
		if err := new(service).UnmarshalText([]byte(o.Service)); err != nil {
			return err
		}
	}
	if o.Range != 0 && (o.Range < minRange || o.Range > maxRange) {
		return fmt.Errorf("a range of %s is out of bounds; write %s to %s", o.Range,
			duration(minRange), duration(maxRange))
	}
	return nil
}

// Load reads a configuration. Name is the file's name: errors begin with it, and relative paths
// start from its directory, unless o says from which. The error is Errors, all the mistakes of the
// file, or says what is wrong with o.
func Load(name string, data []byte, o Options) (*Config, error) {
	return load(context.Background(), name, data, o)
}

// load is Load, and ctx bounds how long the files are waited for that the configuration names.
func load(ctx context.Context, name string, data []byte, o Options) (*Config, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	d := &decoder{file: name, source: data, env: o.Env, nodes: map[string]*yaml.Node{}}
	if d.env == nil {
		d.env = func(string) string { return "" }
	}
	var f file
	if root := d.parse(); root != nil {
		d.decode(root, "", reflect.ValueOf(&f).Elem())
	}
	if !d.has("prometheus") { // what is not there has its defaults all the same
		(&decoder{nodes: map[string]*yaml.Node{}}).object(&yaml.Node{Kind: yaml.MappingNode}, "",
			reflect.ValueOf(&f.Prometheus).Elem())
	}
	b := &builder{decoder: d, decoded: len(d.problems), options: o}
	c := b.config(ctx, &f)
	errs := d.problems.sorted()
	if errs.mistakes() {
		return nil, errs
	}
	c.Notes = errs
	return c, nil
}

// LoadFile reads the configuration at path, which may be a pipe. Errors other than the file's own
// mistakes say why it could not be read. ctx bounds how long it, and the files that it names, are
// waited for.
func LoadFile(ctx context.Context, path string, o Options) (*Config, error) {
	data, err := disk.Read(ctx, path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return load(ctx, path, data, o)
}

// Default returns the configuration of a run without a file: one report, named default, of all the
// built-in panels. Where the options do not say where Prometheus is, it is looked for in the
// cluster.
func Default(o Options) (*Config, error) {
	text := "version: 1\nreports: [{name: default, title: Capacity}]\n"
	if o.URL == "" {
		text += "kubernetes: {}\n"
	}
	return Load("default", []byte(text), o)
}

// HTTP is an http_config. The zero value is that of a file without one. It holds secrets and prints
// as <redacted>, whatever prints it.
type HTTP struct {
	// A function, because fmt follows pointers where HTTP lies in somebody's unexported field and
	// it may not call Format.
	client  func() promconfig.HTTPClientConfig
	secrets secret.Resolver
}

const redacted = "<redacted>"

// Client returns the client configuration with its secrets. The caller gives it to
// prometheus/common and does not print it.
func (h HTTP) Client() promconfig.HTTPClientConfig {
	if h.client == nil {
		return promconfig.DefaultHTTPClientConfig
	}
	return h.client()
}

// Fetch reads a secret that a key *_from names: HTTP is the promconfig.SecretManager of its own
// Client.
func (h HTTP) Fetch(ctx context.Context, place string) (string, error) {
	p, err := secret.ParsePlace(place)
	if err != nil {
		return "", err
	}
	return secret.Stored(p, h.secrets).Reveal(ctx)
}

// String returns <redacted>.
func (HTTP) String() string { return redacted }

// Format writes <redacted> for every verb.
func (HTTP) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// MarshalText returns <redacted>; JSON and YAML use it.
func (HTTP) MarshalText() ([]byte, error) { return []byte(redacted), nil }
