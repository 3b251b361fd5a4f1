package bearer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"dps/shared/dps"
	"dps/shared/flight"
)

const (
	keysFor      = 1 * time.Hour    // before the keys are read again although all are known
	unknownPause = 10 * time.Second // before a strange key id is looked up again: strangers cost one request in that time
	fetchTimeout = 10 * time.Second
	maxDocument  = 1 << 20 // bytes of a discovery document or a key set
	maxKeys      = 100
)

// keys are the OAuth server's signature keys. A strange key id has them read again, as after a rotation.
type keys struct {
	o       Options
	flights *flight.Group[struct{}]

	mu    sync.Mutex
	byID  map[string]jose.JSONWebKey
	read  time.Time // zero: never
	tried time.Time // the last attempt to read them, and how it ended
	err   error
}

func newKeys(o Options) *keys { return &keys{o: o, flights: flight.New[struct{}](fetchTimeout)} }

func (k *keys) close() { k.flights.Close() }

// get gives the public key. Errors: CodeDenied for an unknown one, CodeUnavailable where none were ever read.
func (k *keys) get(ctx context.Context, id, algorithm string) (any, error) {
	if key, err, fresh := k.known(id); fresh {
		return usable(key, err, algorithm)
	}
	_, err := k.flights.Do(ctx, "keys", func(ctx context.Context) (struct{}, error) {
		k.note(k.refresh(ctx))
		return struct{}{}, nil
	})
	if err != nil {
		return nil, err
	}
	// Keys that could not be read again are still the last ones that the server gave.
	key, err, _ := k.known(id)
	return usable(key, err, algorithm)
}

func usable(key *jose.JSONWebKey, err error, algorithm string) (any, error) {
	if err != nil {
		return nil, err
	}
	if key == nil || key.Algorithm != "" && key.Algorithm != algorithm {
		return nil, dps.Errorf(dps.CodeDenied, "token is signed with a key that the OAuth server does not name")
	}
	return key.Key, nil
}

// known gives the key, nil where there is none; err where there never were any; fresh is false where it is time to read
// them (again).
func (k *keys) known(id string) (key *jose.JSONWebKey, err error, fresh bool) { //nolint:revive // fresh is of both
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.o.Now()
	if found, ok := k.byID[id]; ok {
		key = &found
	}
	paused := !k.tried.IsZero() && now.Sub(k.tried) < unknownPause
	if k.read.IsZero() {
		return nil, k.err, paused
	}
	return key, nil, paused || key != nil && now.Sub(k.read) < keysFor
}

func (k *keys) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.err = k.o.Now(), err
}

func (k *keys) refresh(ctx context.Context) error {
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := k.fetch(ctx, strings.TrimSuffix(k.o.Authority, "/")+"/.well-known/openid-configuration", &document); err != nil {
		return err
	}
	if document.Issuer != k.o.Authority || document.JWKSURI == "" {
		return dps.Errorf(dps.CodeUnavailable, "OAuth server %s calls itself %q: set the authority to its issuer's exact name", k.o.Authority, document.Issuer)
	}
	var set jose.JSONWebKeySet
	if err := k.fetch(ctx, document.JWKSURI, &set); err != nil {
		return err
	}
	k.replace(set)
	return nil
}

// replace keeps public signature keys alone, each under its id.
func (k *keys) replace(set jose.JSONWebKeySet) {
	byID := make(map[string]jose.JSONWebKey)
	for _, key := range set.Keys[:min(len(set.Keys), maxKeys)] {
		if key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			byID[key.KeyID] = key
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byID, k.read = byID, k.o.Now()
}

func (k *keys) fetch(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return dps.Errorf(dps.CodeUnavailable, "OAuth server's URL is none")
	}
	resp, err := k.o.Client.Do(req)
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "OAuth server does not answer")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return dps.Wrap(dps.CodeUnavailable, err, "OAuth server's answer broke off")
	case resp.StatusCode != http.StatusOK:
		return dps.Errorf(dps.CodeUnavailable, "OAuth server answers %s with status %d", req.URL.Path, resp.StatusCode)
	case len(body) > maxDocument:
		return dps.Errorf(dps.CodeUnavailable, "OAuth server's answer is larger than %d bytes", maxDocument)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return dps.Wrap(dps.CodeUnavailable, fmt.Errorf("%s: %w", req.URL.Path, err), "OAuth server's answer is not what it should be")
	}
	return nil
}
