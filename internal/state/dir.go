package state

import (
	"context"
	"errors"
	"path"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/swapdir"
)

// Dir is the store in a directory: ROOT/<cluster>/<report>.json. After a crash a document is the
// old one or the new one; see swapdir.Dir.
type Dir struct{ files *swapdir.Dir }

var _ Store = (*Dir)(nil)

// NewDir returns the store below root, which need not exist.
func NewDir(root string) *Dir { return &Dir{swapdir.New(root, "the state")} }

// maxFile is more than a document has, so that a larger one can be recognized.
const maxFile = 2 * MaxSize

// key returns where the document of k is; text from outside becomes a slug.
func (k Key) key() string {
	return path.Join(report.Slug(k.Cluster), report.Slug(k.Report)+".json")
}

// Load implements Store.
func (s *Dir) Load(ctx context.Context, k Key) (Doc, Version, error) {
	data, version, err := s.files.Get(ctx, k.key(), maxFile)
	if err != nil || version == "" {
		return Doc{}, "", err
	}
	d, err := Decode(k, data)
	return d, Version(version), err
}

// Save implements Store.
func (s *Dir) Save(ctx context.Context, k Key, d Doc, v Version) (Version, error) {
	data, err := Encode(k, d)
	if err != nil {
		return "", err
	}
	err = s.files.Swap(ctx, k.key(), data, string(v), maxFile)
	if errors.Is(err, swapdir.ErrConflict) {
		return "", ErrConflict
	}
	if err != nil {
		return "", err
	}
	return VersionOf(data), nil
}

// VersionOf returns a hash of the document: the same bytes have the same version.
func VersionOf(data []byte) Version { return Version(swapdir.VersionOf(data)) }
