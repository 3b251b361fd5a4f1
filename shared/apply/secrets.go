package apply

import (
	"bytes"
	"context"
	"strings"

	"dps/shared/dps"
)

// secret is one secret of an object: the name it is stored under, and the field that refers to it.
type secret struct {
	name string
	ref  *dps.SecretRef
}

// The first part of a secret's name says who may read it: in the cloud each function's role is granted what begins with its
// own parts (DESIGN §2).
const (
	FolderOAuth     = "oauth" // for the OAuth server: the token function's
	FolderAuthority = "ca"    // for the hub's certificate authority: the sign function's
	FolderKeys      = "psk"   // pre-shared keys: the sign function's
)

func groupSecrets(g *dps.EnrollmentGroup) []secret {
	return []secret{{FolderKeys + "/" + g.ID, &g.PreSharedKey}}
}

func hubSecrets(h *dps.Hub) []secret {
	return []secret{
		{FolderOAuth + "/" + h.ID + "/clientSecret", &h.Authorization.Provider.ClientSecret},
		{FolderOAuth + "/" + h.ID + "/tlsKey", &h.Authorization.Provider.HTTP.TLS.Key},
		{FolderAuthority + "/" + h.ID + "/tlsKey", &h.CertificateAuthority.TLS.Key},
	}
}

// vault moves inline secrets into the secrets store.
type vault struct {
	writer dps.SecretWriter
	reader dps.Secrets // nil where secrets can only be written
}

func newVault(w dps.SecretWriter) vault {
	r, _ := w.(dps.Secrets)
	return vault{w, r}
}

// store replaces each inline secret by a reference, and tells whether the value of one that was stored before has changed.
// old has the same secrets as they are stored now.
func (v vault) store(ctx context.Context, now, old []secret) (rotated bool, err error) {
	for i, s := range now {
		if !s.ref.IsInline() {
			continue
		}
		value, err := dps.DecodeDataURI(string(*s.ref))
		if err != nil {
			return false, describe(err, "secret", s.name)
		}
		before := *old[i].ref
		unchanged, known, err := v.compare(ctx, before, s.name, value)
		if err != nil {
			return false, err
		}
		if unchanged {
			*s.ref = before
			continue
		}
		if *s.ref, err = v.writer.PutSecret(ctx, s.name, value); err != nil {
			return false, err
		}
		rotated = rotated || known
	}
	return rotated, nil
}

// compare tells whether the secret stored under the name has the value; known is false where that cannot be told.
func (v vault) compare(ctx context.Context, ref dps.SecretRef, name string, value []byte) (unchanged, known bool, err error) {
	if v.reader == nil || !stored(ref, name) {
		return false, false, nil
	}
	current, err := v.reader.Secret(ctx, ref)
	switch dps.CodeOf(err) {
	case "":
		return bytes.Equal(current, value), true, nil
	case dps.CodeUnavailable, dps.CodeThrottled:
		return false, false, err
	default:
		return false, false, nil // lost, or not for us to read: writing it says the rest
	}
}

// retire forgets the secrets that were stored for an object and are no longer referred to.
func (v vault) retire(ctx context.Context, old, now []secret) error {
	for i, s := range old {
		name := s.name
		if now != nil {
			name = now[i].name // of an object that did not exist, old has no id
		}
		if !stored(*s.ref, name) || now != nil && *now[i].ref == *s.ref {
			continue
		}
		if err := v.writer.DeleteSecret(ctx, *s.ref); err != nil {
			return err
		}
	}
	return nil
}

// stored tells whether the reference is to a secret that Apply stored under the name, not to a file that is the operator's.
func stored(ref dps.SecretRef, name string) bool {
	s := string(ref)
	return (strings.HasPrefix(s, "secret:") || strings.HasPrefix(s, "arn:")) && strings.Contains(s, name)
}
