package claim

import (
	"strconv"

	"dps/shared/contract"
	"dps/shared/dps"
)

// canonical checks a device's fields before anything is looked up by them. Errors: CodeInvalid, naming the field.
func canonical(d contract.Device) (contract.Device, error) {
	for _, id := range []struct {
		name  string
		value *string
	}{{"device.groupId", &d.GroupID}, {"device.deviceId", &d.DeviceID}, {"device.recordId", &d.RecordID}} {
		u, ok := dps.ParseUUID(*id.value)
		if !ok || u == dps.NilUUID {
			return d, dps.Errorf(dps.CodeInvalid, "%s: %s is not a UUID, or the nil UUID", id.name, quote(*id.value))
		}
		*id.value = u
	}
	for _, text := range []struct{ name, value string }{{"device.hubId", d.HubID}, {"device.owner", d.Owner}} {
		if text.value == "" || len(text.value) > dps.MaxNameLength {
			return d, dps.Errorf(dps.CodeInvalid, "%s: has %d bytes, want 1 to %d", text.name, len(text.value), dps.MaxNameLength)
		}
	}
	return d, nil
}

// quote writes a stranger's word so that it can stand in a message.
func quote(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }
