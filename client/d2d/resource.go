package d2d

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/fxamacker/cbor/v2"

	"dps/client/d2d/reach"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// maxContent bounds the CBOR of an update, in bytes.
const maxContent = 16 << 10

// plgdLinks are a device's resources, as an event of plgd's.
type plgdLinks struct {
	Resources []plgdLink `json:"resources"`
	DeviceID  string     `json:"deviceId"`
}

type plgdLink struct {
	Href          string         `json:"href"`
	DeviceID      string         `json:"deviceId"`
	ResourceTypes []string       `json:"resourceTypes"`
	Interfaces    []string       `json:"interfaces"`
	Anchor        string         `json:"anchor"`
	Policy        plgdPolicy     `json:"policy"`
	Endpoints     []plgdEndpoint `json:"endpointInformations"`
}

type plgdPolicy struct {
	BitFlags int `json:"bitFlags"`
}

type plgdEndpoint struct {
	Endpoint string `json:"endpoint"`
	Priority string `json:"priority"` // an int64
}

type plgdResource struct {
	Types []string    `json:"types"`
	Data  plgdContent `json:"data"`
}

type plgdUpdated struct {
	Data plgdContent `json:"data"`
}

// plgdBytes is a content as protobuf's JSON has it.
type plgdBytes struct {
	Data              []byte `json:"data"`
	ContentType       string `json:"contentType"`
	COAPContentFormat int    `json:"coapContentFormat"`
}

// contentForm is what a resource says, for new clients.
type contentForm struct {
	Content       any    `json:"content"`
	ContentFormat uint16 `json:"contentFormat"` // CoAP's
}

// content is a resource's value as the dialect has it: as it is, or as the CBOR that it came as.
func content(d dialect, format uint16, value any) any {
	if d != protoJSON {
		return value
	}
	out := plgdBytes{ContentType: "application/vnd.ocf+cbor", COAPContentFormat: int(format)}
	if value != nil {
		if data, err := cbor.Marshal(plain(value)); err == nil {
			out.Data = data
		}
	}
	return out
}

// plain gives a structure the names that JSON gives it.
func plain(value any) any {
	if _, ok := value.(ocf.DeviceInfo); !ok {
		return value
	}
	var out any
	if json.Unmarshal(marshal(value), &out) != nil {
		return nil
	}
	return out
}

// links lists what a device has.
func (a *api) links(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	links, err := a.Reacher.Resources(r.Context(), id)
	if err != nil {
		return err
	}
	write(w, r, plgdLinksOf(id, links), struct {
		Resources []linkForm `json:"resources"`
	}{linksOf(links)})
	return nil
}

func plgdLinksOf(id string, links []reach.Link) plgdLinks {
	out := plgdLinks{Resources: make([]plgdLink, 0, len(links)), DeviceID: id}
	for _, l := range links {
		p := plgdLink{Href: l.Href, DeviceID: id, ResourceTypes: some(l.Types), Interfaces: some(l.Interfaces), Anchor: ocf.AnchorScheme + id, Policy: plgdPolicy{ocf.PolicyDiscoverable}}
		if l.Observable {
			p.Policy.BitFlags |= ocf.PolicyObservable
		}
		for _, e := range l.Endpoints {
			p.Endpoints = append(p.Endpoints, plgdEndpoint{Endpoint: e, Priority: "0"})
		}
		out.Resources = append(out.Resources, p)
	}
	return out
}

// read reads a resource, by one of its interfaces where the query names it.
func (a *api) read(w http.ResponseWriter, r *http.Request) error {
	got, err := a.Reacher.Read(r.Context(), r.PathValue("id"), href(r), interfaceOf(r))
	if err != nil {
		return err
	}
	write(w, r, plgdResource{Types: typesOf(got.Value), Data: plgdContent{content(dialectOf(r), got.Format, got.Value), "OK"}}, contentForm{got.Value, got.Format})
	return nil
}

// typesOf are the resource types, where the resource names them.
func typesOf(value any) []string {
	out := []string{}
	m, _ := value.(map[string]any)
	all, _ := m["rt"].([]any)
	for _, t := range all {
		if s, ok := t.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// update changes a resource by the value that the body is, or, as protobuf's JSON has it, carries.
func (a *api) update(w http.ResponseWriter, r *http.Request) error {
	value, err := valueOf(r)
	if err != nil {
		return err
	}
	got, err := a.Reacher.Update(r.Context(), r.PathValue("id"), href(r), value)
	if err != nil {
		return err
	}
	write(w, r, plgdUpdated{plgdContent{content(dialectOf(r), got.Format, got.Value), "OK"}}, contentForm{got.Value, got.Format})
	return nil
}

func valueOf(r *http.Request) (any, error) {
	var sent json.RawMessage
	if err := decode(r, &sent); err != nil {
		return nil, err
	}
	if len(sent) == 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "body: is empty: want the resource's new value, such as {\"state\":true}")
	}
	if isProtoJSON(r) {
		return carried(sent)
	}
	var value any
	if err := json.Unmarshal(sent, &value); err != nil {
		return nil, explain(err)
	}
	return value, nil
}

func isProtoJSON(r *http.Request) bool { return r.Header.Get("Content-Type") == mediaProtoJSON }

// carried is the value in a content of protobuf's JSON.
func carried(sent []byte) (any, error) {
	var c plgdBytes
	if err := json.Unmarshal(sent, &c); err != nil {
		return nil, explain(err)
	}
	var value any
	if err := ocf.Decode(ocf.FormatOCFCBOR, c.Data, maxContent, &value); err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "data: is not CBOR in base64, or has more than %d bytes", maxContent)
	}
	return value, nil
}

func href(r *http.Request) string { return "/" + r.PathValue("href") }

// interfaceOf is the query by which a resource is asked for one of its interfaces.
func interfaceOf(r *http.Request) string {
	if name := r.URL.Query().Get("resourceInterface"); name != "" {
		return "if=" + url.QueryEscape(name)
	}
	return ""
}
