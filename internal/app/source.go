package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Source is where a run gets its data: Prometheus, and the Kubernetes API if there is one.
type Source struct {
	cfg    *config.Config
	o      Options
	client *promapi.Client
	at     string // its URL, or its Service in the cluster
	// unreachable is why there is no way to Prometheus: every query fails with it.
	unreachable error
	font        *chart.Font // of the charts; nil: the embedded fonts
}

// Open builds the source of a configuration. It fails if the configuration is invalid or no
// Prometheus is found in the cluster.
func Open(ctx context.Context, cfg *config.Config, o Options) (*Source, error) {
	s, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return s, s.unreachable
}

// ErrFleet says that a configuration with several clusters was used for a run of one.
var ErrFleet = errors.New("the configuration has several clusters; use promsnap fleet run, or " +
	"promsnap fleet map REPORT CLUSTER for one of them")

// openSource is Open, except that an unreachable Prometheus or a file that does not answer is no
// error: it is in Source.unreachable.
func openSource(ctx context.Context, cfg *config.Config, o Options) (*Source, error) {
	if cfg.Fleet != nil {
		return nil, ErrFleet
	}
	s := &Source{cfg: cfg, o: o}
	if err := s.findPrometheus(ctx); err != nil {
		return nil, err
	}
	var err error
	s.font, err = fontOf(cfg)
	return s, err
}

// Client returns the client of Prometheus. It has the login, the matchers and the limits of the
// configuration.
func (s *Source) Client() *promapi.Client { return s.client }

// At returns the URL of Prometheus, or its Service in the cluster.
func (s *Source) At() string { return s.at }

// End returns the newest time that a run of the slot queries: late samples are in by then.
func (s *Source) End() time.Time {
	o := snapshot.Options{Slot: s.o.Slot, QueryOffset: s.cfg.Prometheus.QueryOffset}
	return o.End()
}

// fontOf returns the font of the charts; nil: the embedded fonts.
func fontOf(cfg *config.Config) (*chart.Font, error) {
	if cfg.Font == nil {
		return nil, nil
	}
	font, err := chart.ParseFont(cfg.Font.Data)
	if err != nil {
		return nil, fmt.Errorf("font: %s: %w", cfg.Font.Path, err)
	}
	return font, nil
}

// findPrometheus builds the client, and finds Prometheus in the cluster if it has no URL.
func (s *Source) findPrometheus(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, min(searchTime, s.o.Timeout/4))
	defer cancel()
	p := s.cfg.Prometheus
	if p.URL == "" {
		return s.findService(ctx)
	}
	base, err := url.Parse(p.URL)
	if err != nil {
		return fmt.Errorf("prometheus.url: %w", err)
	}
	transport, err := openTransport(ctx, p, s.o)
	if stalled(err) {
		transport = failingTransport{err}
	} else if err != nil {
		return err
	}
	s.at, s.unreachable = p.URL, err
	s.client, err = newClient(p, base, transport, s.o)
	return err
}

// findService looks for the Prometheus in the cluster.
func (s *Source) findService(ctx context.Context) error {
	if s.o.Kubernetes == nil {
		return errors.New("prometheus.url is missing, and there is no cluster to find Prometheus " +
			"in; set prometheus.url")
	}
	wanted := s.cfg.Kubernetes.Service
	way, unreachable := s.o.Kubernetes.Prometheus(ctx, wanted)
	if unreachable != nil {
		way = Endpoint{
			Service:   cmp.Or(wanted, "a service that was not found"),
			URL:       &url.URL{Scheme: "http", Host: "kubernetes"},
			Transport: failingTransport{unreachable},
		}
	}
	p := s.cfg.Prometheus
	if headers := p.HTTP.Client().HTTPHeaders; headers != nil {
		// http_config applies its headers only; the rest is for the API server
		way.Transport = promconfig.NewHeadersRoundTripper(headers, way.Transport)
	}
	var err error
	s.at, s.unreachable = way.Service, unreachable
	s.client, err = newClient(p, way.URL, way.Transport, s.o)
	return err
}

// failingTransport fails every request with the reason why Prometheus is unreachable.
type failingTransport struct{ why error }

// RoundTrip implements http.RoundTripper.
func (n failingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	var known *promapi.Error
	if !errors.As(n.why, &known) {
		return nil, &promapi.Error{Kind: promapi.KindNotFound, Message: n.why.Error(), Err: n.why}
	}
	e := *known // a copy: the client changes it
	e.Again = false
	if e.Kind == promapi.KindBusy || e.Kind == promapi.KindServer || e.Kind == promapi.KindNetwork {
		e.Kind = promapi.KindRefused // every further query would fail in the same way
	}
	return nil, &e
}
