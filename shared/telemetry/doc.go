// Package telemetry is how the service tells what it does.
//
//   - Logs: NewLogger, with the handlers WithTraceIDs, WithRedaction and WithSampling around what writes; the Limiter, which
//     keeps a stranger from filling the log.
//   - Metrics: one table of instruments (Definitions) and of the names under which components report (Events); Metrics takes
//     the reports by plain functions, so that components know nothing of OpenTelemetry.
//   - Traces: Tracer and Span, whose attributes are a closed list; Inject and Extract carry a trace over a border.
//
// It knows nothing of configuration files and imports OpenTelemetry's API alone. What collects and exports is in the packages
// below: pipeline (the SDK), otlp, prometheus, emf (CloudWatch), tracetree (a trace printed), powertools (a function's log).
package telemetry

//go:generate go run ./gendoc ../../docs/telemetry.md
