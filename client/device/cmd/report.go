package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"dps/client/device"
)

// report tells on standard output what became of the devices.
type report struct {
	out  io.Writer
	json *json.Encoder // nil: for people
	one  bool          // a single device gets its whole account
}

func newReport(o options, out io.Writer) *report {
	r := &report{out: out, one: o.count == 1}
	if o.json {
		r.json = json.NewEncoder(out)
	}
	return r
}

// done tells of one device.
func (r *report) done(_ int, o device.Outcome) {
	switch {
	case r.json != nil:
		_ = r.json.Encode(newDeviceLine(o)) // where nobody reads any more, the exit code still tells
	case r.one:
		r.account(o)
	}
}

func (r *report) account(o device.Outcome) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format+"\n", args...) }
	if o.Provisioned != nil {
		say("%s", o.Provisioned)
	}
	if g := o.Registration; g != nil {
		say("registered and signed in at %s as user %s, session of %v", g.GatewayURI, g.UserID, g.ExpiresIn)
	}
	if o.Renewed != nil {
		say("renewed: identity certificate valid until %s", o.Renewed.Identity[0].NotAfter.UTC().Format(time.RFC3339))
	}
	if o.Err != nil {
		say("FAILED: %v", o.Err)
	}
}

// end tells of all of them.
func (r *report) end(s *device.Summary) {
	if r.json != nil {
		_ = r.json.Encode(map[string]any{"summary": s})
		return
	}
	_, _ = fmt.Fprint(r.out, "\n", s)
}

// deviceLine is a device in JSON; no field can hold a secret.
type deviceLine struct {
	DeviceID   string     `json:"deviceId"`
	OK         bool       `json:"ok"`
	Error      string     `json:"error,omitempty"`
	Owner      string     `json:"owner,omitempty"`
	Subject    string     `json:"identitySubject,omitempty"`
	NotAfter   *time.Time `json:"identityNotAfter,omitempty"`
	PSK        bool       `json:"preSharedKey"`
	ACEs       int        `json:"accessControlEntries"`
	Gateway    string     `json:"gateway,omitempty"`
	HubID      string     `json:"hubId,omitempty"`
	Registered bool       `json:"registered"`
	Renewed    bool       `json:"renewed"`
	Attempts   int        `json:"attempts,omitempty"`
}

func newDeviceLine(o device.Outcome) deviceLine {
	l := deviceLine{DeviceID: o.DeviceID, OK: o.Err == nil, Registered: o.Registration != nil, Renewed: o.Renewed != nil}
	if o.Err != nil {
		l.Error = o.Err.Error()
	}
	if p := o.Provisioned; p != nil {
		l.Owner, l.PSK, l.ACEs, l.Attempts = p.Owner, p.PSK != nil, len(p.ACEs), p.Attempts
		l.Gateway, l.HubID = p.Cloud.GatewayURI, p.Cloud.HubID
		l.Subject, l.NotAfter = p.Identity[0].Subject.String(), &p.Identity[0].NotAfter
	}
	return l
}
