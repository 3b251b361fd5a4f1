// Package telemetry is how the service tells what it does: the logger, the limiter that keeps a stranger from filling the
// log, and counters with a bounded number of labels. It knows nothing of configuration files; package config fills in
// LogOptions.
package telemetry
