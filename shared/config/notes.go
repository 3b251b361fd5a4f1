package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Notes gives one line for every property that the file sets without effect in the chosen mode, with the reason, in the
// order of the types. Groups in the Lambda mode get one line together.
func (c Config) Notes() []string {
	var notes []string
	if _, set := c.lines["enrollmentGroups"]; set && c.Functions.Mode == ModeLambda {
		notes = append(notes, c.note("enrollmentGroups", "with functions.mode lambda, groups come from the deployed store; bring them there with dpsctl apply -f FILE"))
	}
	walk(reflect.ValueOf(&c).Elem(), "", func(p property) {
		if _, set := c.lines[p.path]; !set {
			return
		}
		if reason := c.noEffect(p.path); reason != "" {
			notes = append(notes, c.note(p.path, reason))
		}
	})
	return notes
}

func (c Config) note(path, reason string) string {
	return fmt.Sprintf("%s (line %d): no effect: %s", path, c.lines[path], reason)
}

// noEffect says why a property has no effect, "" where it has one.
func (c Config) noEffect(path string) string {
	switch section, _, _ := strings.Cut(path, "."); section {
	case "log":
		return when(path == "log.stacktrace.level" && !c.Log.Stacktrace.Enabled, "log.stacktrace.enabled is false")
	case "apis":
		return c.apisNoEffect(path)
	case "clients":
		return c.clientsNoEffect(path)
	case "taskQueue":
		return when(path == "taskQueue.maxIdleTime", "goroutines are not pooled, so none are idle")
	case "functions":
		return when(path != "functions.mode" && c.Functions.Mode != ModeLambda, "functions.mode is not lambda")
	default:
		return ""
	}
}

func (c Config) apisNoEffect(path string) string {
	udp := slices.Contains(c.APIs.COAP.Protocols, ProtocolUDP)
	switch {
	case within(path, "apis.http") && !c.APIs.HTTP.Enabled:
		return when(path != "apis.http.enabled", "apis.http.enabled is false")
	case within(path, "apis.http") && c.Functions.Mode == ModeLambda:
		return "with functions.mode lambda, the api function serves the REST API"
	case within(path, "apis.http.tls") && !c.APIs.HTTP.TLS.Enabled:
		return when(path != "apis.http.tls.enabled", "apis.http.tls.enabled is false")
	case path == "apis.coap.messagePoolSize" && !udp:
		return "it applies to udp, which apis.coap.protocols does not name"
	case within(path, "apis.coap.blockwiseTransfer") && !udp:
		return "devices have no block-wise transfer over tcp, and apis.coap.protocols does not name udp"
	case path == "apis.coap.blockwiseTransfer.blockSize":
		return when(!c.APIs.COAP.BlockwiseTransfer.Enabled, "apis.coap.blockwiseTransfer.enabled is false")
	default:
		return ""
	}
}

func (c Config) clientsNoEffect(path string) string {
	const (
		storage           = "clients.storage"
		collectorEnabled  = "clients.openTelemetryCollector.grpc.enabled"
		cloudWatchEnabled = "clients.cloudWatch.enabled"
	)
	switch {
	case within(path, "clients.openTelemetryCollector"):
		return when(path != collectorEnabled && !c.Clients.OpenTelemetryCollector.GRPC.Enabled, collectorEnabled+" is false")
	case within(path, "clients.cloudWatch"):
		return when(path != cloudWatchEnabled && !c.Clients.CloudWatch.Enabled, cloudWatchEnabled+" is false")
	case c.Functions.Mode == ModeLambda && path != storage+".cacheExpiration":
		return "with functions.mode lambda, the functions hold the storage"
	case within(path, storage+".bolt"), within(path, storage+".dynamoDB"):
		return when(!within(path, join(storage, c.Clients.Storage.Use)), storage+".use is "+c.Clients.Storage.Use)
	default:
		return ""
	}
}

func when(condition bool, reason string) string {
	if condition {
		return reason
	}
	return ""
}
