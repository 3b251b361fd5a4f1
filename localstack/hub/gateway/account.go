package gateway

import (
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// signUp is POST /oic/sec/account {di, authprovider, accesstoken, devicetype} → {accesstoken, uid, expiresin} (OCF Cloud
// Security §7.1). A refusal's first value is its reason, for the log.
func (g *Gateway) signUp(p *peer, data []byte) (any, codes.Code) {
	var req struct {
		DeviceID     string `json:"di"`
		AuthProvider string `json:"authprovider"`
		AccessToken  string `json:"accesstoken"`
		DeviceType   string `json:"devicetype"`
	}
	if err := ocf.Decode(ocf.FormatOCFCBOR, data, maxBody, &req); err != nil {
		return err, codes.BadRequest
	}
	if !slices.Contains(g.o.Providers, req.AuthProvider) {
		return "unknown provider " + req.AuthProvider, codes.Unauthorized
	}
	claims, owner, reason, code := g.authorize(p, req.DeviceID, req.AccessToken)
	if code != 0 {
		return reason, code
	}
	g.change(p.deviceID, func(d *Device) { d.Owner, d.Type = owner, req.DeviceType })
	return map[string]any{"accesstoken": req.AccessToken, "refreshtoken": req.AccessToken, "uid": owner, "expiresin": g.expiresIn(claims), "redirecturi": ""}, codes.Changed
}

// signIn is POST /oic/sec/session {di, uid, accesstoken, login} → {expiresin} (OCF Cloud Security §7.2).
func (g *Gateway) signIn(p *peer, data []byte) (any, codes.Code) {
	var req struct {
		DeviceID    string `json:"di"`
		UserID      string `json:"uid"`
		AccessToken string `json:"accesstoken"`
		Login       bool   `json:"login"`
	}
	if err := ocf.Decode(ocf.FormatOCFCBOR, data, maxBody, &req); err != nil {
		return err, codes.BadRequest
	}
	claims, owner, reason, code := g.authorize(p, req.DeviceID, req.AccessToken)
	if code != 0 {
		return reason, code
	}
	known, ok := g.Device(p.deviceID)
	if !ok || known.Owner != owner || req.UserID != owner {
		return "device has not signed up, or with another owner", codes.Unauthorized
	}
	p.signedIn.Store(req.Login)
	g.change(p.deviceID, func(d *Device) { d.SignedIn = req.Login })
	return map[string]any{"expiresin": g.expiresIn(claims)}, codes.Changed
}

// publish is POST /oic/rd {di, ttl, links} (OCF Core 1.3 §11.3).
func (g *Gateway) publish(p *peer, data []byte) (any, codes.Code) {
	var req struct {
		DeviceID string     `json:"di"`
		Links    []ocf.Link `json:"links"`
		TTL      int        `json:"ttl"`
	}
	if err := ocf.Decode(ocf.FormatOCFCBOR, data, maxBody, &req); err != nil {
		return err, codes.BadRequest
	}
	switch {
	case !p.signedIn.Load():
		return "device is not signed in", codes.Unauthorized
	case !strings.EqualFold(req.DeviceID, p.deviceID):
		return "di is not the certificate's", codes.Forbidden
	case len(req.Links) == 0:
		return "no links", codes.BadRequest
	}
	g.change(p.deviceID, func(d *Device) { d.Links = len(req.Links) })
	return map[string]any{"di": p.deviceID, "ttl": req.TTL, "links": req.Links}, codes.Changed
}

// authorize checks that the certificate, the id in the request and the token are one device's. A code says what is wrong.
func (g *Gateway) authorize(p *peer, deviceID, token string) (claims jwt.MapClaims, owner, reason string, code codes.Code) {
	if !strings.EqualFold(deviceID, p.deviceID) {
		return nil, "", "di is not the certificate's", codes.Forbidden
	}
	claims, err := g.o.Tokens.Verify(token)
	if err != nil {
		return nil, "", "access token: " + err.Error(), codes.Unauthorized
	}
	owner, _ = claims[g.o.OwnerClaim].(string)
	if owner == "" {
		return nil, "", "access token lacks the owner's claim", codes.Unauthorized
	}
	if bound, _ := claims[g.o.DeviceIDClaim].(string); g.o.DeviceIDClaim != "" && !strings.EqualFold(bound, p.deviceID) {
		return nil, "", "access token is bound to another device", codes.Unauthorized
	}
	return claims, owner, "", 0
}

// expiresIn is what the gateway tells devices of their session, in seconds.
func (g *Gateway) expiresIn(claims jwt.MapClaims) int64 {
	exp, err := claims.GetExpirationTime()
	if err != nil || exp == nil {
		return -1
	}
	return int64(exp.Sub(g.o.Now()) / time.Second)
}
