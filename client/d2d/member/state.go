package member

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"

	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// Way is how the client was initialized.
type Way string

// The ways.
const (
	WayNone    Way = ""             // not initialized, or reset
	WayKey     Way = "preSharedKey" // devices and single client
	WaySelf    Way = "self"         // an identity certificate that the client got on its own
	WayBrowser Way = "userAgent"    // an identity certificate that the user's browser got signed
)

// stateVersion is that of the stored form.
const stateVersion = 1

// stored is what the vault keeps. A reset is kept, too: else the next start would be a first one.
type stored struct {
	Version  int             `json:"version"`
	Way      Way             `json:"way"`
	Key      *storedKey      `json:"preSharedKey,omitempty"`
	Identity *storedIdentity `json:"identity,omitempty"`
}

type storedKey struct {
	SubjectID string `json:"subjectId"`
	Key       []byte `json:"key"`
}

type storedIdentity struct {
	Owner        string          `json:"owner"`
	User         string          `json:"user"`
	Key          []byte          `json:"key"`   // PKCS #8
	Chain        []byte          `json:"chain"` // PEM, leaf first, root last
	JWKS         json.RawMessage `json:"jwks,omitempty"`
	RefreshToken string          `json:"refreshToken,omitempty"`
}

// encode gives the stored form.
func (c *current) encode() ([]byte, error) {
	s := stored{Version: stateVersion, Way: c.way}
	if c.psk != nil {
		s.Key = &storedKey{SubjectID: c.psk.SubjectID, Key: c.psk.Key[:]}
	}
	if i := c.identity; i != nil {
		der, err := x509.MarshalPKCS8PrivateKey(i.key)
		if err != nil {
			return nil, dps.Wrap(dps.CodeInternal, err, "the private key cannot be stored")
		}
		s.Identity = &storedIdentity{Owner: i.owner, User: i.user, Key: der, Chain: i.chainPEM(), JWKS: i.jwks, RefreshToken: i.refresh}
	}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "the credentials cannot be stored")
	}
	return data, nil
}

var errNoState = dps.Errorf(dps.CodeInvalid, "the stored credentials are not what this program writes: an older or newer version of it wrote them")

// decode reads the stored form. It does not judge certificates: an expired one is still whose it is. Errors: CodeInvalid; they
// repeat nothing of it.
func decode(data []byte) (*current, error) {
	var s stored
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || s.Version != stateVersion {
		return nil, errNoState
	}
	switch {
	case s.Way == WayNone && s.Key == nil && s.Identity == nil:
		return &current{reset: true}, nil
	case s.Way == WayKey && s.Key != nil && s.Identity == nil:
		return decodeKey(*s.Key)
	case (s.Way == WaySelf || s.Way == WayBrowser) && s.Key == nil && s.Identity != nil:
		return decodeIdentity(s.Way, *s.Identity)
	}
	return nil, errNoState
}

func decodeKey(k storedKey) (*current, error) {
	id, ok := dps.ParseUUID(k.SubjectID)
	if !ok || len(k.Key) != settings.KeySize {
		return nil, errNoState
	}
	return keyState(id, [settings.KeySize]byte(k.Key)), nil
}

func decodeIdentity(way Way, s storedIdentity) (*current, error) {
	key, err := x509.ParsePKCS8PrivateKey(s.Key)
	if err != nil {
		return nil, errNoState
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errNoState
	}
	chain, err := dps.ParseCertificatesPEM(s.Chain, maxChain)
	if err != nil || len(chain) < 2 || !signer.PublicKey.Equal(chain[0].PublicKey) || s.Owner == "" {
		return nil, errNoState
	}
	i := &identity{owner: s.Owner, user: s.User, key: signer, chain: chain, jwks: s.JWKS, refresh: s.RefreshToken}
	if way == WayBrowser {
		if i.jwks, err = parseJWKS(s.JWKS); err != nil {
			return nil, errNoState
		}
	}
	return &current{way: way, identity: i}, nil
}
