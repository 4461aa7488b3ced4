package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/chart"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/promapi"
)

// Source is what a run asks: the Prometheus of a configuration, and the Kubernetes API beside it.
type Source struct {
	cfg    *config.Config
	o      Options
	client *promapi.Client
	at     string      // its URL, or its Service in the cluster
	lost   error       // why there is no way to it: every query fails with that
	font   *chart.Font // of the charts; nil: the embedded ones do
}

// Open puts the source of a configuration together. Its errors are errors of the configuration, and
// those of a search for Prometheus in the cluster that found none, or no way to it.
func Open(ctx context.Context, cfg *config.Config, o Options) (*Source, error) {
	s, err := openSource(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return s, s.lost
}

// openSource is Open where it is no error that there is no way to Prometheus: that is in lost, as
// is a file that does not answer.
func openSource(ctx context.Context, cfg *config.Config, o Options) (*Source, error) {
	s := &Source{cfg: cfg, o: o}
	if err := s.findPrometheus(ctx); err != nil {
		return nil, err
	}
	if cfg.Font != nil {
		font, err := chart.ParseFont(cfg.Font.Data)
		if err != nil {
			return nil, fmt.Errorf("font: %s: %w", cfg.Font.Path, err)
		}
		s.font = font
	}
	return s, nil
}

// findPrometheus puts together how Prometheus is asked. Where it is to be found in the cluster,
// that is done here.
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
		transport = nowhere{err}
	} else if err != nil {
		return err
	}
	s.at, s.lost = p.URL, err
	s.client, err = newClient(p, base, transport, s.o)
	return err
}

// findService looks for the Prometheus in the cluster.
func (s *Source) findService(ctx context.Context) error {
	if s.o.Kubernetes == nil {
		return errors.New("prometheus.url is missing, and there is no cluster here to look for " +
			"Prometheus in; write its address")
	}
	wanted := s.cfg.Kubernetes.Service
	way, lost := s.o.Kubernetes.Prometheus(ctx, wanted)
	if lost != nil {
		way = Endpoint{
			Service: cmp.Or(wanted, "a service that was not found"),
			URL:     &url.URL{Scheme: "http", Host: "kubernetes"}, Transport: nowhere{lost},
		}
	}
	p := s.cfg.Prometheus
	if headers := p.HTTP.Client().HTTPHeaders; headers != nil {
		// all else of http_config is the API server's
		way.Transport = promconfig.NewHeadersRoundTripper(headers, way.Transport)
	}
	var err error
	s.at, s.lost = way.Service, lost
	s.client, err = newClient(p, way.URL, way.Transport, s.o)
	return err
}

// nowhere fails every request with why there is no way to Prometheus.
type nowhere struct{ why error }

// RoundTrip implements http.RoundTripper.
func (n nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	var known *promapi.Error
	if !errors.As(n.why, &known) {
		return nil, &promapi.Error{Kind: promapi.KindNotFound, Message: n.why.Error(), Err: n.why}
	}
	e := *known // the client writes its own words into it
	e.Again = false
	if e.Kind == promapi.KindBusy || e.Kind == promapi.KindServer || e.Kind == promapi.KindNetwork {
		e.Kind = promapi.KindRefused // one that every further query would have, too
	}
	return nil, &e
}
