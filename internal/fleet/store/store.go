// Package store has the stores of a fleet's plans and parts: a directory and a bucket. Every store
// passes one contract.
package store

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/fleet"
)

// S3 is the store in a bucket, below a prefix. The version of an object is its ETag.
type S3 struct {
	bucket *cloud.Bucket
	prefix string
}

var _ fleet.Store = (*S3)(nil)

// NewS3 returns the store below prefix; "" is the whole bucket. The bucket must retry (Attempts).
func NewS3(bucket *cloud.Bucket, prefix string) *S3 {
	return &S3{bucket, strings.Trim(prefix, "/")}
}

// Get implements fleet.Store.
func (s *S3) Get(ctx context.Context, key string, limit int64) ([]byte, string, error) {
	o, err := s.bucket.Get(ctx, path.Join(s.prefix, key), limit)
	if errors.Is(err, cloud.ErrTooLarge) {
		return nil, o.ETag, errors.Join(fleet.ErrTooLarge, err)
	}
	return o.Body, o.ETag, err
}

// Swap implements fleet.Store.
func (s *S3) Swap(ctx context.Context, key string, data []byte, was string) error {
	_, err := s.bucket.Swap(ctx, path.Join(s.prefix, key), cloud.Object{
		Body: data, Type: "application/octet-stream", Cache: "no-store",
	}, was)
	if errors.Is(err, cloud.ErrConflict) {
		return errors.Join(fleet.ErrConflict, err)
	}
	return err
}

// Dir is the store in a directory.
type Dir struct{ root string }

var _ fleet.Store = (*Dir)(nil)

// NewDir returns the store below root, which need not exist.
func NewDir(root string) *Dir { return &Dir{root} }

// Get implements fleet.Store.
func (s *Dir) Get(ctx context.Context, key string, limit int64) ([]byte, string, error) {
	return nil, "", errors.New("not built yet")
}

// Swap implements fleet.Store.
func (s *Dir) Swap(ctx context.Context, key string, data []byte, was string) error {
	return errors.New("not built yet")
}
