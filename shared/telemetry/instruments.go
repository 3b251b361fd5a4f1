package telemetry

import "slices"

// Kind is what an instrument measures.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"   // how often, since the start
	Histogram Kind = "histogram" // how long, distributed
	Gauge     Kind = "gauge"     // how much, now
)

// Attribute keys of the metrics: those of the OpenTelemetry semantic conventions where they have one.
const (
	AttrCache       = "dps.cache"
	AttrCertificate = "dps.certificate" // whose: devices' listener, operators' listener
	AttrCode        = "dps.code"        // CoAP code, such as 2.04
	AttrDependency  = "dps.dependency"
	AttrInvokedName = "faas.invoked_name"
	AttrFaaSName    = "faas.name"
	AttrOutcome     = "dps.outcome"
	AttrReason      = "dps.reason"
	AttrRule        = "dps.rule" // of attestation
	AttrSignal      = "dps.signal"
	AttrState       = "dps.state"
	AttrStep        = "dps.step"
	AttrTransport   = "network.transport"
)

// Definition is one instrument that the program emits.
type Definition struct {
	Name        string
	Kind        Kind
	Unit        string // UCUM
	Description string
	Attributes  []string  // keys, two at most; no value is a device's, an owner's or a stranger's choice
	Series      int       // combinations of the attributes' values; further ones are counted under OtherReason
	Buckets     []float64 // upper bounds of a histogram's buckets, in Unit
	// Rollups are further sets of attributes by which CloudWatch keeps the sum: an alarm there cannot add up series itself.
	Rollups [][]string
}

// latencies are the buckets of what devices wait for, in seconds: fine where it should be, with the 8 s after which a device
// has given up.
var latencies = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8, 16}

// instruments is everything the program emits; docs/operations.md explains what to make of it. Names are append-only:
// dashboards and alarms of deployed stacks know them.
var instruments = []Definition{
	{Name: "dps.attestation.refusals", Kind: Counter, Unit: "{device}", Attributes: []string{AttrRule}, Series: 40, Rollups: [][]string{{}},
		Description: "Devices that attestation did not let in, by the rule that refused them."},
	{Name: "dps.cache.events", Kind: Counter, Unit: "{event}", Attributes: []string{AttrCache, AttrOutcome}, Series: 64,
		Description: "Look-ups in caches: hit, miss, stale (used although outdated); closed where a cached client gave way."},
	{Name: "dps.certificate.reloads", Kind: Counter, Unit: "{reload}", Attributes: []string{AttrOutcome}, Series: 8,
		Description: "Newer certificates of the service's own: reloaded, or refused as they cannot be used."},
	{Name: "dps.certificates.issued", Kind: Counter, Unit: "{certificate}", Attributes: []string{AttrReason}, Series: 8, Rollups: [][]string{{}},
		Description: "Identity certificates signed, by for whom: device, owner."},
	{Name: "dps.connection.refusals", Kind: Counter, Unit: "{connection}", Attributes: []string{AttrReason}, Series: 8,
		Description: "Connections closed before their handshake, by the bound they hit."},
	{Name: "dps.dependency.calls", Kind: Counter, Unit: "{call}", Attributes: []string{AttrDependency, AttrOutcome}, Series: 64,
		Description: "Attempts to call a dependency: ok, failed, open (not called: the circuit breaker is open); retried comes on top of failed."},
	{Name: "dps.generation.polls", Kind: Counter, Unit: "{poll}", Attributes: []string{AttrOutcome}, Series: 8,
		Description: "Looks for changed groups and hubs that failed."},
	{Name: "dps.handshake.failures", Kind: Counter, Unit: "{handshake}", Attributes: []string{AttrReason}, Series: 16, Rollups: [][]string{{}},
		Description: "Handshakes that came to nothing, by what ended them."},
	{Name: "dps.invocations", Kind: Counter, Unit: "{invocation}", Attributes: []string{AttrInvokedName, AttrOutcome}, Series: 64, Rollups: [][]string{{AttrInvokedName}},
		Description: "Calls of functions by the ingress, by function and by ok or the error's code."},
	{Name: "dps.log.suppressed", Kind: Counter, Unit: "{line}", Attributes: []string{AttrReason}, Series: 8,
		Description: "Log lines held back, as they repeated others, by level."},
	{Name: "dps.message.refusals", Kind: Counter, Unit: "{message}", Attributes: []string{AttrReason}, Series: 8,
		Description: "CoAP messages that ended their connection, by their fault."},
	{Name: "dps.record.deliveries", Kind: Counter, Unit: "{batch}", Attributes: []string{AttrOutcome}, Series: 8,
		Description: "Batches of step results: stored, failed (tried again), refused for good, spooled to disk."},
	{Name: "dps.records.lost", Kind: Counter, Unit: "{result}",
		Description: "Step results that neither the record function nor a spool took."},
	{Name: "dps.step.results", Kind: Counter, Unit: "{request}", Attributes: []string{AttrStep, AttrCode}, Series: 64, Rollups: [][]string{{}, {AttrCode}},
		Description: "Devices' requests by step of the protocol and CoAP code of the answer."},
	{Name: "dps.telemetry.dropped", Kind: Counter, Unit: "{item}", Attributes: []string{AttrSignal, AttrReason}, Series: 16,
		Description: "Spans and metric exports that the collector did not get: queue_full, failed, timeout, shutdown."},
	{Name: "dps.telemetry.unknown", Kind: Counter, Unit: "{event}",
		Description: "Events of names that are not in this table: a defect of the program."},
	{Name: "dps.tokens.minted", Kind: Counter, Unit: "{token}", Attributes: []string{AttrReason}, Series: 8, Rollups: [][]string{{}},
		Description: "Access tokens obtained from OAuth servers, by for whom: device, owner."},
	{Name: "faas.coldstarts", Kind: Counter, Unit: "{coldstart}", Attributes: []string{AttrFaaSName}, Series: 8,
		Description: "Invocations that met a function's fresh process."},

	{Name: "dps.handshake.duration", Kind: Histogram, Unit: "s", Attributes: []string{AttrTransport, AttrOutcome}, Series: 16, Buckets: latencies, Rollups: [][]string{{}},
		Description: "Handshakes from accept to end, attestation included, by transport and outcome."},
	{Name: "dps.invocation.duration", Kind: Histogram, Unit: "s", Attributes: []string{AttrInvokedName, AttrOutcome}, Series: 64, Buckets: latencies, Rollups: [][]string{{AttrInvokedName}},
		Description: "Calls of functions as the ingress sees them, all attempts together, by function and by ok or the error's code."},
	{Name: "dps.step.duration", Kind: Histogram, Unit: "s", Attributes: []string{AttrStep, AttrCode}, Series: 64, Buckets: latencies, Rollups: [][]string{{}, {AttrStep}},
		Description: "Devices' requests from the message read to the answer, by step and CoAP code."},
	{Name: "faas.invoke_duration", Kind: Histogram, Unit: "s", Attributes: []string{AttrFaaSName, AttrOutcome}, Series: 32, Buckets: latencies, Rollups: [][]string{{AttrFaaSName}},
		Description: "Invocations as the function sees them, by ok or the error's code."},

	{Name: "dps.breaker.state", Kind: Gauge, Unit: "{state}", Attributes: []string{AttrDependency}, Series: 16,
		Description: "Circuit breakers, the worst of each dependency: 0 closed, 1 half open, 2 open."},
	{Name: "dps.cache.size", Kind: Gauge, Unit: "{entry}", Attributes: []string{AttrCache}, Series: 16,
		Description: "Entries of caches."},
	{Name: "dps.certificate.days_left", Kind: Gauge, Unit: "d", Attributes: []string{AttrCertificate}, Series: 8,
		Description: "Days until a certificate of the service's own ends; negative once it has."},
	{Name: "dps.connections", Kind: Gauge, Unit: "{connection}", Attributes: []string{AttrState}, Series: 8,
		Description: "Connections of devices: open, and half_open in their handshake."},
	{Name: "dps.record.queue.age", Kind: Gauge, Unit: "s",
		Description: "Age of the oldest step result that waits for the record function."},
	{Name: "dps.record.queue.length", Kind: Gauge, Unit: "{result}",
		Description: "Step results that wait for the record function."},
}

// Definitions gives every instrument: counters, histograms, gauges, each by name.
func Definitions() []Definition { return slices.Clone(instruments) }

// Define finds an instrument by its name.
func Define(name string) (Definition, bool) {
	for _, d := range instruments {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{}, false
}
