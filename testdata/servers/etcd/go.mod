// The store under the acceptance tests' Kubernetes: etcd, pinned.
// A module of its own, so that ./... of promsnap does not see it.
module github.com/promsnap/promsnap/testdata/servers/etcd

go 1.26.0

require go.etcd.io/etcd/server/v3 v3.6.8
