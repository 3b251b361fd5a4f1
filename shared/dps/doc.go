// Package dps is the language of the house: the things a provisioning service knows (enrollment groups, hubs, records,
// device bindings, the audit), the ports through which they are kept, and the one error type that crosses every boundary.
//
// It imports the standard library alone. Every other package may import it; it imports none of them.
package dps
