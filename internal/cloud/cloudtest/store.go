package cloudtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Region is the region of a Store.
const Region = "us-east-1"

// Store is AWS Secrets Manager and Parameter Store in the process of the test. It checks
// signatures.
type Store struct {
	URL string

	mu     sync.Mutex
	values map[string]string
	calls  []string
	fault  func(call string, n int) *Fault
}

// NewStore starts a store with values by name. The names of parameters begin with a slash. It stops
// with the test.
func NewStore(t testing.TB, values map[string]string) *Store {
	s := &Store{values: values}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// Env returns the environment with which the SDK uses the store and its keys.
func (s *Store) Env() map[string]string {
	return map[string]string{
		"AWS_REGION": Region, "AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": Secret,
		"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none",
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": s.URL, "AWS_ENDPOINT_URL_SSM": s.URL,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Set changes a value, like a rotation.
func (s *Store) Set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
}

// Break lets fault decide whether a call fails. n is the number of calls before it. fault returns
// nil for a call that succeeds.
func (s *Store) Break(fault func(call string, n int) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.calls = fault, nil
}

// Calls returns the calls since the start or since Break, such as "GetParameter /name".
func (s *Store) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// ServeHTTP answers GetSecretValue and GetParameter.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	service, call, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	signed := map[string]string{"secretsmanager": "secretsmanager", "AmazonSSM": "ssm"}[service]
	if err := CheckSignature(r, body, Region, signed); err != nil {
		code, message, _ := strings.Cut(err.Error(), ": ")
		answerJSON(w, http.StatusBadRequest, map[string]string{"__type": code, "message": message})
		return
	}
	var asked struct {
		SecretID       string `json:"SecretId"`
		Name           string
		WithDecryption bool
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		answerJSON(w, http.StatusBadRequest, map[string]string{"__type": "SerializationException"})
		return
	}
	s.answer(w, call, asked.SecretID+asked.Name, asked.WithDecryption)
}

func (s *Store) answer(w http.ResponseWriter, call, name string, decrypt bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call+" "+name)
	if s.fault != nil {
		if f := s.fault(call, len(s.calls)-1); f != nil {
			answerJSON(w, f.Status, map[string]string{"__type": f.Code, "message": f.Message})
			return
		}
	}
	value, ok := s.values[name]
	switch {
	case call == "GetSecretValue" && ok:
		answerJSON(w, http.StatusOK, map[string]any{"Name": name, "SecretString": value})
	case call == "GetParameter" && ok:
		if !decrypt {
			value = "encrypted"
		}
		answerJSON(w, http.StatusOK, map[string]any{
			"Parameter": map[string]any{"Name": name, "Type": "SecureString", "Value": value},
		})
	case call == "GetParameter":
		answerJSON(w, http.StatusBadRequest, map[string]string{"__type": "ParameterNotFound"})
	default:
		answerJSON(w, http.StatusBadRequest, map[string]string{
			"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the " +
				"specified secret.",
		})
	}
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "REQUEST1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
