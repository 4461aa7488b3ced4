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
	// maxConfigMap is what Kubernetes allows the values of a ConfigMap to have together, less what
	// is left for its names.
	maxConfigMap = 1<<20 - 16<<10
	// swaps is how often a write is tried that others, who write other reports' documents, are in
	// the way of.
	swaps = 20
)

// ConfigMap is the state store in one ConfigMap: a key for each cluster and report,
// <cluster>.<report>.json. It writes on condition that the object is still the one that was read
// (its resourceVersion), so that of two writers one finds a conflict. A document's version is a
// hash of it: other reports' documents in the same object are none of its business.
//
// It takes the verbs get and update on that one object, and create on configmaps where nobody has
// made it.
type ConfigMap struct {
	cluster         *Cluster
	namespace, name string
}

var _ state.Store = (*ConfigMap)(nil)

// NewConfigMap returns the store in a ConfigMap; namespace is the cluster's own where it is empty.
func (c *Cluster) NewConfigMap(namespace, name string) *ConfigMap {
	if namespace == "" {
		namespace = c.namespace
	}
	return &ConfigMap{c, namespace, name}
}

// key is where the document of k is; words from outside become slugs.
func (s *ConfigMap) key(k state.Key) string {
	return report.Slug(k.Cluster) + "." + report.Slug(k.Report) + ".json"
}

func (s *ConfigMap) access(verb string) access {
	return access{verb: verb, resource: "configmaps", namespace: s.namespace, name: s.name}
}

// read returns the object, an empty one where there is none.
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

// versionOf is the version of a document, "" where there is none.
func versionOf(data string, there bool) state.Version {
	if !there {
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
	data, there := o.Data[s.key(k)]
	if !there {
		return state.Doc{}, "", nil
	}
	d, err := state.Decode(k, []byte(data))
	return d, versionOf(data, there), err
}

// Save implements state.Store.
func (s *ConfigMap) Save(ctx context.Context, k state.Key, d state.Doc,
	v state.Version) (state.Version, error) {
	data, err := state.Encode(k, d)
	if err != nil {
		return "", err
	}
	key := s.key(k)
	for range swaps {
		o, err := s.read(ctx)
		if err != nil {
			return "", err
		}
		if old, there := o.Data[key]; versionOf(old, there) != v {
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

// write puts the object where it was read, or makes it.
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
		return fmt.Errorf("the ConfigMap %s/%s is not there, and promsnap may not make it: "+
			"`kubectl -n %s create configmap %s` does (the Helm chart does it too): %w",
			s.namespace, s.name, s.namespace, s.name, err)
	}
	return err
}

// fits tells whether Kubernetes would take the object.
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
		"Kubernetes takes (%s): give some of the reports a state of their own, in S3 or in "+
		"another ConfigMap, or `promsnap state reset` a report that is gone",
		s.namespace, s.name, size>>10, maxConfigMap>>10, strings.Join(parts, ", "))
}
