// Package plgd turns the configuration of plgd's device provisioning service into this service's: the service's own
// configuration file, or the values file of its Helm chart. What the chart fills in from its global values is filled in
// here by the same rules; what has no counterpart is named, with what takes its place.
package plgd
