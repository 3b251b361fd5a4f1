package d2d

import (
	"encoding/json"
	"net/http"

	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// configurationForm is what pages need to know before anybody logs in (PROTOCOL §9).
type configurationForm struct {
	IsInitialized            bool                   `json:"isInitialized"`
	DeviceAuthenticationMode string                 `json:"deviceAuthenticationMode"`
	Owner                    string                 `json:"owner"`
	RemoteProvisioning       remoteProvisioningForm `json:"remoteProvisioning"`
	BuildInfo                buildInfoForm          `json:"buildInfo"`
}

type remoteProvisioningForm struct {
	CurrentTime            int64           `json:"currentTime,string"` // Unix nanoseconds
	JWTOwnerClaim          string          `json:"jwtOwnerClaim"`
	ID                     string          `json:"id"`
	COAPGateway            string          `json:"coapGateway"`
	CertificateAuthorities string          `json:"certificateAuthorities"`
	Authority              string          `json:"authority"`
	CertificateAuthority   string          `json:"certificateAuthority"`
	WebOAuthClient         oauthClientForm `json:"webOauthClient"`
	DeviceOAuthClient      oauthClientForm `json:"deviceOauthClient"`
	Mode                   string          `json:"mode"`
	UserAgent              userAgentForm   `json:"userAgent"`
}

type oauthClientForm struct {
	ClientID string   `json:"clientId"`
	Audience string   `json:"audience"`
	Scopes   []string `json:"scopes"`
}

type userAgentForm struct {
	CSRChallengeStateExpiration int64 `json:"csrChallengeStateExpiration,string"` // nanoseconds
}

type buildInfoForm struct {
	Version string `json:"version"`
}

// configuration is the same in every dialect but for what is empty.
func (a *api) configuration(w http.ResponseWriter, r *http.Request) error {
	s := a.Member.Status()
	p := a.Config.RemoteProvisioning
	c := configurationForm{
		IsInitialized: s.Way != member.WayNone, DeviceAuthenticationMode: a.mode(s), Owner: owner(s, a.mode(s)), BuildInfo: buildInfoForm{a.Version},
		RemoteProvisioning: remoteProvisioningForm{
			CurrentTime: a.Now().UnixNano(), JWTOwnerClaim: p.OwnerClaim, ID: p.HubID, COAPGateway: p.COAPGateway, CertificateAuthorities: a.Roots,
			Authority: p.Authority, CertificateAuthority: p.CertificateAuthority, WebOAuthClient: oauthClient(p.WebOAuthClient),
			DeviceOAuthClient: oauthClient(p.DeviceOAuthClient), Mode: "MODE_NONE",
			UserAgent: userAgentForm{p.UserAgent.CSRChallengeStateExpiration.Nanoseconds()},
		},
	}
	if s.Way == member.WayBrowser || p.Mode == settings.UserAgent {
		c.RemoteProvisioning.Mode = "USER_AGENT"
	}
	write(w, r, c, c)
	return nil
}

func oauthClient(c settings.OAuthClient) oauthClientForm {
	return oauthClientForm{ClientID: c.ClientID, Audience: c.Audience, Scopes: append([]string{}, c.Scopes...)}
}

// mode is what devices know the client by, or will.
func (a *api) mode(s member.Status) string {
	configured := a.Config.Clients.Device.COAP.TLS.Authentication
	switch {
	case s.Way == member.WayKey, s.Way == member.WayNone && configured == settings.PreSharedKey:
		return "PRE_SHARED_KEY"
	case s.Way != member.WayNone, configured == settings.X509:
		return "X509"
	default:
		return "UNINITIALIZED"
	}
}

// owner is the subject id of a pre-shared key, the nil UUID where there is none yet; else as tokens name him.
func owner(s member.Status, mode string) string {
	switch {
	case mode != "PRE_SHARED_KEY":
		return s.Owner
	case s.SubjectID == "":
		return dps.NilUUID
	default:
		return s.SubjectID
	}
}

func (a *api) jwks(w http.ResponseWriter, r *http.Request) error {
	keys, err := a.Member.JWKS()
	if err != nil {
		return err
	}
	send(w, r, http.StatusOK, mediaJSON, append(append([]byte(nil), json.RawMessage(keys)...), '\n'))
	return nil
}
