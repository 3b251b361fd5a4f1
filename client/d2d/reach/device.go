package reach

import "dps/shared/ocf"

// Ownership says whose a device is, as far as can be told.
type Ownership string

// The ownerships.
const (
	OwnershipUnowned Ownership = "unowned"
	OwnershipOurs    Ownership = "owned"        // by us
	OwnershipOther   Ownership = "ownedByOther" // by another
	OwnershipUnknown Ownership = "unknown"      // it does not say, or we do not know who we are
)

// Device is what discovery tells of a device: its own word, that nobody has checked.
type Device struct {
	ID        string
	Name      string
	Types     []string
	Endpoints []string // coaps+tcp://…, coaps://…, coap://…
	Ownership Ownership
	OwnerID   string // UUID; "": it does not say, or nobody's
	// CanOwn says that it offers ownership transfer by manufacturer certificate.
	CanOwn bool
}

// Details are what a device tells in a session: checked.
type Details struct {
	Device
	Info     ocf.DeviceInfo
	Platform *ocf.PlatformInfo // nil: it does not let us read it
	Links    []Link
}

// Link is one resource of a device.
type Link struct {
	Href       string
	Types      []string
	Interfaces []string
	Observable bool
	Endpoints  []string
}

// Content is what a resource says.
type Content struct {
	Format uint16 // CoAP content format: 10000, 60 or 50; what else there is comes as bytes
	Value  any    // as encoding/json takes it: maps with text keys, lists, text, bool, int64 or uint64, float64, []byte, nil
}
