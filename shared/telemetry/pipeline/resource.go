// Package pipeline is OpenTelemetry's SDK as this service uses it: who the telemetry is from, how traces are sampled and
// batched, which readers take the metrics. It has no global state: nothing is registered with the otel package.
//
//	spans   ─▶ ratio sampler ─▶ bounded queue ─▶ batches ─▶ exporter (package otlp)
//	metrics ─▶ readers: every minute to an exporter, when somebody scrapes, at the end of an invocation
package pipeline

import (
	"os"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// Source is who the telemetry is from. Empty fields are left out.
type Source struct {
	Service  string // service.name: "dps-ingress", "dps-enroll"
	Version  string // service.version
	Instance string // service.instance.id: one process's own
	Region   string // cloud.region
	Account  string // cloud.account.id
	Platform string // cloud.platform: aws_lambda, aws_ecs
	Function string // faas.name
	Revision string // faas.version
	Stream   string // faas.instance: the log stream, as the conventions want it
	Memory   int    // faas.max_memory in bytes
}

// Values of Source.Platform.
const (
	PlatformLambda = "aws_lambda"
	PlatformECS    = "aws_ecs"
)

// FromEnv fills in what the AWS platforms tell by environment variables; lookup nil is os.Getenv.
func FromEnv(service, version string, lookup func(string) string) Source {
	if lookup == nil {
		lookup = os.Getenv
	}
	s := Source{Service: service, Version: version, Region: lookup("AWS_REGION")}
	switch {
	case lookup("AWS_LAMBDA_FUNCTION_NAME") != "":
		s.Platform = PlatformLambda
		s.Function, s.Revision = lookup("AWS_LAMBDA_FUNCTION_NAME"), lookup("AWS_LAMBDA_FUNCTION_VERSION")
		s.Stream = lookup("AWS_LAMBDA_LOG_STREAM_NAME")
		s.Memory = megabytes(lookup("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	case lookup("ECS_CONTAINER_METADATA_URI_V4") != "":
		s.Platform = PlatformECS
	}
	return s
}

// Resource gives the source as OpenTelemetry knows it.
func (s Source) Resource() *resource.Resource {
	var all []attribute.KeyValue
	for _, a := range []attribute.KeyValue{
		semconv.ServiceName(s.Service), semconv.ServiceVersion(s.Version), semconv.ServiceInstanceID(s.Instance),
		semconv.CloudRegion(s.Region), semconv.CloudAccountID(s.Account), semconv.CloudPlatformKey.String(s.Platform),
		semconv.FaaSName(s.Function), semconv.FaaSVersion(s.Revision), semconv.FaaSInstance(s.Stream),
	} {
		if a.Value.AsString() != "" {
			all = append(all, a)
		}
	}
	if s.Platform != "" {
		all = append(all, semconv.CloudProviderAWS)
	}
	if s.Memory > 0 {
		all = append(all, semconv.FaaSMaxMemory(s.Memory))
	}
	return resource.NewWithAttributes(semconv.SchemaURL, all...)
}

// megabytes gives the bytes of a number of them; 0 where it is none.
func megabytes(s string) int {
	const mib = 1 << 20
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n * mib
}
