package d2d

import (
	"encoding/json"
	"net/http"

	"dps/client/d2d/member"
)

// initializeForm is the body of POST /api/v1/initialize: a pre-shared key, or a JWKS with a token beside it; with neither the client goes
// to the signing service itself, with the token.
type initializeForm struct {
	PreSharedKey *struct {
		SubjectID string `json:"subjectId"`
		Key       string `json:"key"`
		Save      bool   `json:"save"`
	} `json:"preSharedKey"`
	JWKS json.RawMessage `json:"jwks"`
}

type challengeForm struct {
	Challenge struct {
		CSR   []byte `json:"certificateSigningRequest"`
		State string `json:"state"`
	} `json:"identityCertificateChallenge"`
}

type empty struct{}

func done(w http.ResponseWriter, r *http.Request) error {
	write(w, r, empty{}, empty{})
	return nil
}

func (a *api) initialize(w http.ResponseWriter, r *http.Request) error {
	var sent initializeForm
	if err := decode(r, &sent); err != nil {
		return err
	}
	switch {
	case sent.PreSharedKey != nil:
		k := sent.PreSharedKey
		if err := a.Member.InitializeKey(k.SubjectID, k.Key, k.Save); err != nil {
			return err
		}
	case len(sent.JWKS) > 0 && string(sent.JWKS) != "null":
		c, err := a.Member.Challenge(r.Context(), sent.JWKS, authorization(r))
		if err != nil {
			return err
		}
		writeChallenge(w, r, c)
		return nil
	default:
		if err := a.Member.InitializeSelf(r.Context(), authorization(r)); err != nil {
			return err
		}
	}
	return done(w, r)
}

func writeChallenge(w http.ResponseWriter, r *http.Request, c member.Challenge) {
	var out challengeForm
	out.Challenge.CSR, out.Challenge.State = c.CSR, c.State
	write(w, r, out, out)
}

// certificateForm carries a chain, PEM, in base64.
type certificateForm struct {
	Certificate []byte `json:"certificate"`
}

func (a *api) finish(w http.ResponseWriter, r *http.Request) error {
	var sent struct {
		certificateForm
		State string `json:"state"` // the path has it, too
	}
	if err := decode(r, &sent); err != nil {
		return err
	}
	if err := a.Member.Finish(r.Context(), r.PathValue("state"), authorization(r), sent.Certificate); err != nil {
		return err
	}
	return done(w, r)
}

// renew has the certificate renewed before its time. Where a browser mediates it answers a challenge, as initialize does.
func (a *api) renew(w http.ResponseWriter, r *http.Request) error {
	if err := decode(r, new(empty)); err != nil {
		return err
	}
	c, err := a.Member.Renew(r.Context(), authorization(r))
	if err != nil {
		return err
	}
	if c == nil {
		return done(w, r)
	}
	writeChallenge(w, r, *c)
	return nil
}

func (a *api) certificate(w http.ResponseWriter, r *http.Request) error {
	chain, err := a.Member.Certificate()
	if err != nil {
		return err
	}
	write(w, r, certificateForm{chain}, certificateForm{chain})
	return nil
}

func (a *api) reset(w http.ResponseWriter, r *http.Request) error {
	if err := decode(r, new(empty)); err != nil {
		return err
	}
	if err := a.Member.Reset(); err != nil {
		return err
	}
	return done(w, r)
}
