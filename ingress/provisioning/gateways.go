package provisioning

import (
	"slices"
	"strings"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// choose picks the hub and gateway of a device: the one it selected before, where the group still has it, else the
// group's first hub that has a gateway. An unknown selection means "choose for me" (PROTOCOL §3). Errors: CodeUnavailable
// where the group has no gateway at all: an operator can mend that, the device cannot.
func choose(hubs []contract.HubGateways, selected *ocf.Endpoint) (contract.HubGateways, string, error) {
	if selected != nil {
		for _, h := range hubs {
			if strings.EqualFold(h.HubID, selected.ID) && slices.Contains(h.Gateways, selected.URI) {
				return h, selected.URI, nil
			}
		}
	}
	for _, h := range hubs {
		if len(h.Gateways) > 0 {
			return h, h.Gateways[0], nil
		}
	}
	return contract.HubGateways{}, "", dps.Errorf(dps.CodeUnavailable, "the enrollment group has no hub with a gateway: add one to the group")
}

// servers lists every gateway of every hub, in order, without duplicates.
func servers(hubs []contract.HubGateways) []ocf.Endpoint {
	var all []ocf.Endpoint
	for _, h := range hubs {
		for _, uri := range h.Gateways {
			if e := (ocf.Endpoint{URI: uri, ID: h.HubID}); !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all
}

// hubIDs lists the hubs' ids, in order, without duplicates.
func hubIDs(hubs []contract.HubGateways) []string {
	var ids []string
	for _, h := range hubs {
		if !slices.Contains(ids, h.HubID) {
			ids = append(ids, h.HubID)
		}
	}
	return ids
}

// device is for whom a function is called.
func (x *exchange) device(hub contract.HubGateways) contract.Device {
	return contract.Device{
		GroupID: x.admission.Group.GroupID, HubID: hub.ID, Owner: x.admission.Group.Owner,
		DeviceID: x.deviceID, RecordID: x.admission.RecordID,
	}
}
