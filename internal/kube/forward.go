package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

const (
	maxPods       = 100              // the longest list of pods
	maxProblem    = 4 << 10          // the longest error text of the kubelet
	tunnelTimeout = 90 * time.Second // after which an idle connection is closed
)

// forward is a port-forward to a pod: connections through the API server and the kubelet to a port
// of the pod. It opens no port on this machine, which others could use.
type forward struct {
	cluster *Cluster
	pod     string // NAMESPACE/NAME
	access  access
	port    int32
	dialer  httpstream.Dialer

	opening sync.Mutex // held while a connection is opened
	opened  int

	mu      sync.Mutex            // for the fields below; never held during I/O
	session httpstream.Connection // all connections are streams of it
	closed  bool
}

// openForward finds a pod of the Service s and prepares a port-forward to it.
func (c *Cluster) openForward(ctx context.Context, s Service) (*forward, error) {
	var o corev1.Service
	if err := c.get(ctx,
		access{verb: "get", resource: "services", namespace: s.Namespace, name: s.Name},
		&o); err != nil {
		return nil, err
	}
	port, ok := s.portOf(&o, product{})
	if !ok || len(o.Spec.Selector) == 0 {
		return nil, fmt.Errorf("the service %s has no such port, or no pods", s)
	}
	var pods corev1.PodList
	selector := labels.SelectorFromSet(o.Spec.Selector).String()
	err := c.list(ctx, access{verb: "list", resource: "pods", namespace: s.Namespace},
		metav1.ListOptions{LabelSelector: selector, Limit: maxPods}, &pods)
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if number := containerPort(pod, port); ready(pod) && number > 0 {
			return c.forwardTo(pod, number)
		}
	}
	return nil, fmt.Errorf("no pod of the service %s is ready (it has %d); check `kubectl -n %s "+
		"get pods -l %s`", s, len(pods.Items), s.Namespace, selector)
}

// ready reports whether a pod is ready.
func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}

// containerPort returns the number of a Service's port in a pod, or 0 if the pod does not have it.
func containerPort(p *corev1.Pod, port corev1.ServicePort) int32 {
	if port.TargetPort.Type == intstr.Int {
		return cmp.Or(port.TargetPort.IntVal, port.Port)
	}
	for _, c := range p.Spec.Containers {
		for _, q := range c.Ports {
			if q.Name == port.TargetPort.StrVal {
				return q.ContainerPort
			}
		}
	}
	return 0
}

// forwardTo prepares a port-forward to a pod: through a WebSocket, or through SPDY if the API
// server or a proxy does not support that.
func (c *Cluster) forwardTo(p *corev1.Pod, port int32) (*forward, error) {
	to := c.core.Post().Namespace(p.Namespace).Resource("pods").Name(p.Name).
		SubResource("portforward").URL()
	socket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(to, c.config)
	if err != nil {
		return nil, fmt.Errorf("preparing a port-forward: %w", err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, fmt.Errorf("preparing a port-forward: %w", err)
	}
	old := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost,
		to)
	return &forward{
		cluster: c, port: port, pod: p.Namespace + "/" + p.Name,
		access: access{
			verb: "create", resource: "pods/portforward", namespace: p.Namespace, name: p.Name,
		},
		dialer: portforward.NewFallbackDialerForStreaming(socket, old, func(err error) bool {
			return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		}),
	}, nil
}

// transport returns a transport that sends all requests to the pod, whatever their host is.
func (f *forward) transport() *http.Transport {
	return &http.Transport{
		DialContext: f.dial, IdleConnTimeout: tunnelTimeout, MaxIdleConnsPerHost: 8,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// url returns the URL of the Prometheus API of s, for transport.
func (f *forward) url(s Service) *url.URL {
	u := &url.URL{
		Scheme: "http", Host: net.JoinHostPort(s.Name+"."+s.Namespace+".svc",
			strconv.Itoa(int(f.port))), Path: s.Path,
	}
	if s.HTTPS {
		u.Scheme = "https"
	}
	return u
}

// close closes every connection, also one that is being opened.
func (f *forward) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.session != nil {
		_ = f.session.Close()
	}
}

// dial opens a connection to the pod's port.
func (f *forward) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	type result struct {
		t   *tunnel
		err error
	}
	done := make(chan result, 1)
	go func() { // client-go's dialers take no context
		t, err := f.open()
		done <- result{t, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, f.explain(ctx, r.err)
		}
		return r.t, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.t != nil {
				_ = r.t.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// explain returns the *Error of a connection that could not be opened.
func (f *forward) explain(ctx context.Context, err error) error {
	e := &Error{Doing: f.access.String(), Err: errors.New(brief(err.Error()))}
	switch text := err.Error(); {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case strings.Contains(text, "is forbidden"):
		e.Err, e.Hint, e.denied = errors.New("forbidden (403)"), "grant the RBAC rule "+
			f.access.rule(), true
	case strings.Contains(text, "Unauthorized"):
		e.Hint = f.cluster.loginHint()
	default:
		e.Hint = "the API server or the pod's kubelet did not connect"
	}
	return e
}

// connect returns the session. It opens a new one if there is none.
func (f *forward) connect() (httpstream.Connection, error) {
	f.mu.Lock()
	session := f.session
	f.mu.Unlock()
	if session != nil {
		select {
		case <-session.CloseChan():
		default:
			return session, nil
		}
	}
	session, _, err := f.dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.Join(net.ErrClosed, session.Close())
	}
	f.session = session
	return session, nil
}

// open opens the two streams of a connection: one for data, one for errors (portforward.k8s.io,
// version 1).
func (f *forward) open() (*tunnel, error) {
	f.opening.Lock()
	defer f.opening.Unlock()
	session, err := f.connect()
	if err != nil {
		return nil, err
	}
	f.opened++
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(int(f.port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(f.opened))
	problems, err := session.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = problems.Close() // the sending half, which is not used
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := session.CreateStream(headers)
	if err != nil {
		session.RemoveStreams(problems)
		return nil, err
	}
	t := &tunnel{
		Stream: data, session: session, problems: problems, problem: make(chan string, 1),
		closed: make(chan struct{}),
		to:     pipeAddr(f.pod + ":" + strconv.Itoa(int(f.port))),
	}
	go t.listen()
	return t, nil
}

// tunnel is one connection.
type tunnel struct {
	httpstream.Stream
	session  httpstream.Connection
	problems httpstream.Stream
	problem  chan string // the kubelet's error; "" if there was none
	closed   chan struct{}
	once     sync.Once
	to       pipeAddr
}

var _ net.Conn = (*tunnel)(nil)

// listen waits for the kubelet's error, which comes when the connection ends.
func (t *tunnel) listen() {
	// the beginning of a text that breaks off is still useful
	text, _ := io.ReadAll(io.LimitReader(t.problems, maxProblem))
	t.problem <- brief(string(text))
}

// Read implements net.Conn.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Stream.Read(p)
	if err == nil || n > 0 {
		return n, nil
	}
	select {
	case text := <-t.problem:
		t.problem <- text
		if text != "" {
			return 0, fmt.Errorf("port-forward to %s: %s", t.to, text)
		}
	case <-t.closed:
	}
	return 0, err
}

// Close implements net.Conn.
func (t *tunnel) Close() error {
	t.once.Do(func() {
		close(t.closed)
		_ = t.Reset()
		_ = t.problems.Reset()
		t.session.RemoveStreams(t.Stream, t.problems)
	})
	return nil
}

// LocalAddr implements net.Conn.
func (t *tunnel) LocalAddr() net.Addr { return pipeAddr("promsnap") }

// RemoteAddr implements net.Conn.
func (t *tunnel) RemoteAddr() net.Addr { return t.to }

// SetDeadline implements net.Conn. A stream has no deadline; net/http closes the connection when
// the context of a request ends.
func (t *tunnel) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (t *tunnel) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (t *tunnel) SetWriteDeadline(time.Time) error { return nil }

// pipeAddr is the address of an end of a tunnel, for messages.
type pipeAddr string

// Network implements net.Addr.
func (pipeAddr) Network() string { return "port-forward" }

// String implements net.Addr.
func (a pipeAddr) String() string { return string(a) }
