// Package config reads promsnap.yaml into plain data. It reports all errors at once, each with its
// position and what to write instead.
//
// The types of file.go mirror the file and are the only list of its keys: the decoder, the defaults
// and the JSON Schema in docs/promsnap.schema.json come from them. Config is the result, with
// panels resolved and PromQL checked.
package config

import (
	"context"
	"crypto/sha256"
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

// Config is a checked configuration with all defaults. It is safe to print: the parts that hold
// secrets, HTTP and secret.String, print none.
type Config struct {
	Version    int
	Cluster    string // "" if the file has none
	Prometheus Prometheus
	// nil if the cluster's API is not used; never nil if Prometheus has no URL
	Kubernetes *Kubernetes
	Font       *Font    // for the charts; nil if the file has none
	Reports    []Report // in the file's order, at least one
	Receivers  []Receiver
	State      *State // nil if the file has none; never nil if a report has receivers
	Fleet      *Fleet // nil if the file is about one cluster
	// Sum is the SHA-256 of the file, in hexadecimal; "" without a file.
	Sum   string
	Notes Errors // what may be wrong with the file
}

// Prometheus says where the data comes from and how to query it.
type Prometheus struct {
	// http or https, with a host, without user, query or fragment; "" if Kubernetes is used to
	// find it
	URL         string
	ExternalURL string // for links in reports; "" if the file has none
	HTTP        HTTP
	Matchers    []*labels.Matcher // added to every selector of every query
	Params      map[string]string // sent with every request
	// the label that names the cluster; "" for "cluster", or for what the data shows
	ClusterLabel   string
	QueryOffset    time.Duration // a report's range ends this long before its slot
	ScrapeInterval time.Duration // of the targets
	Timeout        time.Duration // of one query
	Concurrency    int           // the number of queries at a time
	MaxSeries      int           // the most series that one query may return
	SigV4          *SigV4        // nil if requests are not signed
	// to read what fires if the server has no alerts and rules of its own; nil: none
	Alertmanager *Alertmanager
}

// Font is a font file whose first bytes say that it is TrueType. The rest is not checked here.
type Font struct {
	Path string
	Data []byte
}

// Report is one report of a run.
type Report struct {
	Name     string
	Title    string // the name if the file has no title
	Zone     *time.Location
	Language words.Language // of every word that is not from outside
	Range    time.Duration
	Panels   []panel.Spec // in the order in which they are drawn
	// a Grafana dashboard, in addition to the panels; nil if the file has none
	Dashboard *Dashboard
	// alerting rules of Prometheus, in addition to the panels; nil if the file has none
	AlertingRules *AlertingRules

	Sizing *Sizing // nil: the report does not compare requests with use
	// Targets says that the report lists what Prometheus scrapes.
	Targets bool
	CSV     *CSV // nil: the report has no CSV files
	PDF     *PDF // nil: the report has no PDF

	Schedule        *Schedule     // nil if the file has none
	Receivers       []string      // names of Config.Receivers
	Send            string        // SendChanges or SendSummary if a receiver is for people
	ArchiveOnChange bool          // archives keep only the slots with a message to people
	RepeatInterval  time.Duration // 0: a message about a firing alert is not repeated
	// the name of the report whose runs and alerts a summary counts; "" if the file has none
	HistoryFrom string
	// Trends says that the report queries four weeks for what fills next and what changed.
	Trends bool
	// the address to call after each run; zero if the file has none
	Heartbeat secret.String
}

// Options holds what does not come from the text of the file.
type Options struct {
	// Env returns the value of an environment variable, or "" if it is not set. If nil, no variable
	// is set.
	Env func(string) string
	// Builtin returns the built-in panels with their text in a language, in the order in which a
	// report without panels draws them. If nil, there are none.
	Builtin func(words.Language) []panel.Spec
	// URL overrides prometheus.url, which the file may then omit.
	URL string
	// Service overrides kubernetes.service and prometheus.url. At most one of URL and Service is
	// set.
	Service string
	// Range overrides the range of every report.
	Range time.Duration
	// CSV gives every report its CSV files, with one for each panel.
	CSV bool
	// PDF gives every report a PDF, on A4 and with the panels that have findings unless the file
	// says otherwise.
	PDF bool
	// Secrets reads the secrets of the *_from keys. If nil, reading one of them fails.
	Secrets secret.Resolver
	// Dir is where relative paths in the file start. The default is the directory of the file's
	// name; a file from a bucket has none.
	Dir string
	// Beside reads up to limit+1 bytes of a dashboard or a rule file that is not in Dir, by its
	// relative path, from where the file itself comes from. It returns fs.ErrNotExist if there is
	// none. Nil: there is no other place.
	Beside func(path string, limit int64) ([]byte, error)
}

// builtin returns the built-in panels in a language.
func (o Options) builtin(l words.Language) []panel.Spec {
	if o.Builtin == nil {
		return nil
	}
	return o.Builtin(l)
}

// check checks the options that override keys of the file.
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

// Load reads a configuration. Errors begin with name, the name of the file, and relative paths
// start from its directory unless o.Dir is set. The error is an Errors with all mistakes of the
// file, or is about o.
func Load(name string, data []byte, o Options) (*Config, error) {
	return load(context.Background(), name, data, o)
}

// load is Load with a context that bounds the reading of the files that the configuration names.
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
	if !d.has("prometheus") { // a missing section has its defaults, too
		(&decoder{nodes: map[string]*yaml.Node{}}).object(&yaml.Node{Kind: yaml.MappingNode}, "",
			reflect.ValueOf(&f.Prometheus).Elem())
	}
	b := &builder{decoder: d, decoded: len(d.problems), options: o}
	c := b.config(ctx, &f)
	c.Sum = fmt.Sprintf("%x", sha256.Sum256(data))
	errs := d.problems.sorted()
	if errs.mistakes() {
		return nil, errs
	}
	c.Notes = errs
	return c, nil
}

// LoadFile reads the configuration at path, which may be a pipe. An error that is not an Errors
// says why the file could not be read. ctx bounds the reading of the file and of the files that it
// names.
func LoadFile(ctx context.Context, path string, o Options) (*Config, error) {
	data, err := disk.Read(ctx, path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return load(ctx, path, data, o)
}

// Default returns the configuration of a run without a file: one report, named default, with all
// built-in panels. If the options do not name a Prometheus, the run finds it in the cluster.
func Default(o Options) (*Config, error) {
	text := "version: 1\nreports: [{name: default, title: Capacity}]\n"
	if o.URL == "" {
		text += "kubernetes: {}\n"
	}
	return Load("default", []byte(text), o)
}

// HTTP is an http_config. Its zero value is that of a file without one. It holds secrets and always
// prints as <redacted>.
type HTTP struct {
	// client is a function, because fmt follows pointers but cannot call Format if HTTP is in an
	// unexported field.
	client  func() promconfig.HTTPClientConfig
	secrets secret.Resolver
}

const redacted = "<redacted>"

// Client returns the client configuration with its secrets. It is for prometheus/common; callers
// must not print it.
func (h HTTP) Client() promconfig.HTTPClientConfig {
	if h.client == nil {
		return promconfig.DefaultHTTPClientConfig
	}
	return h.client()
}

// Fetch reads the secret that a *_from key names. It makes HTTP the promconfig.SecretManager of its
// own Client.
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
