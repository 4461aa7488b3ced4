package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
)

// maxConfig is the largest configuration that is fetched, in bytes; config has a bound of its own, which says more.
const maxConfig = 2 << 20

// load reads the configuration from where it is: ssm:/name in Parameter Store, s3://bucket/key, or a path in the function's package. ""
// is what PROMSNAP_CONFIG says, or promsnap.yaml. It is read on every invocation, so that a change needs no deployment.
func (h *handler) load(ctx context.Context, from string) (*config.Config, error) {
	from = cmp.Or(from, h.getenv("PROMSNAP_CONFIG"), "promsnap.yaml")
	if name, ok := strings.CutPrefix(from, "ssm:"); ok {
		account, err := cloud.Open(ctx, cloud.Identity{})
		if err != nil {
			return nil, err
		}
		defer account.CloseIdleConnections()
		text, err := account.Parameter(ctx, name)
		if err != nil {
			return nil, err
		}
		return config.Load(from, []byte(text), h.reading)
	}
	if place, ok := strings.CutPrefix(from, "s3://"); ok {
		text, err := fetch(ctx, place)
		if err != nil {
			return nil, err
		}
		return config.Load(from, text, h.reading)
	}
	if !filepath.IsLocal(from) {
		return nil, fmt.Errorf("the configuration %q is not in the function's package; write a path in it, s3://BUCKET/KEY or ssm:/NAME", from)
	}
	return config.LoadFile(filepath.Join(h.getenv("LAMBDA_TASK_ROOT"), from), h.reading)
}

// fetch reads BUCKET/KEY.
func fetch(ctx context.Context, place string) ([]byte, error) {
	name, key, _ := strings.Cut(place, "/")
	if name == "" || key == "" {
		return nil, fmt.Errorf("the configuration s3://%s has no bucket or no key; write s3://BUCKET/KEY", place)
	}
	account, err := cloud.Open(ctx, cloud.Identity{})
	if err != nil {
		return nil, err
	}
	defer account.CloseIdleConnections()
	bucket, err := account.Bucket(cloud.BucketOptions{Name: name, Attempts: 3})
	if err != nil {
		return nil, err
	}
	o, err := bucket.Get(ctx, key, maxConfig)
	if err == nil && o.ETag == "" {
		err = fmt.Errorf("the configuration s3://%s is not there; write it there, or correct its name", place)
	}
	return o.Body, err
}
