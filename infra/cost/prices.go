package main

// price is AWS's list price in us-east-1, in USD, as of November 2026, for one unit each, without free tiers or savings plans.
// Sources: the pricing pages of AWS Lambda (arm64), Amazon DynamoDB (on demand), Secrets Manager, Fargate (Linux/ARM), Elastic
// Load Balancing, PrivateLink, VPC, CloudWatch (logs, custom metrics, standard alarms, dashboards), EC2 data transfer.
var price = struct {
	lambdaCall, lambdaGBSecond               float64
	writeUnit, readUnit, tableGB, recoveryGB float64
	secret, secretCall                       float64
	vCPUHour, memoryHour                     float64
	nlbHour, nlcu, endpointHour, natHour     float64
	logGB, outGB                             float64
	metric, alarm, dashboard                 float64
}{
	lambdaCall: 0.20 / 1e6, lambdaGBSecond: 0.0000133334,
	writeUnit: 0.625 / 1e6, readUnit: 0.125 / 1e6, tableGB: 0.25, recoveryGB: 0.20,
	secret: 0.40, secretCall: 0.05 / 10_000,
	vCPUHour: 0.03238, memoryHour: 0.00356,
	nlbHour: 0.0225, nlcu: 0.006, endpointHour: 0.01, natHour: 0.045,
	logGB: 0.50, outGB: 0.09,
	metric: 0.30, alarm: 0.10, dashboard: 3,
}

// perDevice is what the service does for one device: units of DynamoDB as its test measures them, the rest as measured on
// one machine with everything near; a function that waits for a distant OAuth server costs more.
var perDevice = struct {
	results                                                 float64 // step results
	tokenSeconds, signSeconds, recordSeconds, enrollSeconds float64 // of an invocation
	writeUnits, readUnits                                   float64
	renewalWriteUnits, renewalReadUnits                     float64
	storedBytes, wireBytes, logBytes, pollLogBytes          float64
	metricBytes, batchMetricBytes, pollMetricBytes          float64 // lines of the embedded metric format, by functions
}{
	results:      7,
	tokenSeconds: 0.100, signSeconds: 0.100, recordSeconds: 0.050, enrollSeconds: 0.010,
	writeUnits: 12, readUnits: 6.5, renewalWriteUnits: 10, renewalReadUnits: 5, // 2.5 and 3, with four of group and hub by cold instances
	storedBytes: 6000, wireBytes: 12_000, logBytes: 5000, pollLogBytes: 300,
	metricBytes: 4600, batchMetricBytes: 380, pollMetricBytes: 380, // 2.0 kB of token, 2.6 kB of sign, one line of record or enroll
}
