package telemetry

import (
	"strconv"

	"go.opentelemetry.io/otel/attribute"

	"dps/shared/dps"
)

// Attribute keys of spans that no metric has.
const (
	AttrGroup      = "dps.group"
	AttrHub        = "dps.hub"
	AttrDevice     = "dps.device"
	AttrRecord     = "dps.record" // of the manufacturer key
	AttrRetries    = "dps.retries"
	AttrColdStart  = "faas.coldstart"
	AttrFaaSID     = "faas.invocation_id"
	AttrHTTPMethod = "http.request.method"
	AttrHTTPStatus = "http.response.status_code"
	AttrPeer       = "network.peer.address"
	AttrSystem     = "rpc.system.name"
	AttrOperation  = "rpc.method"
	AttrError      = "error.type"
)

// maxSpanValue bounds an attribute's value on a span, in bytes.
const maxSpanValue = 128

// SpanAttribute is one fact of a span. Only the functions of this file make one: what they have no place for, such as a token,
// a body or a certificate's key, cannot get into a trace.
type SpanAttribute struct{ kv attribute.KeyValue }

func text(key, value string) SpanAttribute {
	return SpanAttribute{attribute.String(key, bounded(value, maxSpanValue))}
}

// Group is the enrollment group's id.
func Group(id string) SpanAttribute { return text(AttrGroup, id) }

// Hub is the id of a hub's entry.
func Hub(id string) SpanAttribute { return text(AttrHub, id) }

// Device is the id that the device gives itself, a UUID.
func Device(id string) SpanAttribute { return text(AttrDevice, id) }

// Record is the provisioning record's id, which names the manufacturer key.
func Record(id string) SpanAttribute { return text(AttrRecord, id) }

// Step is the step of the protocol.
func Step(s dps.Step) SpanAttribute { return text(AttrStep, string(s)) }

// Code is the answer's CoAP code: "2.04".
func Code(coap string) SpanAttribute { return text(AttrCode, coap) }

// Rule is the rule of attestation that refused a device.
func Rule(name string) SpanAttribute { return text(AttrRule, name) }

// Outcome is what came of it, in one word: ok, accepted, hit, or an error's code.
func Outcome(word string) SpanAttribute { return text(AttrOutcome, word) }

// Invoked is the name of the function that is called.
func Invoked(function string) SpanAttribute { return text(AttrInvokedName, function) }

// Invocation is the platform's id of the invocation.
func Invocation(id string) SpanAttribute { return text(AttrFaaSID, id) }

// ColdStart tells whether the invocation met a fresh process.
func ColdStart(cold bool) SpanAttribute { return SpanAttribute{attribute.Bool(AttrColdStart, cold)} }

// Dependency is what is called: "OAuth server", "DynamoDB".
func Dependency(name string) SpanAttribute { return text(AttrDependency, name) }

// Operation is what is asked of it: system "aws-api", "grpc"; method "DynamoDB/Query". Never a path with values in it.
func Operation(system, method string) []SpanAttribute {
	return []SpanAttribute{text(AttrSystem, system), text(AttrOperation, method)}
}

// Retries is how often it was tried again.
func Retries(n int) SpanAttribute { return SpanAttribute{attribute.Int(AttrRetries, n)} }

// Transport is "tcp" or "udp".
func Transport(name string) SpanAttribute { return text(AttrTransport, name) }

// Peer is the remote address, without its port.
func Peer(ip string) SpanAttribute { return text(AttrPeer, ip) }

// HTTPMethod is an HTTP request's method.
func HTTPMethod(m string) SpanAttribute { return text(AttrHTTPMethod, m) }

// HTTPStatus is an HTTP answer's status.
func HTTPStatus(code int) SpanAttribute { return SpanAttribute{attribute.Int(AttrHTTPStatus, code)} }

// String is the attribute as KEY=VALUE.
func (a SpanAttribute) String() string {
	if a.kv.Value.Type() == attribute.STRING {
		return string(a.kv.Key) + "=" + strconv.Quote(a.kv.Value.AsString())
	}
	return string(a.kv.Key) + "=" + a.kv.Value.String()
}
