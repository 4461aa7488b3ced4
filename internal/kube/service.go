package kube

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Service is a port of a Service and the path of the Prometheus API.
type Service struct {
	Namespace string
	Name      string
	HTTPS     bool   // the port speaks HTTPS
	Port      string // a number or a name; "" to find it
	Path      string // "/prometheus"; "" is the root
}

// ParseService parses NAMESPACE/NAME[:PORT][/PATH]. Like the API server, it accepts https: before
// NAME for a port that speaks HTTPS. Examples: monitoring/prometheus-server,
// monitoring/prometheus-server:80, monitoring/https:prometheus:9091,
// monitoring/vmselect:8481/select/0/prometheus. "" is the zero Service.
func ParseService(text string) (Service, error) {
	if text == "" {
		return Service{}, nil
	}
	wrong := func(what string) (Service, error) {
		return Service{}, fmt.Errorf("the service %q %s; write NAMESPACE/NAME[:PORT][/PATH], "+
			"such as monitoring/prometheus-server:80", text, what)
	}
	namespace, rest, ok := strings.Cut(text, "/")
	if !ok {
		return wrong("has no namespace")
	}
	s := Service{Namespace: namespace}
	rest, path, _ := strings.Cut(rest, "/")
	if path = strings.Trim(path, "/"); path != "" {
		s.Path = "/" + path
	}
	rest, s.HTTPS = strings.CutPrefix(rest, "https:")
	name, port, named := strings.Cut(rest, ":")
	s.Name, s.Port = name, port
	switch {
	case len(validation.IsDNS1123Label(s.Namespace)) > 0:
		return wrong(fmt.Sprintf("has the namespace %q, which is not valid", s.Namespace))
	case len(validation.IsDNS1123Label(s.Name)) > 0:
		return wrong(fmt.Sprintf("has the name %q, which is not valid", s.Name))
	case named && !validPort(s.Port):
		return wrong(fmt.Sprintf("has the port %q, which is neither a port number nor a port name",
			s.Port))
	case strings.ContainsAny(s.Path, "?#") || strings.Contains(s.Path, "..") ||
		s.Path != (&url.URL{Path: s.Path}).EscapedPath():
		return wrong("has a path that is not valid in a URL")
	}
	return s, nil
}

// validPort reports whether port is a port number or the name of a port.
func validPort(port string) bool {
	if n, err := strconv.Atoi(port); err == nil {
		return n > 0 && n < 1<<16
	}
	return len(validation.IsValidPortName(port)) == 0
}

// String formats the Service as ParseService parses it.
func (s Service) String() string { return s.Namespace + "/" + s.id() + s.Path }

// id returns the API server's name for a port of a Service, [https:]NAME[:PORT]. RBAC's
// resourceNames use it, too.
func (s Service) id() string {
	id := s.Name
	if s.HTTPS {
		id = "https:" + id
	}
	if s.Port != "" {
		id += ":" + s.Port
	}
	return id
}

// address returns the URL of the Service in the cluster's DNS, for Pods. It returns nil if only the
// name of the port is known.
func (s Service) address() *url.URL {
	if _, err := strconv.Atoi(s.Port); err != nil {
		return nil
	}
	scheme := "http"
	if s.HTTPS {
		scheme = "https"
	}
	return &url.URL{
		Scheme: scheme, Host: s.Name + "." + s.Namespace + ".svc:" + s.Port, Path: s.Path,
	}
}

// portIn returns the port of a Service with the Prometheus API. The port has one of the product's
// names, or it is the only port and has no name. A chart may give the same labels to a Service that
// has only a gRPC port.
func (p product) portIn(o *corev1.Service) (corev1.ServicePort, bool) {
	for _, name := range p.ports {
		for _, port := range o.Spec.Ports {
			if port.Name == name {
				return port, true
			}
		}
	}
	if len(o.Spec.Ports) == 1 && o.Spec.Ports[0].Name == "" {
		return o.Spec.Ports[0], true
	}
	return corev1.ServicePort{}, false
}

// portOf returns the port of a Service that s means: the port that s names, or the port of the
// product p, or the only port.
func (s Service) portOf(o *corev1.Service, p product) (corev1.ServicePort, bool) {
	if s.Port != "" {
		for _, port := range o.Spec.Ports {
			if s.Port == port.Name || s.Port == strconv.Itoa(int(port.Port)) {
				return port, true
			}
		}
		return corev1.ServicePort{}, false
	}
	if port, ok := p.portIn(o); ok {
		return port, true
	}
	if len(o.Spec.Ports) == 1 {
		return o.Spec.Ports[0], true
	}
	return corev1.ServicePort{}, false
}

// of returns s with its missing fields filled in from the object and the product.
func (s Service) of(o *corev1.Service, p product) (Service, error) {
	port, ok := s.portOf(o, p)
	if !ok {
		var ports []string
		for _, port := range o.Spec.Ports {
			ports = append(ports, fmt.Sprintf("%d (%s)", port.Port, port.Name))
		}
		return s, fmt.Errorf("it is not clear which port of the service %s has the Prometheus "+
			"API: it has %s; write %s/%s:PORT", s, strings.Join(ports, ", "), s.Namespace, s.Name)
	}
	return s.at(o, port, p), nil
}

// at returns s with a port of the object.
func (s Service) at(o *corev1.Service, port corev1.ServicePort, p product) Service {
	full := Service{
		Namespace: o.Namespace, Name: o.Name, Port: strconv.Itoa(int(port.Port)), Path: s.Path,
		HTTPS: s.HTTPS,
	}
	if s.Port != "" {
		full.Port = s.Port // as given, because an RBAC rule may contain it
	}
	if full.Path == "" {
		full.Path = p.path
	}
	if s.Port == "" {
		protocol := ""
		if port.AppProtocol != nil {
			protocol = *port.AppProtocol
		}
		full.HTTPS = s.HTTPS || protocol == "https" || port.Name == "https" || port.Port == 443
	}
	return full
}
