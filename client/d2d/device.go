package d2d

import (
	"net/http"

	"dps/client/d2d/reach"
	"dps/shared/ocf"
)

// Ownership as plgd's clients know it.
const (
	ownershipUnknown = "UNKNOWN"
	ownershipOwned   = "OWNED" // by whomever
	ownershipUnowned = "UNOWNED"
)

func ownershipStatus(d reach.Device) string {
	switch d.Ownership {
	case reach.OwnershipUnowned:
		return ownershipUnowned
	case reach.OwnershipOurs, reach.OwnershipOther:
		return ownershipOwned
	default:
		return ownershipUnknown
	}
}

// plgdDevice is a device as plgd's gateway has it; what the client application leaves empty is left out.
type plgdDevice struct {
	ID              string      `json:"id"`
	Types           []string    `json:"types"`
	Name            string      `json:"name"`
	Data            plgdContent `json:"data"`
	OwnershipStatus string      `json:"ownershipStatus"`
	Endpoints       []string    `json:"endpoints"`
}

// plgdContent is what a resource says, as an event of plgd's.
type plgdContent struct {
	Content any    `json:"content"`
	Status  string `json:"status"`
}

// deviceForm is a device for new clients.
type deviceForm struct {
	ID        string          `json:"id"`
	Name      string          `json:"name,omitempty"`
	Types     []string        `json:"types"`
	Ownership reach.Ownership `json:"ownership"`
	OwnerID   string          `json:"ownerId,omitempty"`
	CanOwn    bool            `json:"canOwn"` // by manufacturer certificate
	Endpoints []string        `json:"endpoints"`
}

// detailsForm is what the device has told in a session.
type detailsForm struct {
	deviceForm
	Manufacturer  string     `json:"manufacturer,omitempty"`
	PlatformID    string     `json:"platformId,omitempty"`
	PermanentID   string     `json:"permanentId,omitempty"`
	Specification string     `json:"specification,omitempty"`
	DataModels    string     `json:"dataModels,omitempty"`
	Resources     []linkForm `json:"resources"`
}

type linkForm struct {
	Href       string   `json:"href"`
	Types      []string `json:"types"`
	Interfaces []string `json:"interfaces"`
	Observable bool     `json:"observable"`
	Endpoints  []string `json:"endpoints,omitempty"`
}

func deviceOf(d reach.Device) deviceForm {
	return deviceForm{
		ID: d.ID, Name: d.Name, Types: some(d.Types), Ownership: d.Ownership, OwnerID: d.OwnerID, CanOwn: d.CanOwn, Endpoints: some(d.Endpoints),
	}
}

func linksOf(links []reach.Link) []linkForm {
	out := make([]linkForm, 0, len(links))
	for _, l := range links {
		out = append(out, linkForm{Href: l.Href, Types: some(l.Types), Interfaces: some(l.Interfaces), Observable: l.Observable, Endpoints: l.Endpoints})
	}
	return out
}

// some is never nil: an empty list is [], not null.
func some(all []string) []string { return append([]string{}, all...) }

func plgdDeviceOf(d reach.Device, dialect dialect, info ocf.DeviceInfo) plgdDevice {
	return plgdDevice{
		ID: d.ID, Types: some(d.Types), Name: d.Name, OwnershipStatus: ownershipStatus(d), Endpoints: some(d.Endpoints),
		Data: plgdContent{Content: content(dialect, ocf.FormatOCFCBOR, info), Status: "OK"},
	}
}

// writeDevices answers a stream of results to plgd's clients, and a list to new ones.
func writeDevices(w http.ResponseWriter, r *http.Request, found []reach.Device) {
	d := dialectOf(r)
	if d == extended {
		out := struct {
			Devices []deviceForm `json:"devices"`
		}{make([]deviceForm, 0, len(found))}
		for _, one := range found {
			out.Devices = append(out.Devices, deviceOf(one))
		}
		send(w, r, http.StatusOK, mediaJSON, marshal(out))
		return
	}
	var lines []byte
	for _, one := range found {
		info := ocf.DeviceInfo{DeviceID: one.ID, Name: one.Name, ResourceTypes: one.Types}
		lines = append(lines, form(d, map[string]any{"result": plgdDeviceOf(one, d, info)})...)
		lines = append(lines, '\n')
	}
	send(w, r, http.StatusOK, d.media(), lines)
}

// device asks the device what it is.
func (a *api) device(w http.ResponseWriter, r *http.Request) error {
	d, err := a.Reacher.Device(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	out := detailsForm{
		deviceForm: deviceOf(d.Device), PermanentID: d.Info.PermanentID, Specification: d.Info.SpecificationLevel, DataModels: d.Info.DataModelLevel,
		Resources: linksOf(d.Links),
	}
	if d.Platform != nil {
		out.Manufacturer, out.PlatformID = d.Platform.ManufacturerName, d.Platform.PlatformID
	}
	write(w, r, plgdDeviceOf(d.Device, dialectOf(r), d.Info), out)
	return nil
}

// own makes the client the owner of a device that nobody owns.
func (a *api) own(w http.ResponseWriter, r *http.Request) error {
	if err := decode(r, new(empty)); err != nil {
		return err
	}
	if err := a.Reacher.Own(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return done(w, r)
}

// disown gives a device of ours up: it forgets everything, and comes back under another id.
func (a *api) disown(w http.ResponseWriter, r *http.Request) error {
	if err := decode(r, new(empty)); err != nil {
		return err
	}
	if err := a.Reacher.Disown(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return done(w, r)
}
