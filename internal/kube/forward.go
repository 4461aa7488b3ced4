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
	maxPods    = 100              // of which a ready one is sought
	maxSaid    = 4 << 10          // of what the kubelet says went wrong
	keepTunnel = 90 * time.Second // how long an idle connection through the tunnel is kept
)

// forward is a port-forward to a pod: connections through the API server and the kubelet to a port
// of the pod, without a port on this machine that others could use too.
type forward struct {
	cluster *Cluster
	pod     string // NAMESPACE/NAME
	access  access
	port    int32
	dialer  httpstream.Dialer

	opening sync.Mutex // one connection is made at a time
	asked   int

	mu      sync.Mutex            // held for moments, never while anything is waited for
	session httpstream.Connection // what all connections are streams of
	closed  bool
}

// openForward finds a pod behind s.
func (c *Cluster) openForward(ctx context.Context, s Service) (*forward, error) {
	var o corev1.Service
	if err := c.get(ctx,
		access{verb: "get", resource: "services", namespace: s.Namespace, name: s.Name},
		&o); err != nil {
		return nil, err
	}
	port, ok := s.portOf(&o, product{})
	if !ok || len(o.Spec.Selector) == 0 {
		return nil, fmt.Errorf("the service %s has no such port, or no pods of its own", s)
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
	return nil, fmt.Errorf("no pod of the service %s is ready (%d are there); look at `kubectl "+
		"-n %s get pods -l %s`", s, len(pods.Items), s.Namespace, selector)
}

// ready tells whether a pod takes requests.
func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}

// containerPort is the number that a Service's port has in a pod, 0 where it has none.
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

// forwardTo prepares a tunnel to a pod's port: through a WebSocket, or through SPDY where the API
// server, or something before it, does not take that.
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

// transport sends requests to the pod, whatever host they name.
func (f *forward) transport() *http.Transport {
	return &http.Transport{
		DialContext: f.dial, IdleConnTimeout: keepTunnel, MaxIdleConnsPerHost: 8,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// url is where the Prometheus API of s is for transport.
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

// close ends every connection, also one that is being made.
func (f *forward) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.session != nil {
		_ = f.session.Close()
	}
}

// dial makes a connection to the pod's port.
func (f *forward) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	type made struct {
		t   *tunnel
		err error
	}
	done := make(chan made, 1)
	go func() { // client-go's dialers know no context
		t, err := f.open()
		done <- made{t, err}
	}()
	select {
	case m := <-done:
		if m.err != nil {
			return nil, f.explain(ctx, m.err)
		}
		return m.t, nil
	case <-ctx.Done():
		go func() {
			if m := <-done; m.t != nil {
				_ = m.t.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// explain says why there is no tunnel.
func (f *forward) explain(ctx context.Context, err error) error {
	e := &Error{Doing: f.access.String(), Err: errors.New(brief(err.Error()))}
	switch text := err.Error(); {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
	case strings.Contains(text, "is forbidden"):
		e.Err, e.Hint, e.denied = errors.New("you may not (403)"), "it takes the rule "+
			f.access.rule(), true
	case strings.Contains(text, "Unauthorized"):
		e.Hint = f.cluster.loginHint()
	default:
		e.Hint = "the API server, or the pod's kubelet behind it, did not make the connection"
	}
	return e
}

// connect returns the session, a new one where there is none.
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

// open makes the two streams of a connection: one for the data, one for what goes wrong
// (portforward.k8s.io, version 1).
func (f *forward) open() (*tunnel, error) {
	f.opening.Lock()
	defer f.opening.Unlock()
	session, err := f.connect()
	if err != nil {
		return nil, err
	}
	f.asked++
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(int(f.port)))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(f.asked))
	problems, err := session.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	_ = problems.Close() // our half: nothing is written there
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := session.CreateStream(headers)
	if err != nil {
		session.RemoveStreams(problems)
		return nil, err
	}
	t := &tunnel{
		Stream: data, session: session, problems: problems, said: make(chan string, 1),
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
	said     chan string // what went wrong at the other end, "" where nothing did
	closed   chan struct{}
	once     sync.Once
	to       pipeAddr
}

var _ net.Conn = (*tunnel)(nil)

// listen waits for what the kubelet says of the connection, which it does when it ends.
func (t *tunnel) listen() {
	// words that break off still say something
	words, _ := io.ReadAll(io.LimitReader(t.problems, maxSaid))
	t.said <- brief(string(words))
}

// Read implements net.Conn.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Stream.Read(p)
	if err == nil || n > 0 {
		return n, nil
	}
	select {
	case words := <-t.said:
		t.said <- words
		if words != "" {
			return 0, fmt.Errorf("port-forward to %s: %s", t.to, words)
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

// SetDeadline implements net.Conn; a stream has none. net/http closes the connection when a
// request's time is over.
func (t *tunnel) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (t *tunnel) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (t *tunnel) SetWriteDeadline(time.Time) error { return nil }

// pipeAddr is the end of a tunnel, for people.
type pipeAddr string

// Network implements net.Addr.
func (pipeAddr) Network() string { return "port-forward" }

// String implements net.Addr.
func (a pipeAddr) String() string { return string(a) }
