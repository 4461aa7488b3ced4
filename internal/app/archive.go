package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/promsnap/promsnap/internal/archive"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/notify/dir"
	"github.com/promsnap/promsnap/internal/notify/s3"
)

func openDir(_ context.Context, d config.Dir) (opened, error) {
	return opened{notifier: dir.NewArchive(string(d))}, nil
}

func openS3(ctx context.Context, a config.Archive) (opened, error) {
	to, err := archiveIn(ctx, a, 1) // notify.Deliver retries
	if err != nil {
		return opened{}, err
	}
	return opened{notifier: to.Notifier, idle: to.idler}, nil
}

func readDir(_ context.Context, d config.Dir) (archive.Store, error) {
	return dir.NewArchive(string(d)), nil
}

// archiveAttempts is how often a request is tried by a command that reads an archive. Nobody else
// retries it.
const archiveAttempts = 4

func readS3(ctx context.Context, a config.Archive) (archive.Store, error) {
	return archiveIn(ctx, a, archiveAttempts)
}

// pooledArchive is an archive with connections of its own.
type pooledArchive struct {
	*s3.Notifier
	idler
}

func archiveIn(ctx context.Context, a config.Archive, attempts int) (pooledArchive, error) {
	bucket, err := openBucket(ctx, a.Bucket, attempts)
	if err != nil {
		return pooledArchive{}, err
	}
	to, err := s3.New(bucket, s3.Options{
		Prefix: a.Prefix, PublicURL: a.PublicURL, LinkLife: a.LinkExpiry,
	})
	return pooledArchive{to, bucket}, err
}

// OpenArchive opens the archive of a receiver, to read and to prune it. With "" it opens the only
// archive of the configuration. It contacts nothing yet.
func OpenArchive(ctx context.Context, cfg *config.Config, name string) (archive.Store, error) {
	var found []config.Receiver
	var names []string
	for _, r := range cfg.Receivers {
		if r.Role != config.RoleArchive {
			continue
		}
		names = append(names, r.Name)
		if name == "" || name == r.Name {
			found = append(found, r)
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("the configuration has no archive; add one: receivers: " +
			"[{name: archive, dir: {path: reports}}]")
	case len(found) == 1:
		to, err := kinds[found[0].Kind].archive(ctx, found[0])
		if err != nil {
			return nil, fmt.Errorf("receiver %s: %w", found[0].Name, err)
		}
		return to, nil
	case name == "":
		return nil, fmt.Errorf("the configuration has several archives; choose one with "+
			"--receiver: %s", strings.Join(names, ", "))
	}
	return nil, &UnknownReceiverError{name, names}
}

// OpenArchiveAt opens the archive in a directory or in a bucket, without a configuration. The
// address of a bucket is s3://BUCKET/PREFIX. Region and credentials come from the environment, and
// so does endpoint, the URL of an S3 other than AWS, or "".
func OpenArchiveAt(ctx context.Context, address, endpoint string) (archive.Store, error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		if err := disk.Do(ctx, address, func() error {
			_, err := os.Stat(address)
			return err
		}); err != nil {
			return nil, fmt.Errorf("%w; write a directory, or s3://BUCKET/PREFIX", err)
		}
		return readDir(ctx, config.Dir(address))
	}
	name, prefix, _ := strings.Cut(rest, "/")
	if name == "" {
		return nil, fmt.Errorf("%q names no bucket; write s3://BUCKET/PREFIX", address)
	}
	return readS3(ctx, config.Archive{Bucket: config.Bucket{
		Name: name, Prefix: prefix, Endpoint: endpoint, PathStyle: endpoint != "",
	}})
}
