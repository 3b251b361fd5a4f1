package device

import (
	"time"

	"dps/shared/ocf"
)

// acceptTime verifies step 1: GET /x.plgd.dev/time → 2.05 {time}. The device sets its clock by it, and its server's
// certificate must be valid by that clock.
func (r *run) acceptTime(payload []byte) error {
	body, err := decodeBody(payload)
	if err != nil {
		return err
	}
	text, err := body.text("time")
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return faultf(ReasonBody, "body.time is %q, want RFC 3339 with nanoseconds", text)
	}
	r.d.setClock(t)
	r.result.Time = t
	return verifyServer(r.server, r.roots, r.d.now())
}

// acceptOwnership verifies step 2: GET …/ownership → 2.05 {devowneruuid}, exactly this one key.
func (r *run) acceptOwnership(payload []byte) error {
	body, err := decodeBody(payload)
	if err != nil {
		return err
	}
	if err := body.only("devowneruuid"); err != nil {
		return err
	}
	r.result.Owner, err = body.uuid("devowneruuid")
	return err
}

// acceptCloud verifies step 3: POST …/cloud-configuration → 2.04 {at, apn, cis, sid, x.org.iotivity.servers}. A bad body
// hangs the real device for good (PROTOCOL §4).
func (r *run) acceptCloud(body object) error {
	var c Cloud
	token, err := body.text("at")
	if err != nil {
		return err
	}
	c.AccessToken = Secret(token)
	if c.Provider, err = body.text("apn"); err != nil {
		return err
	}
	if c.GatewayURI, err = body.text("cis"); err != nil {
		return err
	}
	if _, err := parseEndpoint(c.GatewayURI); err != nil {
		return faultf(ReasonBody, "body.cis %q: %w", c.GatewayURI, err)
	}
	if c.HubID, err = body.uuid("sid"); err != nil {
		return err
	}
	c.Servers, err = acceptServers(body)
	r.result.Cloud = c
	return err
}

// acceptServers reads the gateways to fall back on, if any.
func acceptServers(body object) ([]ocf.Endpoint, error) {
	const key = "x.org.iotivity.servers"
	if !body.has(key) {
		return nil, nil
	}
	items, err := body.list(key)
	if err != nil {
		return nil, err
	}
	out := make([]ocf.Endpoint, 0, len(items))
	for _, item := range items {
		uri, err := item.text("uri")
		if err != nil {
			return nil, err
		}
		id, err := item.uuid("id")
		if err != nil {
			return nil, err
		}
		out = append(out, ocf.Endpoint{URI: uri, ID: id})
	}
	return out, nil
}
