package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/state"
)

// stateAttempts is how often a request for the state is tried. Nobody else retries it.
const stateAttempts = 3

// OpenState returns the store for the state. k is used only for a ConfigMap. Nothing is read yet.
func OpenState(ctx context.Context, s *config.State, k Kubernetes) (state.Store, error) {
	switch {
	case s.ConfigMap != nil && k == nil:
		return nil, errors.New("state.configmap: there is no cluster here; write " +
			"state: {s3: {bucket: NAME}}, or run promsnap where there is a kubeconfig")
	case s.ConfigMap != nil:
		return k.ConfigMap(s.ConfigMap.Namespace, s.ConfigMap.Name), nil
	case s.Dir != "":
		return state.NewDir(s.Dir), nil
	case s.S3 != nil:
		return openS3State(ctx, *s.S3)
	}
	return nil, errors.New("state: no place is set; write " + config.StatePlaces)
}

func openS3State(ctx context.Context, b config.Bucket) (state.Store, error) {
	bucket, err := openBucket(ctx, b, stateAttempts)
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return pooled{state.NewS3(bucket, b.Prefix), bucket}, nil
}

// pooled is a store that has connections of its own.
type pooled struct {
	state.Store
	idler
}

func openBucket(ctx context.Context, b config.Bucket, attempts int) (*cloud.Bucket, error) {
	account, err := cloud.Open(ctx, cloud.Identity{
		Region: b.Region, AccessKey: b.AccessKey, SecretKey: b.SecretKey, Role: b.RoleARN,
		ExternalID: b.ExternalID,
	})
	if err != nil {
		return nil, err
	}
	return account.Bucket(cloud.BucketOptions{
		Name: b.Name, Endpoint: b.Endpoint, PathStyle: b.PathStyle,
		Encryption: cloud.Encryption(b.SSE), KMSKey: b.KMSKey, Attempts: attempts,
		Checksum: cloud.Checksum(b.Checksum),
	})
}
