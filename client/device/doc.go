// Package device is a simulated OCF device at its first boot: it asks the provisioning service for everything that it
// needs, with the habits and the limits of the device firmware in the field, then signs in at the gateway that it was
// sent to.
//
// It is a judge, not a friendly client. Whatever the firmware would choke on (a second message in one TLS record, a message
// of two bytes, a foreign content format, an unknown key in an access control entry) is an error here, which says the
// step, the reason and what was received. RunFleet lets many such devices loose at once.
package device
