package apiapply

import (
	"context"
	"strings"

	"dps/shared/apply"
	"dps/shared/dps"
)

// secret is one secret of an object: its name, the reference to it, and the path of its field on the wire.
type secret struct {
	name  string
	ref   *dps.SecretRef
	field []string
}

func groupSecrets(g *dps.EnrollmentGroup) []secret {
	return []secret{{apply.FolderKeys + "/" + g.ID, &g.PreSharedKey, []string{"preSharedKey"}}}
}

func hubSecrets(h *dps.Hub) []secret {
	p := &h.Authorization.Provider
	return []secret{
		{apply.FolderOAuth + "/" + h.ID + "/clientSecret", &p.ClientSecret, []string{"authorization", "provider", "clientSecret"}},
		{apply.FolderOAuth + "/" + h.ID + "/tlsKey", &p.HTTP.TLS.Key, []string{"authorization", "provider", "http", "tls", "key"}},
		{apply.FolderAuthority + "/" + h.ID + "/tlsKey", &h.CertificateAuthority.TLS.Key, []string{"certificateAuthority", "grpc", "tls", "key"}},
	}
}

// vault holds the values of secrets until their objects are sent. Package apply knows a secret by a name without what the server
// adds to each version's: vault translates.
type vault struct {
	values map[string]string        // as data URIs, by name; not sent yet
	actual map[string]dps.SecretRef // as the server answered them, by name
}

func newVault() vault { return vault{map[string]string{}, map[string]dps.SecretRef{}} }

// read gives references of the server's the names that package apply knows them by.
func (v vault) read(secrets []secret) {
	for _, s := range secrets {
		name, ok := s.ref.Name()
		if ok && (name == s.name || strings.HasPrefix(name, s.name+"-")) {
			v.actual[s.name] = *s.ref
			*s.ref = dps.SecretRef(dps.SecretScheme + s.name)
		}
	}
}

// fill puts the values, or the server's references, back for sending.
func (v vault) fill(secrets []secret) {
	for _, s := range secrets {
		if *s.ref != dps.SecretRef(dps.SecretScheme+s.name) {
			continue
		}
		if value, ok := v.values[s.name]; ok {
			*s.ref = dps.SecretRef(value)
		} else if ref, ok := v.actual[s.name]; ok {
			*s.ref = ref
		}
	}
}

// written forgets the values that went with their object.
func (v vault) written(secrets []secret) {
	for _, s := range secrets {
		delete(v.values, s.name)
	}
}

// PutSecret implements dps.SecretWriter: the value waits for its object.
func (t *Target) PutSecret(_ context.Context, name string, value []byte) (dps.SecretRef, error) {
	t.vault.values[name] = dps.EncodeDataURI(value)
	return dps.SecretRef(dps.SecretScheme + name), nil
}

// DeleteSecret implements dps.SecretWriter: the server forgets what its objects no longer name.
func (*Target) DeleteSecret(context.Context, dps.SecretRef) error { return nil }

// Finish sends the secrets of objects that stay as they are otherwise. Errors: as the API's; what was not sent is tried again when
// the file is applied again.
func (t *Target) Finish(ctx context.Context, objects apply.Objects) error {
	for _, g := range objects.Groups {
		if patch := t.vault.patch(groupSecrets(&g)); patch != nil {
			if err := t.api.PatchGroup(ctx, t.serversID(g.ID), patch); err != nil {
				return err
			}
		}
	}
	for _, h := range objects.Hubs {
		if patch := t.vault.patch(hubSecrets(&h)); patch != nil {
			if err := t.api.PatchHub(ctx, t.serversID(h.ID), patch); err != nil {
				return err
			}
		}
	}
	return nil
}

// patch gives the change that sends what is left of the secrets' values; nil: nothing is.
func (v vault) patch(secrets []secret) map[string]any {
	var patch map[string]any
	for _, s := range secrets {
		value, ok := v.values[s.name]
		if !ok {
			continue
		}
		if patch == nil {
			patch = map[string]any{}
		}
		at := patch
		for _, part := range s.field[:len(s.field)-1] {
			if at[part] == nil {
				at[part] = map[string]any{}
			}
			at = at[part].(map[string]any) //nolint:forcetypeassert // made above
		}
		at[s.field[len(s.field)-1]] = value
		delete(v.values, s.name)
	}
	return patch
}
