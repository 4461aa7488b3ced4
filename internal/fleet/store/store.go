// Package store has the stores of a fleet's plans and parts: a directory and a bucket. Every store
// passes one contract.
package store

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/fleet"
	"github.com/promsnap/promsnap/internal/swapdir"
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

// maxFile is more than any object has, so that a larger one can be recognized.
const maxFile = 32 << 20

// Dir is the store in a directory; see swapdir.Dir.
type Dir struct{ files *swapdir.Dir }

var _ fleet.Store = (*Dir)(nil)

// NewDir returns the store below root, which need not exist.
func NewDir(root string) *Dir { return &Dir{swapdir.New(root, "the parts of the fleet")} }

// Get implements fleet.Store.
func (s *Dir) Get(ctx context.Context, key string, limit int64) ([]byte, string, error) {
	data, version, err := s.files.Get(ctx, key, maxFile)
	if err == nil && int64(len(data)) > limit {
		return nil, version, fmt.Errorf("%s: %w", key, fleet.ErrTooLarge)
	}
	return data, version, err
}

// Swap implements fleet.Store.
func (s *Dir) Swap(ctx context.Context, key string, data []byte, was string) error {
	err := s.files.Swap(ctx, key, data, was, maxFile)
	if errors.Is(err, swapdir.ErrConflict) {
		return fmt.Errorf("%s: %w", key, fleet.ErrConflict)
	}
	return err
}
