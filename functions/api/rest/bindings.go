package rest

import (
	"net/http"

	"dps/shared/dps"
)

// Binding says which manufacturer key a device id belongs to.
type Binding struct {
	DeviceID          string `json:"deviceId"`
	RecordID          string `json:"recordId" doc:"Of the manufacturer key."`
	Owner             string `json:"owner"`
	EnrollmentGroupID string `json:"enrollmentGroupId"`
	Created           string `json:"created" doc:"RFC 3339."`
}

func (a *api) getBinding(x *exchange) (answer, error) {
	b, err := a.binding(x)
	if err != nil {
		return answer{}, err
	}
	return answer{object: Binding{DeviceID: b.DeviceID, RecordID: b.RecordID, Owner: b.Owner, EnrollmentGroupID: b.GroupID, Created: stamp(b.Created)}}, nil
}

// deleteBinding lets another manufacturer key have the device id, as after a repair that changed the board.
func (a *api) deleteBinding(x *exchange) (answer, error) {
	b, err := a.binding(x)
	if err != nil {
		return answer{}, err
	}
	if err := a.Store.ReleaseDevice(x.ctx(), b.DeviceID); err != nil {
		return answer{}, err
	}
	a.Log.InfoContext(x.ctx(), "device binding released", "device", b.DeviceID, "record", b.RecordID, "owner", b.Owner, "by", x.caller.Subject)
	return answer{status: http.StatusNoContent}, nil
}

func (a *api) binding(x *exchange) (dps.DeviceBinding, error) {
	missing := dps.Errorf(dps.CodeNotFound, "device %.100q has no binding", x.id())
	id, ok := dps.ParseUUID(x.id())
	if !ok {
		return dps.DeviceBinding{}, missing
	}
	b, err := a.Store.Binding(x.ctx(), id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && b.Owner != x.owner() {
		return dps.DeviceBinding{}, missing
	}
	return b, err
}
