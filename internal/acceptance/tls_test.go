//go:build acceptance

package acceptance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// webConfig is Prometheus' web configuration file with TLS and basic auth, and what a client needs.
type webConfig struct {
	file   string
	ca     string // the self-signed certificate, which is a client's ca_file
	client *http.Client
}

// newWebConfig makes a self-signed certificate for 127.0.0.1 and the web configuration that uses
// it.
func newWebConfig(t testing.TB) *webConfig {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "promsnap acceptance"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	w := &webConfig{file: filepath.Join(dir, "web.yml"), ca: filepath.Join(dir, "ca.pem")}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, body := range map[string][]byte{
		w.ca: certificate,
		filepath.Join(dir, "key.pem"): pem.EncodeToMemory(&pem.Block{
			Type: "PRIVATE KEY", Bytes: keyDER,
		}),
		w.file: fmt.Appendf(nil, "tls_server_config: {cert_file: ca.pem, key_file: "+
			"key.pem}\nbasic_auth_users: {%s: %s}\n", username, passwordHash),
	} {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	w.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return w
}
