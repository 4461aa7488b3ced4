package kube_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/snapshot"
)

var created = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

// node returns a node like those of EKS.
func node(name string, change func(*corev1.Node)) corev1.Node {
	n := corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, CreationTimestamp: metav1.NewTime(created),
			Labels: map[string]string{
				"node.kubernetes.io/instance-type": "m5.2xlarge",
				"topology.kubernetes.io/zone":      "ap-northeast-2a",
				"eks.amazonaws.com/nodegroup":      "general",
			},
		},
		Status: corev1.NodeStatus{
			Capacity: corev1.ResourceList{
				"cpu": resource.MustParse("8"), "memory": resource.MustParse("32Gi"),
				"pods": resource.MustParse("58"), "ephemeral-storage": resource.MustParse("80Gi"),
			},
			Allocatable: corev1.ResourceList{
				"cpu": resource.MustParse("7910m"), "memory": resource.MustParse("31Gi"),
				"pods": resource.MustParse("58"),
			},
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeHostName, Address: name}, {
					Type: corev1.NodeInternalIP, Address: "10.0.1.5",
				},
			},
			NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.36.3"},
			Conditions: []corev1.NodeCondition{
				{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse}, {
					Type: corev1.NodeReady, Status: corev1.ConditionTrue,
				},
			},
		},
	}
	if change != nil {
		change(&n)
	}
	return n
}

func nodeList(next string, nodes ...corev1.Node) corev1.NodeList {
	return corev1.NodeList{
		TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"},
		ListMeta: metav1.ListMeta{Continue: next}, Items: nodes,
	}
}

func TestNodes(t *testing.T) {
	s := newAPIServer(t)
	pages := map[string]corev1.NodeList{
		"": nodeList("more", node("ip-10-0-1-5", nil)),
		"more": nodeList("", node("bare", func(n *corev1.Node) {
			n.Labels, n.Status = map[string]string{
				"cloud.google.com/gke-nodepool": "spot",
			}, corev1.NodeStatus{}
			n.Spec = corev1.NodeSpec{
				Unschedulable: true, Taints: []corev1.Taint{
					{Key: "dedicated", Value: "kafka", Effect: corev1.TaintEffectNoSchedule},
				},
			}
			n.Status.Conditions = []corev1.NodeCondition{
				{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}, {
					Type: corev1.NodeDiskPressure, Status: corev1.ConditionTrue,
				},
				{Type: "KernelReady", Status: corev1.ConditionTrue}, {
					Type: "StorageReady", Status: corev1.ConditionFalse,
				},
				{Type: "EtcdIsVoter", Status: corev1.ConditionTrue}, {
					Type: "VMEventScheduled", Status: corev1.ConditionTrue,
				},
				{Type: "KernelDeadlock", Status: corev1.ConditionTrue},
			}
		})),
	}
	s.on("/api/v1/nodes", func(w http.ResponseWriter, r *http.Request) {
		answer(pages[r.URL.Query().Get("continue")])(w, r)
	})
	got, notes, err := s.open(t, "").Nodes(t.Context())
	if err != nil || len(notes) != 0 {
		t.Fatalf("got notes %v and error %v, want neither", notes, err)
	}
	const gib = 1 << 30
	want := []snapshot.Node{
		{
			Name: "bare", Known: true, Pool: "spot", Created: created, Cordoned: true,
			Taints:     []string{"dedicated=kafka:NoSchedule"},
			Conditions: []string{"DiskPressure", "KernelDeadlock", "NotReady", "NotStorageReady"},
		},
		{
			Name: "ip-10-0-1-5", InternalIP: "10.0.1.5", Known: true, InstanceType: "m5.2xlarge",
			Zone: "ap-northeast-2a", Pool: "general", Kubelet: "v1.36.3", Created: created,
			Capacity:    snapshot.Resources{CPU: 8, Memory: 32 * gib, Storage: 80 * gib, Pods: 58},
			Allocatable: snapshot.Resources{CPU: 7.91, Memory: 31 * gib, Pods: 58},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("diff (-want +got):\n%s", diff)
	}
	want1 := []string{"GET /api/v1/nodes?limit=250", "GET /api/v1/nodes?continue=more&limit=250"}
	if diff := cmp.Diff(want1, s.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestNodesThatMayNotBeListed(t *testing.T) {
	s := newAPIServer(t)
	s.on("/api/v1/nodes", forbid)
	nodes, notes, err := s.open(t, "").Nodes(t.Context())
	if !kube.Denied(err) || len(nodes)+len(notes) != 0 ||
		!strings.Contains(err.Error(), "list nodes") ||
		!strings.Contains(err.Error(), `{apiGroups: [""], resources: [nodes], verbs: [list]}`) {
		t.Errorf("got %v, %q, %v, want none and the RBAC rule", nodes, notes, err)
	}
}

// The error of a list that never ends is the cause that ended the run.
func TestNodesReturnTheCauseOfTheContext(t *testing.T) {
	s := newAPIServer(t)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopped)
	if _, _, err := s.open(t, "").Nodes(ctx); !errors.Is(err, stopped) {
		t.Errorf("got error %v, want %v", err, stopped)
	}
}

func TestNodesWithoutEnd(t *testing.T) {
	s := newAPIServer(t)
	page := make([]corev1.Node, 250)
	for i := range page {
		page[i].Name = fmt.Sprint("n", i)
	}
	s.on("/api/v1/nodes", answer(nodeList("more", page...)))
	nodes, notes, err := s.open(t, "").Nodes(t.Context())
	if err != nil || len(nodes) != 20_000 || len(notes) != 1 {
		t.Errorf("got %d nodes, notes %q, error %v, want 20000 and one note", len(nodes), notes,
			err)
	}
}
