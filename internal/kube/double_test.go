package kube_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"

	"github.com/promsnap/promsnap/internal/kube"
	"github.com/promsnap/promsnap/internal/state/statetest"
)

// token is the token of the tests' user.
const token = statetest.Secret

// apiServer is a partial API server: handlers by path, and ConfigMaps with their resourceVersion.
type apiServer struct {
	*httptest.Server
	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	asked    []string // method, path and query of every request
	maps     map[string]*corev1.ConfigMap
	version  int
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{handlers: map[string]http.HandlerFunc{}, maps: map[string]*corev1.ConfigMap{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that a test breaks
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP implements http.Handler.
func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSuffix(r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery, "?"))
	handle := s.handlers[r.URL.Path]
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+token:
		refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
	case handle != nil:
		handle(w, r)
	case strings.Contains(r.URL.Path, "/configmaps"):
		s.configMap(w, r)
	default:
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, r.URL.Path+" not found")
	}
}

// on sets the handler of a path.
func (s *apiServer) on(path string, h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[path] = h
}

// requests returns the requests since the last call.
func (s *apiServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// answer returns a handler that writes an object.
func answer(o any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(o)
	}
}

// refuse writes an error of the API server.
func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure",
		Code: int32(code), Reason: reason, Message: message,
	})
}

// forbid refuses a request like RBAC.
func forbid(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden,
		`"`+r.URL.Path+`" is forbidden: User "kim" cannot do that`)
}

// codec reads and writes objects like the API server, in protobuf if requested. It is shared,
// because creating it takes longer than all requests of a test.
var codec = sync.OnceValue(func() runtime.Codec {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		panic(err)
	}
	factory := serializer.NewCodecFactory(scheme)
	return factory.CodecForVersions(protobuf.NewSerializer(scheme, scheme),
		factory.UniversalDeserializer(), corev1.SchemeGroupVersion, corev1.SchemeGroupVersion)
})

// configMap reads ConfigMaps, and writes them if their resourceVersion matches, like the API
// server.
func (s *apiServer) configMap(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		o := s.maps[r.URL.Path]
		if o == nil {
			refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "configmaps not found")
			return
		}
		w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
		if err := codec().Encode(o, w); err != nil {
			panic(err)
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	decoded, _, err := codec().Decode(body, nil, nil)
	o, ok := decoded.(*corev1.ConfigMap)
	if err != nil || !ok {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, fmt.Sprint(err))
		return
	}
	path := r.URL.Path
	if r.Method == http.MethodPost {
		path += "/" + o.Name
	}
	old := s.maps[path]
	switch {
	case r.Method == http.MethodPost && old != nil:
		refuse(w, http.StatusConflict, metav1.StatusReasonAlreadyExists, "exists")
		return
	case r.Method == http.MethodPut && (old == nil || old.ResourceVersion != o.ResourceVersion):
		refuse(w, http.StatusConflict, metav1.StatusReasonConflict, "changed")
		return
	}
	s.version++
	o.ResourceVersion = strconv.Itoa(s.version)
	s.maps[path] = o
	answer(o)(w, r)
}

// kubeconfig writes a kubeconfig for the server at a URL, with the certificate of httptest.
// client-go sends credentials only over TLS.
func kubeconfig(t *testing.T, url string) string {
	t.Helper()
	some := httptest.NewTLSServer(nil)
	some.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: some.Certificate().Raw})
	path := filepath.Join(t.TempDir(), "config")
	body := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: seoul
clusters:
- {name: here, cluster: {server: %q, certificate-authority-data: %s}}
users:
- {name: kim, user: {token: %q}}
contexts:
- {name: seoul, context: {cluster: here, user: kim, namespace: team}}
- {name: tokyo, context: {cluster: here, user: kim}}
`, url, base64.StdEncoding.EncodeToString(authority), token)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens the cluster of the server.
func (s *apiServer) open(t *testing.T, namespace string) *kube.Cluster {
	t.Helper()
	c, err := kube.Open(kube.Options{Kubeconfig: kubeconfig(t, s.URL), Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
