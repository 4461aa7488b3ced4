//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// runAs is the user ID of the chart's Pods.
const runAs = 65532

// static builds promsnap without a C library, as in the image, so that it runs in an empty root.
var static = sync.OnceValues(func() (string, error) {
	return buildStatic("promsnap-static", "../../cmd/promsnap")
})

// kubelet runs Pods of one container without isolating them. It makes the root file system from the
// image and the volumes, and runs the program in it with the Pod's arguments, environment and user.
type kubelet struct {
	*controlPlane
	// directories of emptyDir volumes by name; they outlive the Pods so that tests can read them
	volumes map[string]string
	// addresses by the names in the cluster's DNS; each Pod gets them in /etc/hosts
	names map[string]string
}

func newKubelet(t testing.TB, p *controlPlane) *kubelet {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can run a program in its own root as another user")
	}
	return &kubelet{controlPlane: p, volumes: map[string]string{}}
}

// run runs a Pod and returns the outcome of its program.
func (k *kubelet) run(t testing.TB, pod object) outcome {
	t.Helper()
	program, err := static()
	if err != nil {
		t.Fatal(err)
	}
	root := rootDir(t)
	copyFile(t, program, filepath.Join(root, "promsnap"), 0o755)
	k.mount(t, pod, root)
	k.hosts(t, root)
	args, _ := pod.at("spec.containers.0.args").([]any)
	cmd := exec.CommandContext(t.(*testing.T).Context(), "/promsnap")
	for _, a := range args {
		cmd.Args = append(cmd.Args, a.(string))
	}
	cmd.Dir, cmd.Env = "/", k.environment(t, pod)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: root, Credential: &syscall.Credential{Uid: runAs, Gid: runAs},
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("running the Pod: %v", err)
	}
	o := outcome{
		code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(),
		took: time.Since(begin), state: cmd.ProcessState,
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Pod %v, %v: exit %d\n%s%s", pod.at("metadata.name"), args, o.code,
				tail(o.stdout, 4000), tail(o.stderr, 4000))
		}
	})
	return o
}

// rootDir makes a directory that other users may read, unlike t.TempDir.
func rootDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "promsnap-pod")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyFile(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	if os.Link(from, to) == nil {
		return
	}
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// environment returns the environment of the Pod's container.
func (k *kubelet) environment(t testing.TB, pod object) []string {
	t.Helper()
	u, err := url.Parse(k.url)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	vars, _ := pod.at("spec.containers.0.env").([]any)
	for _, v := range vars {
		one := object(v.(map[string]any))
		value, _ := one.at("value").(string)
		if field, ok := one.at("valueFrom.fieldRef.fieldPath").(string); ok {
			value = fieldOf(t, pod, field)
		}
		if secret, ok := one.at("valueFrom.secretKeyRef").(map[string]any); ok {
			var o struct{ Data map[string][]byte }
			path := fmt.Sprintf("/api/v1/namespaces/%v/secrets/%v", pod.at("metadata.namespace"),
				secret["name"])
			if err := json.Unmarshal(k.must(t, http.MethodGet, path, nil), &o); err != nil {
				t.Fatal(err)
			}
			value = string(o.Data[secret["key"].(string)])
		}
		env = append(env, fmt.Sprintf("%v=%s", one.at("name"), value))
	}
	return env
}

// fieldOf returns a field's value as the downward API does. A missing label is empty.
func fieldOf(t testing.TB, pod object, path string) string {
	t.Helper()
	for _, of := range []string{"labels", "annotations"} {
		if rest, ok := strings.CutPrefix(path, "metadata."+of+"['"); ok {
			all, _ := pod.at("metadata." + of).(map[string]any)
			value, _ := all[strings.TrimSuffix(rest, "']")].(string)
			return value
		}
	}
	value, ok := pod.at(path).(string)
	if !ok {
		t.Fatalf("the Pod is %s, want a field %s", asJSON(t, pod), path)
	}
	return value
}

// mount puts the volumes where the container expects them.
func (k *kubelet) mount(t testing.TB, pod object, root string) {
	t.Helper()
	volumes := map[string]object{}
	all, _ := pod.at("spec.volumes").([]any)
	for _, v := range all {
		volume := object(v.(map[string]any))
		volumes[volume.at("name").(string)] = volume
	}
	mounts, _ := pod.at("spec.containers.0.volumeMounts").([]any)
	for _, m := range mounts {
		mount := object(m.(map[string]any))
		name, to := mount.at("name").(string), filepath.Join(root, mount.at("mountPath").(string))
		volume := volumes[name]
		if volume.at("emptyDir") != nil {
			k.emptyDir(t, name, to)
			continue
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, data := range k.files(t, pod, volume) {
			if err := os.WriteFile(filepath.Join(to, file), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// hosts writes /etc/hosts, as a kubelet does.
func (k *kubelet) hosts(t testing.TB, root string) {
	t.Helper()
	lines := "127.0.0.1 localhost\n"
	for name, address := range k.names {
		lines += address + " " + name + "\n"
	}
	if err := os.WriteFile(filepath.Join(root, "etc", "hosts"), []byte(lines), 0o644); err != nil {
		// /etc exists, because the configuration is below it.
		t.Fatal(err)
	}
}

// emptyDir makes the only place where the Pod may write. k.volumes records its path.
func (k *kubelet) emptyDir(t testing.TB, name, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(to, runAs, runAs); err != nil {
		t.Fatal(err)
	}
	k.volumes[name] = to
}

// files returns the files of a volume: those of a ConfigMap, or the token, the certificates and the
// namespace of a service account.
func (k *kubelet) files(t testing.TB, pod, volume object) map[string][]byte {
	t.Helper()
	namespace := pod.at("metadata.namespace").(string)
	out := map[string][]byte{}
	if name, ok := volume.at("configMap.name").(string); ok {
		var o struct{ Data map[string]string }
		if err := json.Unmarshal(k.must(t, http.MethodGet, "/api/v1/namespaces/"+namespace+
			"/configmaps/"+name, nil), &o); err != nil {
			t.Fatal(err)
		}
		for file, text := range o.Data {
			out[file] = []byte(text)
		}
		return out
	}
	sources, ok := volume.at("projected.sources").([]any)
	if !ok {
		t.Fatalf("the volume is %s, want a ConfigMap or a projected one", asJSON(t, volume))
	}
	for _, s := range sources {
		switch source := object(s.(map[string]any)); {
		case source.at("serviceAccountToken") != nil:
			out["token"] = k.podToken(t, pod)
		case source.at("configMap") != nil:
			// kube-root-ca.crt, which is made by a controller that does not run here
			out["ca.crt"] = k.authority.pem
		case source.at("downwardAPI") != nil:
			out["namespace"] = []byte(namespace)
		}
	}
	return out
}

// podToken requests a token of the Pod's service account, bound to the Pod.
func (k *kubelet) podToken(t testing.TB, pod object) []byte {
	t.Helper()
	path := fmt.Sprintf("/api/v1/namespaces/%v/serviceaccounts/%v/token",
		pod.at("metadata.namespace"), pod.at("spec.serviceAccountName"))
	answer := k.must(t, http.MethodPost, path, map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
		"spec": map[string]any{"expirationSeconds": 3607, "boundObjectRef": map[string]any{
			"apiVersion": "v1", "kind": "Pod", "name": pod.at("metadata.name"),
			"uid": pod.at("metadata.uid"),
		}},
	})
	var request struct{ Status struct{ Token string } }
	if err := json.Unmarshal(answer, &request); err != nil || request.Status.Token == "" {
		t.Fatalf("requesting a token: %v, want one in\n%s", err, answer)
	}
	return []byte(request.Status.Token)
}

// podOf waits for a Pod that the Job controller has made for a Job, other than those in but.
func (k *kubelet) podOf(t testing.TB, namespace, job string, but ...object) object {
	t.Helper()
	var found object
	await(t, "a Pod of the Job "+job, func() error {
		var pods struct{ Items []map[string]any }
		path := "/api/v1/namespaces/" + namespace + "/pods?labelSelector=" +
			url.QueryEscape("batch.kubernetes.io/job-name="+job)
		if err := json.Unmarshal(k.must(t, http.MethodGet, path, nil), &pods); err != nil {
			return err
		}
	next:
		for _, pod := range pods.Items {
			for _, b := range but {
				if b.at("metadata.name") == object(pod).at("metadata.name") {
					continue next
				}
			}
			found = pod
			return nil
		}
		return fmt.Errorf("there are %d", len(pods.Items))
	})
	return found
}

// ends reports the end of a Pod in place of the kubelet.
func (k *kubelet) ends(t testing.TB, pod object, code int) {
	t.Helper()
	phase := "Succeeded"
	if code != 0 {
		phase = "Failed"
	}
	k.status(t, pod, phase, code)
}

// drained reports in place of the kubelet that a Pod was killed because its node is drained.
func (k *kubelet) drained(t testing.TB, pod object) {
	t.Helper()
	k.status(t, pod, "Failed", 137, map[string]any{
		"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
	})
}

func (k *kubelet) status(t testing.TB, pod object, phase string, code int,
	conditions ...map[string]any) {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339)
	k.must(t, http.MethodPatch, fmt.Sprintf("/api/v1/namespaces/%v/pods/%v/status",
		pod.at("metadata.namespace"), pod.at("metadata.name")), map[string]any{
		"status": map[string]any{"phase": phase, "conditions": conditions,
			"containerStatuses": []any{map[string]any{
				"name": "promsnap", "image": "promsnap", "imageID": "", "ready": false,
				"restartCount": 0,
				"state": map[string]any{
					"terminated": map[string]any{
						"exitCode": code, "startedAt": now, "finishedAt": now,
					},
				},
			}}},
	})
}

// createJob makes a Job from a CronJob by hand.
func (k *kubelet) createJob(t testing.TB, namespace, name, cronjob string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), installed(t, "kubectl"), "--kubeconfig="+
		k.user(t, "admin", "system:masters"), "-n", namespace, "create", "job", name,
		"--from=cronjob/"+cronjob)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl create job: %v\n%s", err, out)
	}
}

// encoded returns s as a Secret stores it.
func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
