package kube

import "net/url"

// Address exports address for tests.
func (s Service) Address() *url.URL { return s.address() }

// InPod makes a cluster behave as in a Pod, for tests: the credentials of a Pod are at a path to
// which tests cannot write.
func (c *Cluster) InPod() *Cluster {
	c.inPod = true
	return c
}
