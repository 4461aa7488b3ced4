package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
)

// find runs one search for clusters. Finding none is an error, because a report without clusters
// looks calm.
func (f *Fleet) find(ctx context.Context, d config.Discovery) (found []FoundCluster, err error) {
	switch {
	case d.Prometheus != nil:
		found, err = f.findByLabel(ctx, d.Prometheus)
	case d.S3 != nil:
		found, err = findInBucket(ctx, d.S3)
	case f.o.Clusters == nil:
		return nil, errors.New("needs a Kubernetes API, which an AWS Lambda function does not " +
			"use; list the clusters, or run promsnap elsewhere")
	case d.Profiles != nil:
		found, err = f.findByProfile(ctx, d.Profiles)
	case d.ArgoCD != nil:
		found, err = f.o.Clusters.ArgoCD(ctx, d.ArgoCD)
	case d.Kubeconfig != nil:
		found, err = f.o.Clusters.Contexts(ctx, d.Kubeconfig)
	}
	if err == nil && len(found) == 0 {
		err = errors.New("found no cluster")
	}
	return found, err
}

// findByProfile returns the clusters that have a ClusterProfile. A name that cannot be part of an
// address is an error, beside the other clusters.
func (f *Fleet) findByProfile(ctx context.Context,
	p *config.ClusterProfiles) ([]FoundCluster, error) {
	all, err := f.o.Clusters.Profiles(ctx, p)
	if err != nil {
		return nil, err
	}
	var found []FoundCluster
	var errs []error
	for _, c := range all {
		if c.URL, err = p.URLOf(c.Name); err != nil {
			errs = append(errs, err)
			continue
		}
		found = append(found, c)
	}
	return found, errors.Join(errs...)
}

// findByLabel returns the values of a label of up as clusters of the configuration's Prometheus.
func (f *Fleet) findByLabel(ctx context.Context,
	p *config.PrometheusLabel) ([]FoundCluster, error) {
	cfg := *f.cfg
	cfg.Fleet, cfg.Kubernetes = nil, nil
	source, err := openSource(ctx, &cfg, f.o)
	if err != nil {
		return nil, err
	}
	defer source.client.CloseIdleConnections()
	up := &parser.VectorSelector{Name: "up", LabelMatchers: append([]*labels.Matcher{
		labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "up"),
	}, p.Match...)}
	by := &parser.AggregateExpr{Op: parser.GROUP, Expr: up, Grouping: []string{p.Label}}
	samples, _, err := source.client.Instant(ctx, promapi.Instant{
		Expr: by.String(), Time: f.o.Slot, Limit: fleet.MaxClusters,
	})
	if err != nil {
		return nil, err
	}
	var found []FoundCluster
	for _, s := range samples {
		if value := s.Labels.Get(p.Label); value != "" {
			found = append(found, FoundCluster{
				Name: value, From: "prometheus",
				Match: labels.MustNewMatcher(labels.MatchEqual, p.Label, value),
			})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no series with the label %s", by.String(), p.Label)
	}
	return found, nil
}

// maxList is how many bytes a list of clusters may have.
const maxList = 1 << 20

// findInBucket reads a list of clusters.
func findInBucket(ctx context.Context, l *config.ClusterList) ([]FoundCluster, error) {
	bucket, err := openBucket(ctx, l.Bucket, stateAttempts)
	if err != nil {
		return nil, err
	}
	defer bucket.CloseIdleConnections()
	o, err := bucket.Get(ctx, l.Key, maxList)
	switch {
	case err != nil:
		return nil, err
	case o.ETag == "":
		return nil, fmt.Errorf("%s does not exist; upload it, or correct its name",
			bucket.URL(l.Key))
	}
	found, err := parseList(o.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bucket.URL(l.Key), err)
	}
	return found, nil
}

// parseList parses a list of clusters. Every mistake is an error: a cluster that is left out would
// not be missed.
func parseList(data []byte) ([]FoundCluster, error) {
	var list []struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels"`
		URL    string            `yaml:"url"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not a list of clusters, each with name, labels and url: %s",
			outside.Said(err.Error(), 300))
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more than one list; write one")
	}
	var errs []error
	var found []FoundCluster
	for i, c := range list {
		switch _, err := exchange.BaseURL(c.URL); {
		case len(list) > fleet.MaxClusters:
			return nil, fmt.Errorf("has more than %d clusters", fleet.MaxClusters)
		case fleet.CheckName(c.Name) != nil:
			errs = append(errs, fmt.Errorf("cluster %d: %w", i+1, fleet.CheckName(c.Name)))
		case err != nil:
			errs = append(errs, fmt.Errorf("cluster %s: url %w", c.Name, err))
		default:
			found = append(found, FoundCluster{
				Name: c.Name, Labels: c.Labels, URL: c.URL, From: "s3",
			})
		}
	}
	return found, errors.Join(errs...)
}
