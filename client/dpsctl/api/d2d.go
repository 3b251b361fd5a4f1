package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// D2D is a client of a d2d client's own API (docs/client-initialization.md), which speaks as the service's does.
type D2D struct{ *Client }

// D2DConfiguration is what a d2d client tells before anybody logs in.
type D2DConfiguration struct {
	IsInitialized      bool   `json:"isInitialized"`
	Authentication     string `json:"deviceAuthenticationMode"` // PRE_SHARED_KEY, X509, UNINITIALIZED
	RemoteProvisioning struct {
		Authority            string `json:"authority"`
		CertificateAuthority string `json:"certificateAuthority"`
	} `json:"remoteProvisioning"`
}

// D2DStatus is who a d2d client is.
type D2DStatus struct {
	Way       string `json:"way"` // preSharedKey, self, userAgent; "": nobody yet
	SubjectID string `json:"subjectId"`
	Owner     string `json:"owner"`
	Identity  *struct {
		NotAfter   time.Time `json:"notAfter"`
		RenewAt    time.Time `json:"renewAt"`
		NeedsToken bool      `json:"needsToken"`
	} `json:"identity"`
	Problem string `json:"problem"`
	Storage string `json:"storage"`
}

// D2DDevice is a device as it was discovered.
type D2DDevice struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Types     []string `json:"types"`
	Ownership string   `json:"ownership"` // owned, ownedByOther, unowned, unknown
	OwnerID   string   `json:"ownerId"`
	CanOwn    bool     `json:"canOwn"`
	Endpoints []string `json:"endpoints"`
}

// D2DResource is a resource of a device.
type D2DResource struct {
	Href       string   `json:"href"`
	Types      []string `json:"types"`
	Interfaces []string `json:"interfaces"`
	Observable bool     `json:"observable"`
}

// D2DChallenge is a request for an identity certificate that somebody else carries to the signing service.
type D2DChallenge struct {
	CSR   []byte `json:"certificateSigningRequest"`
	State string `json:"state"`
}

// Configuration asks what the client is configured for; that needs no token.
func (d D2D) Configuration(ctx context.Context) (c D2DConfiguration, err error) {
	err = d.do(ctx, request{method: http.MethodGet, path: "/.well-known/configuration"}, &c)
	return c, err
}

// Status asks who the client is.
func (d D2D) Status(ctx context.Context) (s D2DStatus, err error) {
	err = d.do(ctx, request{method: http.MethodGet, path: "/api/v1/status"}, &s)
	return s, err
}

// InitializeKey gives the client a pre-shared key; save keeps it for the next start.
func (d D2D) InitializeKey(ctx context.Context, subjectID, key string, save bool) error {
	return d.initialize(ctx, map[string]any{"preSharedKey": map[string]any{"subjectId": subjectID, "key": key, "save": save}}, nil)
}

// InitializeSelf has the client get its identity certificate itself, with the token that requests bear.
func (d D2D) InitializeSelf(ctx context.Context) error {
	return d.initialize(ctx, map[string]any{}, nil)
}

// Challenge begins the initialization that the caller mediates, with the OAuth server's key set.
func (d D2D) Challenge(ctx context.Context, jwks json.RawMessage) (D2DChallenge, error) {
	var out struct {
		Challenge D2DChallenge `json:"identityCertificateChallenge"`
	}
	err := d.initialize(ctx, map[string]any{"jwks": jwks}, &out)
	return out.Challenge, err
}

// Finish brings the signed chain, PEM.
func (d D2D) Finish(ctx context.Context, state string, chain []byte) error {
	path, err := at("/api/v1/initialize", state)
	if err != nil {
		return err
	}
	return d.do(ctx, request{method: http.MethodPost, path: path, body: map[string]any{"certificate": chain}}, nil)
}

func (d D2D) initialize(ctx context.Context, body, out any) error {
	return d.do(ctx, request{method: http.MethodPost, path: "/api/v1/initialize", body: body}, out)
}

// Reset has the client forget who it is.
func (d D2D) Reset(ctx context.Context) error {
	return d.do(ctx, request{method: http.MethodPost, path: "/api/v1/reset", body: map[string]any{}}, nil)
}

// Devices discovers: by multicast, or at addresses.
func (d D2D) Devices(ctx context.Context, addresses []string) ([]D2DDevice, error) {
	var out struct {
		Devices []D2DDevice `json:"devices"`
	}
	err := d.do(ctx, request{method: http.MethodGet, path: "/api/v1/devices", query: url.Values{"endpointFilter": addresses}}, &out)
	return out.Devices, err
}

// Resources lists what a device has.
func (d D2D) Resources(ctx context.Context, id string) ([]D2DResource, error) {
	path, err := at("/api/v1/devices", id, "resource-links")
	if err != nil {
		return nil, err
	}
	var out struct {
		Resources []D2DResource `json:"resources"`
	}
	err = d.do(ctx, request{method: http.MethodGet, path: path}, &out)
	return out.Resources, err
}

// Read reads a resource.
func (d D2D) Read(ctx context.Context, id, href string) (json.RawMessage, error) {
	return d.resource(ctx, request{method: http.MethodGet}, id, href)
}

// Update changes a resource, and gives what the device answers.
func (d D2D) Update(ctx context.Context, id, href string, value json.RawMessage) (json.RawMessage, error) {
	return d.resource(ctx, request{method: http.MethodPut, body: value}, id, href)
}

func (d D2D) resource(ctx context.Context, q request, id, href string) (json.RawMessage, error) {
	path, err := at("/api/v1/devices", id, "resources")
	if err != nil {
		return nil, err
	}
	q.path = path
	for part := range strings.SplitSeq(strings.Trim(href, "/"), "/") {
		q.path += "/" + url.PathEscape(part)
	}
	var out struct {
		Content json.RawMessage `json:"content"`
	}
	err = d.do(ctx, q, &out)
	return out.Content, err
}

// Own makes the client the owner of a device that nobody owns.
func (d D2D) Own(ctx context.Context, id string) error { return d.ownership(ctx, http.MethodPost, id) }

// Disown gives up a device of the client's.
func (d D2D) Disown(ctx context.Context, id string) error {
	return d.ownership(ctx, http.MethodDelete, id)
}

func (d D2D) ownership(ctx context.Context, method, id string) error {
	path, err := at("/api/v1/devices", id, "ownership")
	if err != nil {
		return err
	}
	return d.do(ctx, request{method: method, path: path}, nil)
}

// SignIdentity has a CSR signed by the owner's hub, through the service's API, and gives the chain, PEM.
func (c *Client) SignIdentity(ctx context.Context, csr []byte) ([]byte, error) {
	var out struct {
		Certificate []byte `json:"certificate"`
	}
	err := c.do(ctx, request{method: http.MethodPost, path: "/api/v1/sign/identity-csr", body: map[string]any{"certificateSigningRequest": csr}}, &out)
	return out.Certificate, err
}
