package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
)

// maxConfig is the size up to which a configuration is fetched, in bytes. The limit of package
// config is lower and has a better error.
const maxConfig = 2 << 20

// load reads the configuration: from ssm:/name in Parameter Store, from s3://bucket/key, or from a
// path in the function's package. For "" it uses PROMSNAP_CONFIG, or promsnap.yaml. It reads on
// every invocation, so that a change needs no deployment. Relative paths in the configuration are
// in the function's package. A dashboard that is not there may be beside the configuration in its
// bucket.
func (h *handler) load(ctx context.Context, from string) (*config.Config, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.loading, slowError{h.loading})
	defer cancel()
	cfg, err := h.read(ctx, cmp.Or(from, h.getenv("PROMSNAP_CONFIG"), "promsnap.yaml"))
	if err != nil && ctx.Err() != nil && !passing(err) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return cfg, err
}

// slowError says that reading the configuration took too long.
type slowError struct{ after time.Duration }

func (e slowError) Error() string { return fmt.Sprintf("no answer within %s", e.after) }

// Temporary makes a retry possible.
func (slowError) Temporary() bool { return true }

func (h *handler) read(ctx context.Context, from string) (*config.Config, error) {
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
		return config.Load(from, []byte(text), h.remote())
	}
	if place, ok := strings.CutPrefix(from, "s3://"); ok {
		return h.readBucket(ctx, from, place)
	}
	if !filepath.IsLocal(from) {
		return nil, fmt.Errorf("the configuration %q is not in the function's package; write a "+
			"path in it, s3://BUCKET/KEY or ssm:/NAME", from)
	}
	return config.LoadFile(ctx, filepath.Join(h.getenv("LAMBDA_TASK_ROOT"), from), h.reading)
}

// readBucket reads the configuration at BUCKET/KEY. Dashboards may be objects beside it.
func (h *handler) readBucket(ctx context.Context, from, place string) (*config.Config, error) {
	bucket, key, _ := strings.Cut(place, "/")
	if bucket == "" || key == "" {
		return nil, fmt.Errorf("the configuration s3://%s has no bucket or no key; write "+
			"s3://BUCKET/KEY", place)
	}
	text, err := fetch(ctx, bucket, key, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the configuration s3://%s does not exist; upload it, or correct "+
			"its name", place)
	case err != nil:
		return nil, err
	}
	var failed error // of a store that may answer the next time
	o := h.remote()
	o.Beside = func(name string, limit int64) ([]byte, error) {
		name = strings.TrimPrefix(path.Join("/", path.Dir(key), name), "/")
		data, err := fetch(ctx, bucket, name, limit)
		switch {
		case errors.Is(err, cloud.ErrTooLarge):
			return nil, fmt.Errorf("s3://%s/%s is larger than %d MiB", bucket, name, limit>>20)
		case err != nil && passing(err):
			failed = err
		}
		return data, err
	}
	cfg, err := config.Load(from, text, o)
	if failed != nil {
		return nil, failed
	}
	return cfg, err
}

// remote returns the options for a configuration that is not in a directory.
func (h *handler) remote() config.Options {
	o := h.reading
	o.Dir = cmp.Or(h.getenv("LAMBDA_TASK_ROOT"), ".")
	return o
}

// fetch reads an object of a bucket. If it does not exist, the error is fs.ErrNotExist.
func fetch(ctx context.Context, name, key string, limit int64) ([]byte, error) {
	account, err := cloud.Open(ctx, cloud.Identity{})
	if err != nil {
		return nil, err
	}
	defer account.CloseIdleConnections()
	bucket, err := account.Bucket(cloud.BucketOptions{Name: name, Attempts: 3})
	if err != nil {
		return nil, err
	}
	o, err := bucket.Get(ctx, key, limit)
	if err == nil && o.ETag == "" {
		err = fmt.Errorf("%s: %w", bucket.URL(key), fs.ErrNotExist)
	}
	return o.Body, err
}
