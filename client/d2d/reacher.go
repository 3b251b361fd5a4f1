package d2d

import (
	"context"

	"dps/client/d2d/reach"
)

// Reacher is access to devices. *reach.Client is one; its documentation has the errors.
type Reacher interface {
	// Discover looks for devices; what it finds the other methods know.
	Discover(ctx context.Context, q reach.Query) ([]reach.Device, error)
	// Known gives what was last discovered of a device, without asking it.
	Known(id string) (reach.Device, error)
	// Device gives what a device says of itself in a session.
	Device(ctx context.Context, id string) (reach.Details, error)
	// Resources lists what a device has.
	Resources(ctx context.Context, id string) ([]reach.Link, error)
	// Read reads a resource; query is as in a URI.
	Read(ctx context.Context, id, href, query string) (reach.Content, error)
	// Update changes a resource by a value as encoding/json gives it.
	Update(ctx context.Context, id, href string, value any) (reach.Content, error)
	// Own makes the client the owner of a device that nobody owns.
	Own(ctx context.Context, id string) error
	// Disown resets a device of ours, which is then nobody's, under another id.
	Disown(ctx context.Context, id string) error
	// Forget forgets every device and ends every session.
	Forget()
	// Close ends everything.
	Close()
}

var _ Reacher = (*reach.Client)(nil)
