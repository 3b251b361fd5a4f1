package provisioning

import (
	"context"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// provideCloudConfiguration is step 3: POST …/cloud-configuration {"di", "selectedGateway"?} → {"at","apn","cis","sid",
// "x.org.iotivity.servers"}. A bad body in a success hangs the device for good, so it is checked before it leaves.
func provideCloudConfiguration(ctx context.Context, x *exchange) (any, error) {
	var req ocf.CloudConfigurationRequest
	if err := ocf.Decode(x.req.Format, x.req.Body, ocf.MaxRequestSize, &req); err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "body is not a cloud configuration request")
	}
	if err := x.named(req.DeviceID); err != nil {
		return nil, err
	}
	hubs := x.admission.Group.Hubs
	hub, gateway, err := choose(hubs, req.SelectedGateway)
	if err != nil {
		return nil, err
	}
	token, err := x.service.o.Functions.Token(ctx, contract.TokenRequest{Device: x.device(hub)})
	if err != nil {
		return nil, err
	}
	cloud := ocf.CloudConfiguration{
		AccessToken: token.AccessToken, ProviderName: hub.ProviderName, GatewayURI: gateway, HubID: hub.HubID, Servers: servers(hubs),
	}
	x.result.Cloud = cloudDetail(cloud)
	return cloud, checkCloud(cloud)
}

// checkCloud holds what the device demands of the answer. Errors: CodeUnavailable.
func checkCloud(c ocf.CloudConfiguration) error {
	switch u, ok := dps.ParseUUID(c.HubID); {
	case c.AccessToken == "":
		return dps.Errorf(dps.CodeUnavailable, "the OAuth server gave an empty access token")
	case c.ProviderName == "":
		return dps.Errorf(dps.CodeUnavailable, "hub %s has no authorization provider name", c.HubID)
	case c.GatewayURI == "":
		return dps.Errorf(dps.CodeUnavailable, "hub %s has no gateway", c.HubID)
	case !ok || u == dps.NilUUID:
		return dps.Errorf(dps.CodeUnavailable, "hub id %q is not a UUID", c.HubID)
	default:
		return nil
	}
}

func cloudDetail(c ocf.CloudConfiguration) *dps.CloudDetail {
	d := &dps.CloudDetail{ProviderName: c.ProviderName, SelectedGateway: -1}
	for i, s := range c.Servers {
		d.Gateways = append(d.Gateways, dps.Gateway(s))
		if s.URI == c.GatewayURI && s.ID == c.HubID {
			d.SelectedGateway = i
		}
	}
	return d
}
