//go:build acceptance

package acceptance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// controlPlane is a real Kubernetes control plane on loopback with RBAC: etcd, kube-apiserver and,
// on request, the controllers that make Jobs and Pods. It has no kubelet. The certificates last as
// long as the test.
type controlPlane struct {
	url       string
	dir       string
	authority *authority
	signer    *rsa.PrivateKey // of service account tokens
	admin     *http.Client
	apiserver *process
}

// authority is a test's own certificate authority.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "promsnap acceptance"},
		NotBefore: time.Now().Add(-time.Hour),
		NotAfter:  time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{
		certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}
}

// issue returns a certificate and its key as PEM, for a server at hosts or, without hosts, for a
// client.
func (a *authority) issue(t testing.TB, subject pkix.Name,
	hosts ...string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{
			x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth,
		},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(),
		a.key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: der,
	}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}

// startControlPlane runs etcd and the API server and waits until they are ready.
func startControlPlane(t testing.TB) *controlPlane {
	t.Helper()
	p := &controlPlane{dir: t.TempDir(), authority: newAuthority(t)}
	etcd, peers, address := freePort(t), freePort(t), freePort(t)
	start(t, nil, installed(t, "etcd"), "--data-dir="+filepath.Join(p.dir, "etcd"),
		"--listen-client-urls=http://"+etcd, "--advertise-client-urls=http://"+etcd,
		"--listen-peer-urls=http://"+peers, "--initial-advertise-peer-urls=http://"+peers,
		"--initial-cluster=default=http://"+peers,
		"--unsafe-no-fsync", "--log-level=error")

	var err error
	if p.signer, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	certificate, key := p.authority.issue(t, pkix.Name{CommonName: "kube-apiserver"}, "127.0.0.1",
		"localhost", "kubernetes.default.svc")
	signer := p.write(t, "sa.key", pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(p.signer),
	}))
	client, clientKey := p.authority.issue(t, pkix.Name{
		CommonName: "kube-apiserver-kubelet-client",
	})
	p.url = "https://" + address
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p.apiserver = start(t, nil, installed(t, "kube-apiserver"), "--etcd-servers=http://"+etcd,
		"--secure-port="+port, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--tls-cert-file="+p.write(t, "apiserver.crt", certificate), "--tls-private-key-file="+
			p.write(t, "apiserver.key", key),
		"--client-ca-file="+p.write(t, "ca.crt", p.authority.pem), "--service-account-key-file="+
			signer, "--service-account-signing-key-file="+signer,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC",
		"--kubelet-client-certificate="+p.write(t, "kubelet-client.crt", client),
		"--kubelet-client-key="+p.write(t, "kubelet-client.key", clientKey),
		"--kubelet-certificate-authority="+filepath.Join(p.dir, "ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		"--endpoint-reconciler-type=none", "--cert-dir="+p.dir, "--v=1")

	certificate, key = p.authority.issue(t, pkix.Name{
		CommonName: "admin", Organization: []string{"system:masters"},
	})
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.authority.certificate)
	p.admin = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
		},
	}
	t.Cleanup(p.admin.CloseIdleConnections)
	await(t, "the API server to be ready", func() error {
		_, err := p.do(http.MethodGet, "/readyz", nil)
		return err
	})
	return p
}

// startControllers runs the controllers of CronJobs, Jobs, namespaces, service accounts and owners.
func (p *controlPlane) startControllers(t testing.TB) {
	t.Helper()
	start(t, nil, installed(t, "kube-controller-manager"),
		"--kubeconfig="+p.user(t, "controller-manager", "system:masters"),
		"--controllers=cronjob-controller,job-controller,serviceaccount-controller,"+
			"serviceaccount-token-controller,garbage-collector-controller,"+
			"ttl-after-finished-controller,namespace-controller",
		"--use-service-account-credentials=true", "--service-account-private-key-file="+
			filepath.Join(p.dir, "sa.key"), "--root-ca-file="+filepath.Join(p.dir, "ca.crt"),
		"--leader-elect=false", "--secure-port=0", "--v=1")
}

func (p *controlPlane) write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// do sends a request to the API server as its administrator. The body is JSON text or a value to
// encode as JSON.
func (p *controlPlane) do(method, path string, body any) ([]byte, error) {
	data, ok := body.(string)
	if !ok && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		data = string(encoded)
	}
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	resp, err := p.admin.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, tail(string(answer), 600))
	}
	return answer, err
}

// must is do for requests that have to succeed.
func (p *controlPlane) must(t testing.TB, method, path string, body any) []byte {
	t.Helper()
	answer, err := p.do(method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// apply makes or changes objects, written as YAML, through kubectl as the administrator.
func (p *controlPlane) apply(t testing.TB, objects string) {
	t.Helper()
	for again := true; ; again = false {
		cmd := exec.CommandContext(context.Background(), installed(t, "kubectl"),
			"--kubeconfig="+p.user(t, "admin", "system:masters"), "apply", "-f", "-")
		cmd.Stdin = strings.NewReader(objects)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if !again || !bytes.Contains(out, []byte("AlreadyExists")) {
			// A controller created it first: apply once more to change it.
			t.Fatalf("kubectl apply: %v\n%s", err, out)
		}
	}
}

// user writes the kubeconfig of a user with a client certificate, in groups.
func (p *controlPlane) user(t testing.TB, name string, groups ...string) string {
	t.Helper()
	certificate, key := p.authority.issue(t, pkix.Name{CommonName: name, Organization: groups})
	encode := base64.StdEncoding.EncodeToString
	return p.kubeconfig(t, name, fmt.Sprintf("{client-certificate-data: %s, client-key-data: %s}",
		encode(certificate), encode(key)))
}

// bearer writes the kubeconfig for the owner of a token.
func (p *controlPlane) bearer(t testing.TB, name, token string) string {
	t.Helper()
	return p.kubeconfig(t, name, fmt.Sprintf("{token: %s}", token))
}

func (p *controlPlane) kubeconfig(t testing.TB, name, credentials string) string {
	t.Helper()
	return p.write(t, fmt.Sprintf("kubeconfig-%s-%d", name, time.Now().UnixNano()),
		fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: acceptance
clusters: [{name: acceptance, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: %q, user: %s}]
contexts: [{name: acceptance, context: {cluster: acceptance, user: %q}}]
`, p.url, base64.StdEncoding.EncodeToString(p.authority.pem), name, credentials, name))
}

// token signs a service account's token that expires at ends, with the API server's own key. The
// API server itself issues no expired token.
func (p *controlPlane) token(t testing.TB, namespace, account string, ends time.Time) string {
	t.Helper()
	var object struct{ Metadata struct{ UID string } }
	if err := json.Unmarshal(p.must(t, http.MethodGet, "/api/v1/namespaces/"+namespace+
		"/serviceaccounts/"+account, nil), &object); err != nil {
		t.Fatal(err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": "https://kubernetes.default.svc", "aud": []string{"https://kubernetes.default.svc"},
		"sub": "system:serviceaccount:" + namespace + ":" + account,
		"iat": ends.Add(-time.Hour).Unix(), "nbf": ends.Add(-time.Hour).Unix(), "exp": ends.Unix(),
		"kubernetes.io": map[string]any{
			"namespace": namespace, "serviceaccount": map[string]string{
				"name": account, "uid": object.Metadata.UID,
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.signer, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

// allow grants a user the rules of a Role in one namespace, or everywhere if namespace is empty.
func (p *controlPlane) allow(t testing.TB, user, namespace, rules string) {
	t.Helper()
	kind, place := "ClusterRole", ""
	if namespace != "" {
		kind, place = "Role", ", namespace: "+namespace
	}
	name := fmt.Sprintf("%s-%d", user, time.Now().UnixNano())
	var b bytes.Buffer
	fmt.Fprintf(&b, "{apiVersion: rbac.authorization.k8s.io/v1, kind: %s, metadata: {name: "+
		"%s%s}, rules: [%s]}\n---\n", kind, name, place, rules)
	fmt.Fprintf(&b, "{apiVersion: rbac.authorization.k8s.io/v1, kind: %sBinding, metadata: "+
		"{name: %s%s}, subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: %s}], "+
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}}\n",
		kind, name, place, user, kind, name)
	p.apply(t, b.String())
}

// outwardIP returns an address of this machine that is not loopback, because the API server's proxy
// refuses to go there.
func outwardIP(t testing.TB) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback, where the API server's proxy does not go")
	return ""
}
