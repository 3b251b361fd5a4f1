package ocf

import "github.com/plgd-dev/go-coap/v3/message"

// init teaches the CoAP library the two OCF options. Both are critical (odd numbers), and the library refuses requests
// with critical options that its own table lacks; the table is a package variable, so the only moment to write it without a
// race is before main.
func init() {
	for _, id := range []uint16{OptionAcceptVersion, OptionContentVersion} {
		message.CoapOptionDefs[message.OptionID(id)] = message.OptionDef{ValueFormat: message.ValueUint, MinLen: 0, MaxLen: 2}
	}
}
