package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/state"
)

const (
	// maxConfigMap is Kubernetes' limit for the values of a ConfigMap, less some room for names.
	maxConfigMap = 1<<20 - 16<<10
	// maxWrites is how often a write is tried while runs of other reports change the object.
	maxWrites = 20
)

// ConfigMap is a state store in one ConfigMap. It has a key for each cluster and report,
// <cluster>.<report>.json. A write succeeds only if the object has not changed since it was read
// (its resourceVersion), so one of two writers gets a conflict. The version of a document is its
// hash, so changes to other documents of the same object are no conflict.
//
// It needs the verbs get and update on that one object, and create on configmaps if the object does
// not exist.
type ConfigMap struct {
	cluster         *Cluster
	namespace, name string
}

var _ state.Store = (*ConfigMap)(nil)

// NewConfigMap returns the store in a ConfigMap. The default namespace is that of the cluster.
func (c *Cluster) NewConfigMap(namespace, name string) *ConfigMap {
	if namespace == "" {
		namespace = c.namespace
	}
	return &ConfigMap{c, namespace, name}
}

// key returns the key of the document of k. Names become slugs.
func (s *ConfigMap) key(k state.Key) string {
	return report.Slug(k.Cluster) + "." + report.Slug(k.Report) + ".json"
}

// access returns the access that a request with verb needs.
func (s *ConfigMap) access(verb string) access {
	return access{verb: verb, resource: "configmaps", namespace: s.namespace, name: s.name}
}

// read returns the object, or an empty one if it does not exist.
func (s *ConfigMap) read(ctx context.Context) (*corev1.ConfigMap, error) {
	var o corev1.ConfigMap
	err := s.cluster.get(ctx, s.access("get"), &o)
	if apierrors.IsNotFound(err) {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name},
		}, nil
	}
	return &o, err
}

// versionOf returns the version of a document, or "" if it does not exist.
func versionOf(data string, exists bool) state.Version {
	if !exists {
		return ""
	}
	return state.VersionOf([]byte(data))
}

// Load implements state.Store.
func (s *ConfigMap) Load(ctx context.Context, k state.Key) (state.Doc, state.Version, error) {
	o, err := s.read(ctx)
	if err != nil {
		return state.Doc{}, "", err
	}
	data, exists := o.Data[s.key(k)]
	if !exists {
		return state.Doc{}, "", nil
	}
	d, err := state.Decode(k, []byte(data))
	return d, versionOf(data, exists), err
}

// Save implements state.Store.
func (s *ConfigMap) Save(ctx context.Context, k state.Key, d state.Doc,
	v state.Version) (state.Version, error) {
	data, err := state.Encode(k, d)
	if err != nil {
		return "", err
	}
	key := s.key(k)
	for range maxWrites {
		o, err := s.read(ctx)
		if err != nil {
			return "", err
		}
		if old, exists := o.Data[key]; versionOf(old, exists) != v {
			return "", state.ErrConflict
		}
		if o.Data == nil {
			o.Data = map[string]string{}
		}
		o.Data[key] = string(data)
		if err := s.fits(o); err != nil {
			return "", err
		}
		err = s.write(ctx, o)
		switch {
		case err == nil:
			return state.VersionOf(data), nil
		case !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
			return "", err
		}
	}
	return "", state.ErrConflict
}

// write updates the object, or creates it if it did not exist.
func (s *ConfigMap) write(ctx context.Context, o *corev1.ConfigMap) error {
	core := s.cluster.core
	if o.ResourceVersion != "" {
		err := core.Put().Namespace(s.namespace).Resource("configmaps").Name(s.name).Body(o).
			Do(ctx).Error()
		return s.cluster.explain(ctx, s.access("update"), err)
	}
	a := s.access("create")
	err := s.cluster.explain(ctx,
		a, core.Post().Namespace(s.namespace).Resource("configmaps").Body(o).Do(ctx).Error())
	if Denied(err) {
		return fmt.Errorf("the ConfigMap %s/%s does not exist, and promsnap is not allowed to "+
			"create it; run `kubectl -n %s create configmap %s` (the Helm chart creates it, "+
			"too): %w",
			s.namespace, s.name, s.namespace, s.name, err)
	}
	return err
}

// fits returns an error if the object is too large for Kubernetes.
func (s *ConfigMap) fits(o *corev1.ConfigMap) error {
	size := 0
	for key, value := range o.Data {
		size += len(key) + len(value)
	}
	for key, value := range o.BinaryData {
		size += len(key) + len(value)
	}
	if size <= maxConfigMap {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(o.Data), func(a, b string) int {
		return len(o.Data[b]) - len(o.Data[a])
	})
	var parts []string
	for _, key := range keys[:min(len(keys), 3)] {
		parts = append(parts, fmt.Sprintf("%s %d KiB", key, len(o.Data[key])>>10))
	}
	return fmt.Errorf("the ConfigMap %s/%s would have %d KiB, more than the %d KiB that "+
		"Kubernetes allows (%s); give some reports another state, in S3 or in another ConfigMap, "+
		"or run `promsnap state reset` for a report that no longer exists",
		s.namespace, s.name, size>>10, maxConfigMap>>10, strings.Join(parts, ", "))
}
