// Package lambda runs the built binaries of functions as AWS Lambda would, on this machine: each instance is a process that
// speaks the Lambda runtime API, and callers speak the REST API's Invoke. Tests and the local stack use it; nothing in it is
// for production.
//
//	SDK ─▶ POST /2015-03-31/functions/NAME/invocations ─▶ function ─▶ instance ◀─ GET …/runtime/invocation/next ─ process
//	                       └─ Event ─▶ queue, retries, dead letters ─▶ ┘
//
// What Lambda promises and callers lean on is kept: an instance serves one invocation at a time and is used again, an Event
// is delivered at least once and tried three times, timeouts are enforced, errors have Lambda's shapes, limits its figures.
// What the platform does beside that (signatures of requests, permissions, versions, layers, freezing, tails of logs in
// answers, streams) is not there.
package lambda
