package provisioning

import (
	"net/url"
	"slices"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds on a device's discovery answer.
const (
	maxDiscoverySize  = 8 << 10 // bytes
	maxEndpointLength = 256     // bytes
)

// Discovery asks for the device's local endpoints once, on the connection that carries more than the time.
func (s *session) Discovery() bool {
	if !s.discover || s.discovered {
		return false
	}
	s.discovered = true
	return true
}

// Answer takes the device's answer to GET /oic/res. What does not look like one is ignored: the endpoints are a courtesy.
func (s *session) Answer(format uint16, body []byte) {
	endpoints := localEndpoints(format, body)
	if len(endpoints) == 0 {
		return
	}
	s.endpoints = endpoints
	r := s.newResult(dps.StepLocalEndpoints)
	r.LocalEndpoints = endpoints
	s.service.o.Record(r)
}

// localEndpoints reads the eps of every link, without duplicates, within bounds.
func localEndpoints(format uint16, body []byte) []string {
	var links []ocf.Link
	if ocf.Decode(format, body, maxDiscoverySize, &links) != nil {
		return nil
	}
	var endpoints []string
	for _, link := range links {
		for _, ep := range link.Endpoints {
			u, err := url.Parse(ep.URI)
			if err != nil || u.Host == "" || len(ep.URI) > maxEndpointLength || slices.Contains(endpoints, ep.URI) {
				continue
			}
			if endpoints = append(endpoints, ep.URI); len(endpoints) == dps.MaxLocalEndpoints {
				return endpoints
			}
		}
	}
	return endpoints
}
