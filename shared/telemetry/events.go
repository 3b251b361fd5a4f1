package telemetry

import (
	"maps"
	"slices"
	"strings"

	"dps/shared/dps"
)

// event says which instrument counts what components report under a name, and with which attributes. Of two attributes the
// second is the reason, and the first is fixed; or, where it is "", both are in the reason: "OAuth server ok".
type event struct {
	instrument string
	first      string
}

// Names of events that come from this package and its exporters.
const (
	EventDropped    = "telemetry_dropped" // reason "SIGNAL WHY"
	EventSuppressed = "log_suppressed"    // reason is the level
)

const (
	unknownInstrument  = "dps.telemetry.unknown"
	stepEvent          = "step_" // and the step
	maxAttributeLength = 64      // bytes of an attribute's value
)

// events are the names that components count under. One that ends in {reason} is for that reason alone.
var events = map[string]event{
	"attestation_refused": {instrument: "dps.attestation.refusals"},
	"certificate_issued":  {instrument: "dps.certificates.issued"},
	"connection_refused":  {instrument: "dps.connection.refusals"},
	"dependency":          {instrument: "dps.dependency.calls"},
	"function_coldstart":  {instrument: "faas.coldstarts"},
	"generation_poll":     {instrument: "dps.generation.polls"},
	"handshake_failed":    {instrument: "dps.handshake.failures"},
	"invocation":          {instrument: "dps.invocations"},
	"message_refused":     {instrument: "dps.message.refusals"},
	"record":              {instrument: "dps.record.deliveries"},
	"record{lost}":        {instrument: "dps.records.lost"},
	"service_certificate": {instrument: "dps.certificate.reloads"},
	"token_minted":        {instrument: "dps.tokens.minted"},
	EventDropped:          {instrument: "dps.telemetry.dropped"},
	EventSuppressed:       {instrument: "dps.log.suppressed"},

	"certificate_authority": {"dps.cache.events", "certificate_authority"},
	"issuer_cache":          {"dps.cache.events", "issuer"},
	"oauth_client":          {"dps.cache.events", "oauth_client"},
	"oauth_token":           {"dps.cache.events", "oauth_token"},
	"owner_token":           {"dps.cache.events", "owner_token"},
	"secrets":               {"dps.cache.events", "secrets"},
	"verdict_cache":         {"dps.cache.events", "verdict"},
	"verified_authorities":  {"dps.cache.events", "verified_authorities"},

	stepEvent + string(dps.StepTime):               {"dps.step.results", string(dps.StepTime)},
	stepEvent + string(dps.StepOwnership):          {"dps.step.results", string(dps.StepOwnership)},
	stepEvent + string(dps.StepCloudConfiguration): {"dps.step.results", string(dps.StepCloudConfiguration)},
	stepEvent + string(dps.StepCredentials):        {"dps.step.results", string(dps.StepCredentials)},
	stepEvent + string(dps.StepACLs):               {"dps.step.results", string(dps.StepACLs)},
}

// observations are the names under which components report how long something took.
var observations = map[string]string{
	"function":   "faas.invoke_duration",
	"handshake":  "dps.handshake.duration",
	"invocation": "dps.invocation.duration",
	"step":       "dps.step.duration",
}

// readings are the names under which components say what is so now.
var readings = map[string]string{
	"breaker":               "dps.breaker.state",
	"cache_size":            "dps.cache.size",
	"certificate_days_left": "dps.certificate.days_left",
	"connections":           "dps.connections",
	"record_queue_age":      "dps.record.queue.age",
	"record_queue_length":   "dps.record.queue.length",
}

// Events gives the names that Metrics.Count knows, sorted; one that ends in {reason} is for that reason alone.
func Events() []string { return slices.Sorted(maps.Keys(events)) }

// eventOf finds the event of a name and reason.
func eventOf(name, reason string) (event, bool) {
	if e, ok := events[snapshotKey(name, reason)]; ok {
		return e, true
	}
	e, ok := events[name]
	return e, ok
}

// values are the attributes' values of one event.
func (e event) values(attributes int, reason string) (v [2]string) {
	switch {
	case attributes == 0:
	case attributes == 1:
		v[0] = reason
	case e.first != "":
		v = [2]string{e.first, reason}
	default:
		v[0], v[1] = reason, OtherReason
		if i := strings.LastIndexByte(reason, ' '); i >= 0 {
			v[0], v[1] = reason[:i], reason[i+1:]
		}
	}
	return v
}
