package kube

import "net/url"

// Address is address, for tests.
func (s Service) Address() *url.URL { return s.address() }

// InPod lets a cluster of a kubeconfig take itself for that of a Pod, for tests: a Pod's
// credentials lie at a path that no test may write.
func (c *Cluster) InPod() *Cluster {
	c.inPod = true
	return c
}
