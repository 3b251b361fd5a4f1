package rest

import (
	"bytes"
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"dps/shared/apply"
	"dps/shared/dps"
)

// held is a secret of an object: its field, what the names it is stored under begin with (the same that package apply uses),
// and where it is.
type held struct {
	field, name string
	ref         *dps.SecretRef
	check       func(value []byte) error // nil: anything
}

func groupSecrets(g *dps.EnrollmentGroup) []held {
	return []held{{"preSharedKey", apply.FolderKeys + "/" + g.ID, &g.PreSharedKey, checkKey}}
}

func hubSecrets(h *dps.Hub) []held {
	return []held{
		{"authorization.provider.clientSecret", apply.FolderOAuth + "/" + h.ID + "/clientSecret", &h.Authorization.Provider.ClientSecret, nil},
		{"authorization.provider.http.tls.key", apply.FolderOAuth + "/" + h.ID + "/tlsKey", &h.Authorization.Provider.HTTP.TLS.Key, nil},
		{"certificateAuthority.grpc.tls.key", apply.FolderAuthority + "/" + h.ID + "/tlsKey", &h.CertificateAuthority.TLS.Key, nil},
	}
}

// checkKey: devices take 16 bytes, and they travel as text.
func checkKey(value []byte) error {
	value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("\n")), []byte("\r"))
	if len(value) != dps.PreSharedKeyLength || !utf8.Valid(value) {
		return dps.Errorf(dps.CodeInvalid, "has %d bytes, want %d of text", len(value), dps.PreSharedKeyLength)
	}
	return nil
}

// change is one secret to be written, under a name that nothing has: until the object refers to it, the old one stands, and
// no secret need ever be read here to put it back.
type change struct {
	held
	value []byte
}

// settle looks at the secrets that a client sent with an object. A value is going to be stored; the object's own reference
// keeps what it refers to. Any other reference is refused: it would have the server read a file of its own, or another's
// secret, for this client. Nothing is written. Errors: CodeInvalid, without the value.
func settle(now, old []held) ([]change, error) {
	var changes []change
	for i, s := range now {
		before := *old[i].ref
		switch {
		case *s.ref == "":
		case s.ref.IsInline():
			value, err := inline(s)
			if err != nil {
				return nil, err
			}
			s.name += "-" + dps.NewUUID()
			changes = append(changes, change{held: s, value: value})
			*s.ref = dps.SecretRef(dps.SecretScheme + s.name)
		case before != "" && (*s.ref == before || string(*s.ref) == before.String()):
			*s.ref = before
		default:
			return nil, dps.Errorf(dps.CodeInvalid, "%s: is not the reference that this object has: send the value as data:;base64,CONTENT, "+
				"or the reference as it was answered, to keep it", s.field)
		}
	}
	return changes, nil
}

func inline(s held) ([]byte, error) {
	value, err := s.ref.Inline()
	if err == nil {
		err = dps.CheckSecretValue(s.name, value)
	}
	if err == nil && s.check != nil {
		err = s.check(value)
	}
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "%s: %w", s.field, err)
	}
	return value, nil
}

// ownedAs tells whether the reference is to what was stored under the name, or one that begins with it, not to a file of the
// operator's.
func ownedAs(ref dps.SecretRef, name string) bool {
	own, ok := ref.Name()
	return ok && (own == name || strings.HasPrefix(own, name+"-"))
}

// store writes the secrets. undo removes them again, for a change that fails after all.
func (a *api) store(ctx context.Context, changes []change) (undo func(), err error) {
	var written []dps.SecretRef
	undo = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		for _, ref := range written {
			if err := a.Secrets.DeleteSecret(ctx, ref); err != nil {
				a.Log.ErrorContext(ctx, "secret of a refused change cannot be removed", "error", err)
			}
		}
	}
	for _, c := range changes {
		ref, err := a.Secrets.PutSecret(ctx, c.name, c.value)
		if err != nil {
			undo()
			return nil, err
		}
		*c.ref = ref
		written = append(written, ref)
	}
	return undo, nil
}

// retire forgets the secrets that were stored for an object and are no longer referred to. now is nil where it is gone.
func (a *api) retire(ctx context.Context, old, now []held) {
	for i, s := range old {
		if !ownedAs(*s.ref, s.name) || now != nil && *now[i].ref == *s.ref {
			continue
		}
		if err := a.Secrets.DeleteSecret(context.WithoutCancel(ctx), *s.ref); err != nil {
			a.Log.WarnContext(ctx, "secret that nobody refers to cannot be deleted", "secret", s.name, "error", err)
		}
	}
}
