package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	ruleGroup    = "monitoring.coreos.com"
	ruleResource = "prometheusrules"

	rulePage    = 100      // objects in one page
	maxRules    = 2_000    // objects
	maxRulePage = 64 << 20 // bytes of one page
	maxRuleSize = 64 << 20 // bytes of all objects
)

// RuleObject is a PrometheusRule of the cluster.
type RuleObject struct {
	Namespace, Name string
	JSON            []byte // the object as the API server returned it
}

// prometheusRules is a page of a list of PrometheusRules.
type prometheusRules struct {
	metav1.ListMeta `json:"metadata"`

	Items []json.RawMessage `json:"items"`
}

// PrometheusRules returns the PrometheusRules in a namespace, "" for all, whose labels match a
// selector of Kubernetes, "" for all. They have the order of the API server. More than 2,000
// objects, or more than 64 MiB of them, are an error.
func (c *Cluster) PrometheusRules(ctx context.Context, namespace,
	selector string) ([]RuleObject, error) {
	var out []RuleObject
	size := 0
	for next := ""; ; {
		page, err := c.rules(ctx, namespace, selector, next)
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Items {
			var of struct {
				metav1.ObjectMeta `json:"metadata"`
			}
			if err := json.Unmarshal(raw, &of); err != nil {
				return nil, fmt.Errorf("reading a PrometheusRule: %s", brief(err.Error()))
			}
			out = append(out, RuleObject{of.Namespace, of.Name, raw})
			size += len(raw)
		}
		if len(out) > maxRules || size > maxRuleSize {
			return nil, fmt.Errorf("there are more than %d PrometheusRules, or more than %d MiB of "+
				"them; choose a namespace or a selector", maxRules, maxRuleSize>>20)
		}
		if next = page.Continue; next == "" {
			return out, nil
		}
	}
}

// rules reads one page of PrometheusRules.
func (c *Cluster) rules(ctx context.Context, namespace, selector,
	next string) (*prometheusRules, error) {
	a := access{verb: "list", group: ruleGroup, resource: ruleResource, namespace: namespace}
	path := []string{"/apis", ruleGroup, "v1"}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	request := c.core.Get().AbsPath(append(path, ruleResource)...).
		SetHeader("Accept", "application/json").Param("limit", strconv.Itoa(rulePage)).
		Param("continue", next)
	if selector != "" {
		request = request.Param("labelSelector", selector)
	}
	body, err := request.Stream(ctx)
	if err != nil {
		err = c.explain(ctx, a, err)
		if e := new(Error); apierrors.IsNotFound(err) && errors.As(err, &e) {
			e.Hint = "the cluster has no PrometheusRules: install the CustomResourceDefinitions of " +
				"the Prometheus Operator, or name files instead"
		}
		return nil, err
	}
	defer func() { _ = body.Close() }() // it was read
	var page prometheusRules
	if err := json.NewDecoder(io.LimitReader(body, maxRulePage)).Decode(&page); err != nil {
		return nil, fmt.Errorf("%s: the API server's answer is not a list: %s", a,
			brief(err.Error()))
	}
	return &page, nil
}
