//go:build acceptance

package acceptance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// nodesEnv makes a child process of this test binary list the nodes of the kubeconfig in it.
const nodesEnv = "PROMSNAP_ACCEPTANCE_NODES"

// TestKubernetesNodesOfAChild is that child. It prints the number of nodes and its peak memory.
func TestKubernetesNodesOfAChild(t *testing.T) {
	t.Parallel()
	path := os.Getenv(nodesEnv)
	if path == "" {
		t.Skip("TestKubernetesNodes runs this in a child process")
	}
	nodes, notes, err := openCluster(t, path).Nodes(t.Context())
	if err != nil || len(notes) > 0 {
		t.Fatalf("got notes %v and error %v, want neither", notes, err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("RESULT %d %s %s\n", len(nodes), strings.Fields(rest)[0], nodes[0].Detail())
}

// TestKubernetesNodes checks that 5,000 nodes as large as real ones are listed once, in pages, in
// at most 96 MiB of memory.
func TestKubernetesNodes(t *testing.T) {
	t.Parallel()
	const count, most = 5000, 96 << 10 // KiB
	p := startControlPlane(t)
	p.makeNodes(t, count)

	cmd := exec.Command(os.Args[0], "-test.run=^TestKubernetesNodesOfAChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), nodesEnv+"="+p.user(t, "admin", "system:masters"))
	out, err := cmd.CombinedOutput()
	_, result, ok := strings.Cut(string(out), "RESULT ")
	if err != nil || !ok {
		t.Fatalf("the child printed no result, want one: %v\n%s", err, out)
	}
	fields := strings.SplitN(strings.TrimSpace(strings.Split(result, "\n")[0]), " ", 3)
	listed, _ := strconv.Atoi(fields[0])
	peak, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes, peak memory %.1f MiB", listed, float64(peak)/1024)
	if listed != count || fields[2] != "m5.2xlarge, 2a" {
		t.Errorf("%d nodes, the first is %q; want 5000 and m5.2xlarge, 2a", listed, fields[2])
	}
	if peak > most {
		t.Errorf("peak memory %d KiB, want at most %d", peak, most)
	}

	_, _, err = openCluster(t, p.user(t, "nobody")).Nodes(t.Context())
	wantWords(t, err, "list nodes: forbidden (403)")
}

// makeNodes makes nodes with the labels, annotations and images that a kubelet reports of a machine
// in long use.
func (p *controlPlane) makeNodes(t *testing.T, count int) {
	t.Helper()
	var images []any
	for i := range 50 { // the most that a kubelet reports
		name := fmt.Sprintf("123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/team-%02d/service",
			i)
		images = append(images, map[string]any{
			"names":     []string{fmt.Sprintf("%s@sha256:%064d", name, i), name + ":v1.2.3"},
			"sizeBytes": 123456789,
		})
	}
	work := make(chan int)
	errs := make(chan error, 8)
	var group sync.WaitGroup
	for range cap(errs) {
		group.Go(func() {
			for i := range work {
				if err := p.makeNode(i, images); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for i := range count {
		select {
		case work <- i:
		case err := <-errs:
			t.Fatal(err)
		}
	}
	close(work)
	group.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
}

func (p *controlPlane) makeNode(i int, images []any) error {
	name := fmt.Sprintf("ip-10-%d-%d-%d.ap-northeast-2.compute.internal", i>>16, i>>8&255, i&255)
	resources := map[string]string{
		"cpu": "8", "memory": "32Gi", "pods": "58", "ephemeral-storage": "80Gi",
		"hugepages-2Mi": "0",
	}
	_, err := p.do(http.MethodPost, "/api/v1/nodes", map[string]any{
		"metadata": map[string]any{
			"name": name,
			"labels": map[string]string{
				"node.kubernetes.io/instance-type": "m5.2xlarge",
				"topology.kubernetes.io/zone":      "ap-northeast-2a",
				"eks.amazonaws.com/nodegroup":      "general",
				"kubernetes.io/hostname":           name, "kubernetes.io/arch": "amd64",
				"kubernetes.io/os": "linux",
			},
			"annotations": map[string]string{
				"csi.volume.kubernetes.io/nodeid": fmt.Sprintf(`{"ebs.csi.aws.com":"i-%017d"}`, i),
				"node.alpha.kubernetes.io/ttl":    "0",
			},
		},
		"status": map[string]any{
			"capacity": resources, "allocatable": resources, "images": images,
			"addresses": []any{
				map[string]string{
					"type": "InternalIP", "address": fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255,
						i&255),
				}, map[string]string{"type": "Hostname", "address": name},
			},
			"conditions": []any{
				map[string]string{"type": "Ready", "status": "True"}, map[string]string{
					"type": "MemoryPressure", "status": "False",
				},
			},
			"nodeInfo": map[string]string{
				"kubeletVersion": "v1.36.3", "architecture": "amd64", "operatingSystem": "linux",
				"kernelVersion": "6.12.0", "osImage": "Amazon Linux 2023",
				"containerRuntimeVersion": "containerd://2.1.4", "machineID": "m",
				"systemUUID": "u", "bootID": "b", "kubeProxyVersion": "",
			},
		},
	})
	return err
}
