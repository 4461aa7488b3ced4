package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	profileGroup    = "multicluster.x-k8s.io"
	profileResource = "clusterprofiles"

	maxProfiles = 64 << 20 // bytes of one page
)

// clusterProfiles is a page of a list of ClusterProfiles: what promsnap reads of it.
type clusterProfiles struct {
	metav1.ListMeta `json:"metadata"`

	Items []struct {
		metav1.ObjectMeta `json:"metadata"`

		Status struct {
			Properties []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"properties"`
		} `json:"status"`
	} `json:"items"`
}

// ClusterProfiles returns the clusters of the ClusterProfiles in a namespace, "" for all, in the
// order of their names and namespaces. A cluster has the labels of its object and, where these have
// none of the name, its properties that are like labels.
func (c *Cluster) ClusterProfiles(ctx context.Context, namespace string) ([]FoundCluster, error) {
	var found []FoundCluster
	for next := ""; ; {
		page, err := c.profiles(ctx, namespace, next)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Items {
			labels := map[string]string{}
			for _, property := range p.Status.Properties {
				labels[property.Name] = property.Value
			}
			maps.Copy(labels, p.Labels)
			found = append(found, FoundCluster{Name: p.Name, Labels: simple(labels)})
		}
		if len(found) > maxFound {
			return nil, fmt.Errorf("there are more than %d ClusterProfiles; choose a namespace",
				maxFound)
		}
		if next = page.Continue; next == "" {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b FoundCluster) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// profiles reads one page of ClusterProfiles.
func (c *Cluster) profiles(ctx context.Context, namespace, next string) (*clusterProfiles, error) {
	a := access{verb: "list", group: profileGroup, resource: profileResource, namespace: namespace}
	path := []string{"/apis", profileGroup, "v1alpha1"}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	body, err := c.core.Get().AbsPath(append(path, profileResource)...).
		SetHeader("Accept", "application/json").Param("limit", strconv.Itoa(foundPage)).
		Param("continue", next).Stream(ctx)
	if err != nil {
		err = c.explain(ctx, a, err)
		if e := new(Error); apierrors.IsNotFound(err) && errors.As(err, &e) {
			e.Hint = "the cluster has no ClusterProfiles: install their CustomResourceDefinition, or " +
				"remove cluster_profiles"
		}
		return nil, err
	}
	defer func() { _ = body.Close() }() // it was read
	var page clusterProfiles
	if err := json.NewDecoder(io.LimitReader(body, maxProfiles)).Decode(&page); err != nil {
		return nil, fmt.Errorf("%s: the API server's answer is not a list: %s", a, brief(err.Error()))
	}
	return &page, nil
}
