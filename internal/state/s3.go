package state

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/promsnap/promsnap/internal/cloud"
)

// S3 is the store in a bucket: PREFIX/<cluster>/<report>.json. Its version is S3's ETag. It writes
// on condition that the document is still the one that was loaded, or still missing (If-Match,
// If-None-Match). S3 decides that for all programs at once.
//
// A lost answer leads to a conflict with the document that was just written, if the bucket
// (Attempts) or the caller retries. Session then finds its own run and serial in it.
type S3 struct {
	bucket *cloud.Bucket
	prefix string
}

var _ Store = (*S3)(nil)

// NewS3 returns the store below prefix; "" is the whole bucket. The bucket must retry (Attempts),
// because nobody else does.
func NewS3(bucket *cloud.Bucket, prefix string) *S3 {
	return &S3{bucket, strings.Trim(prefix, "/")}
}

// key returns where the document of k is; text from outside becomes a slug.
func (s *S3) key(k Key) string {
	return path.Join(s.prefix, k.key())
}

// Load implements Store.
func (s *S3) Load(ctx context.Context, k Key) (Doc, Version, error) {
	o, err := s.bucket.Get(ctx, s.key(k), 2*MaxSize)
	switch {
	case errors.Is(err, cloud.ErrTooLarge):
		return Doc{}, Version(o.ETag), &CorruptError{k, err}
	case err != nil:
		return Doc{}, "", err
	case o.ETag == "":
		return Doc{}, "", nil
	}
	d, err := Decode(k, o.Body)
	return d, Version(o.ETag), err
}

// Save implements Store.
func (s *S3) Save(ctx context.Context, k Key, d Doc, v Version) (Version, error) {
	data, err := Encode(k, d)
	if err != nil {
		return "", err
	}
	etag, err := s.bucket.Swap(ctx, s.key(k), cloud.Object{
		Body: data, Type: "application/json", Cache: "no-store",
	}, string(v))
	if errors.Is(err, cloud.ErrConflict) {
		return "", ErrConflict
	}
	return Version(etag), err
}
