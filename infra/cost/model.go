package main

import "fmt"

// Use is how the service is used in a month. What the code does for a device is in perDevice.
type Use struct {
	Devices      float64 // provisioned
	Renewals     float64 // for each of them
	Refused      float64 // handshakes of strangers, for each of them
	KeptMonths   float64
	Tasks, AZs   float64
	NATs         float64
	Secrets      float64
	HotInstances float64
	WarmShare    float64 // step results in a batch
}

// Typical is the example of docs/cost.md.
func Typical() Use {
	return Use{Devices: 1e6, Renewals: 0, Refused: 0.1, KeptMonths: 12, Tasks: 2, AZs: 2, Secrets: 5, HotInstances: 4, WarmShare: 20}
}

func (u Use) check() error {
	for _, v := range []struct {
		name       string
		value, min float64
	}{
		{"devices", u.Devices, 1}, {"renewals", u.Renewals, 0}, {"refused", u.Refused, 0}, {"kept", u.KeptMonths, 1},
		{"nats", u.NATs, 0}, {"tasks", u.Tasks, 1}, {"azs", u.AZs, 1}, {"secrets", u.Secrets, 1}, {"instances", u.HotInstances, 0}, {"batch", u.WarmShare, 1},
	} {
		if v.value < v.min {
			return fmt.Errorf("--%s %g: give a number of at least %g", v.name, v.value, v.min)
		}
	}
	return nil
}

// Term is one line of the bill.
type Term struct {
	Name     string
	Quantity float64
	Unit     string
	Price    float64 // USD for one unit
	Because  string
}

// Cost is the term's, in USD.
func (t Term) Cost() float64 { return t.Quantity * t.Price }

const (
	hours         = 730.0        // in a month
	seconds       = hours * 3600 // in a month
	secretSeconds = 30.0         // a secret is read again after (shared/secrets/secretsmanager)
	pollSeconds   = 3.0          // an ingress asks for the generation every (ingress.generationInterval)
	gib           = float64(1 << 30)
	endpoints     = 5.0  // interface endpoints of infra/network.yaml
	alarmMetrics  = 32.0 // that alarms of infra/observability.yaml look at: each is paid for
	// metrics are series that are written in a month: the embedded service without a failure writes 67, deployed functions add
	// some 20 of their own, failures a dozen.
	metrics         = 100.0
	taskMetricBytes = 13_000.0 // lines of metrics of a task, a minute, while devices come
)

// Terms are the lines of the bill, the largest kinds of cost together.
func (u Use) Terms() []Term {
	signs := u.Devices * (1 + u.Renewals)
	results := u.Devices*perDevice.results + u.Devices*u.Renewals
	batches := results / u.WarmShare
	polls := u.Tasks * seconds / pollSeconds
	kept := u.Devices * u.KeptMonths * perDevice.storedBytes / gib
	connections := 2*u.Devices*(1+u.Renewals/2) + u.Devices*u.Refused
	metricLines := signs*perDevice.metricBytes + batches*perDevice.batchMetricBytes + polls*perDevice.pollMetricBytes + u.Tasks*seconds/60*taskMetricBytes
	return []Term{
		{"Lambda: invocations", u.Devices + signs + batches + polls, "calls", price.lambdaCall,
			"token and sign once a device, record once a batch, enroll once in 3 s for each task"},
		{"Lambda: token, 128 MB", u.Devices * perDevice.tokenSeconds * 0.125, "GB-s", price.lambdaGBSecond, "it waits for the OAuth server"},
		{"Lambda: sign, 128 MB", signs * perDevice.signSeconds * 0.125, "GB-s", price.lambdaGBSecond, "it waits for the hub's authority"},
		{"Lambda: record, 128 MB", batches * perDevice.recordSeconds * 0.125, "GB-s", price.lambdaGBSecond, "a batch"},
		{"Lambda: enroll, 128 MB", polls * perDevice.enrollSeconds * 0.125, "GB-s", price.lambdaGBSecond, "one read of the generation"},
		{"DynamoDB: writes", u.Devices*perDevice.writeUnits + u.Devices*u.Renewals*perDevice.renewalWriteUnits, "WRU", price.writeUnit, "measured: make test-dynamodb"},
		{"DynamoDB: reads", u.Devices*perDevice.readUnits + u.Devices*u.Renewals*perDevice.renewalReadUnits + polls, "RRU", price.readUnit, "measured: make test-dynamodb"},
		{"DynamoDB: storage", kept, "GB", price.tableGB, "records, bindings, audit, index"},
		{"DynamoDB: point-in-time recovery", kept, "GB", price.recoveryGB, "all that is stored"},
		{"Secrets Manager: secrets", u.Secrets, "secrets", price.secret, "see --secrets"},
		{"Secrets Manager: reads", 2 * u.HotInstances * 2 * seconds / secretSeconds, "calls", price.secretCall, "two secrets in each instance, every 30 s"},
		{"Fargate arm64: processors", u.Tasks * 0.5 * hours, "vCPU-h", price.vCPUHour, "half a processor a task: 2 ms of it a device"},
		{"Fargate arm64: memory", u.Tasks * 1 * hours, "GB-h", price.memoryHour, "1 GB a task: 30 KiB an idle connection"},
		{"NLB: hours", hours, "h", price.nlbHour, "one load balancer"},
		{"NLB: capacity", max(connections/800/3600, u.Devices*perDevice.wireBytes/gib), "NLCU-h", price.nlcu, "new connections or bytes, whichever is more"},
		{"VPC: interface endpoints", endpoints * u.AZs * hours, "h", price.endpointHour, "what infra/network.yaml has, in each zone"},
		{"VPC: NAT gateways", u.NATs * hours, "h", price.natHour, "only with parameter NatGateways"},
		{"CloudWatch Logs: ingestion", (u.Devices*(1+u.Renewals/5)*perDevice.logBytes + polls*perDevice.pollLogBytes) / gib, "GB", price.logGB, "a line a request and an invocation"},
		{"CloudWatch Logs: lines of metrics", metricLines / gib, "GB", price.logGB, "at the end of each invocation, and of each minute of a task"},
		{"CloudWatch: metrics", metrics, "metrics", price.metric, "each combination of dimensions, in the hours in which it is written"},
		{"CloudWatch: alarms", alarmMetrics, "metrics", price.alarm, "what infra/observability.yaml looks at"},
		{"CloudWatch: dashboard", 1, "pieces", price.dashboard, "one"},
		{"Data out", u.Devices * (1 + u.Renewals) * perDevice.wireBytes * 0.7 / gib, "GB", price.outGB, "answers and server certificates"},
	}
}
