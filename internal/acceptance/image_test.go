//go:build acceptance

package acceptance

import (
	"crypto/x509"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxImage is the most bytes that an image may have.
const maxImage = 60 << 20

// podman runs podman with its storage in a test directory and with settings that work inside a
// container.
func podman(t testing.TB, storage string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("podman")
	if err != nil {
		t.Skip(
			"podman is missing; apt-get install --no-install-recommends podman buildah crun runc")
	}
	return exec.Command(path, append(podmanFlags(storage), args...)...)
}

func podmanFlags(storage string) []string {
	return []string{"--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage,
		"run"), "--storage-driver", "vfs", "--runtime", "runc",
		"--cgroup-manager", "cgroupfs"}
}

// TestImage builds the image for both architectures with make and runs the one for this machine,
// without anything writable.
func TestImage(t *testing.T) {
	t.Parallel()
	storage := t.TempDir()
	for _, arch := range []string{"arm64", "amd64"} {
		image := "localhost/promsnap:" + arch
		podman(t, storage)
		build := exec.Command("make", "-C", "../..", "image", "IMAGE="+image, "IMAGE_ARCH="+arch,
			"VERSION=v9.9.9", "BUILDER=podman",
			"BUILDER_FLAGS="+strings.Join(podmanFlags(storage), " "))
		build.Env = append(os.Environ(), "BUILDAH_ISOLATION=chroot")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("make image: %v\n%s", err, tail(string(out), 3000))
		}
		out, err := podman(t, storage, "image", "inspect", image).Output()
		if err != nil {
			t.Fatal(err)
		}
		var images []struct {
			Architecture string
			Size         int64
			Config       struct {
				User       string
				Entrypoint []string
			}
		}
		if err := json.Unmarshal(out, &images); err != nil || len(images) != 1 {
			t.Fatalf("podman image inspect: %v, want one image: %s", err, out)
		}
		i := images[0]
		if i.Architecture != arch || i.Config.User != "65532:65532" ||
			len(i.Config.Entrypoint) != 1 || i.Config.Entrypoint[0] != "/promsnap" {
			t.Errorf("%s: the image is %+v, want %s, user 65532:65532 and entrypoint /promsnap",
				arch, i, arch)
		}
		if i.Size > maxImage {
			t.Errorf("%s: the image has %d bytes, want at most %d", arch, i.Size, maxImage)
		}
		t.Logf("%s: %d MiB", arch, i.Size>>20)
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "version: 1\nprometheus: {url: http://prometheus}\nreports: [{name: daily, timezone: " +
		"Asia/Seoul}]\n"
	if err := os.WriteFile(filepath.Join(dir, "promsnap.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		// podman's default limits of files and processes are above what a container may set.
		flags := []string{"run", "--rm", "--network=none", "--read-only", "--read-only-tmpfs=false",
			"--cap-drop=all", "--security-opt=no-new-privileges",
			"--user=65532:65532", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "-v",
			dir + ":/etc/promsnap:ro", "localhost/promsnap:amd64"}
		out, err := podman(t, storage, append(flags, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("podman run promsnap %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if got := run("version"); !strings.HasPrefix(got, "promsnap v9.9.9 ") {
		t.Errorf("promsnap version prints %q, want v9.9.9", got)
	}
	// The time zone is known without a file in the image.
	if got := run("check-config", "/etc/promsnap/promsnap.yaml"); !strings.Contains(got,
		"is valid") {
		t.Errorf("check-config prints %q, want \"is valid\"", got)
	}
	mounted, err := podman(t, storage, "image", "mount", "localhost/promsnap:amd64").Output()
	if err != nil {
		t.Fatal(err)
	}
	testFiles(t, strings.TrimSpace(string(mounted)))
}

// testFiles checks that the image holds only the program and the certificates for TLS.
func testFiles(t *testing.T, root string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const certificates = "/etc/ssl/certs/ca-certificates.crt"
	if want := []string{certificates, "/promsnap"}; !slices.Equal(files, want) {
		t.Errorf("the image has %q, want %q", files, want)
	}
	bundle, err := os.ReadFile(filepath.Join(root, certificates))
	if err != nil {
		t.Fatal(err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(bundle) {
		t.Error("no certificate of the image can be read, want one or more")
	}
}
