package dpsctl

import (
	"context"
	"fmt"
	"strings"

	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/secrets/file"
)

// readSecrets puts the content of the secret files in the place of their names. Errors: CodeInvalid with all problems at
// once; no text holds a secret.
func readSecrets(ctx context.Context, groups []config.EnrollmentGroup) error {
	r := secretReader{ctx: ctx, files: file.New("")}
	for i := range groups {
		g, at := &groups[i], fmt.Sprintf("enrollmentGroups[%d].", i)
		r.read(at+"preSharedKeyFile", &g.PreSharedKeyFile)
		if g.Hub != nil {
			r.hub(at+"hub.", g.Hub)
		}
		for j := range g.Hubs {
			r.hub(at+fmt.Sprintf("hubs[%d].", j), &g.Hubs[j])
		}
	}
	if len(r.problems) > 0 {
		return dps.Errorf(dps.CodeInvalid, "%s", strings.Join(r.problems, "\n"))
	}
	return nil
}

type secretReader struct {
	ctx      context.Context //nolint:containedctx // one run of readSecrets
	files    *file.Store
	problems []string
}

func (r *secretReader) hub(at string, h *config.Hub) {
	r.read(at+"certificateAuthority.grpc.tls.keyFile", &h.CertificateAuthority.GRPC.TLS.KeyFile)
	r.read(at+"authorization.provider.clientSecretFile", &h.Authorization.Provider.ClientSecretFile)
	r.read(at+"authorization.provider.http.tls.keyFile", &h.Authorization.Provider.HTTP.TLS.KeyFile)
}

func (r *secretReader) read(path string, ref *dps.SecretRef) {
	if *ref == "" || ref.IsInline() || strings.HasPrefix(string(*ref), dps.SecretScheme) || strings.HasPrefix(string(*ref), "arn:") {
		return
	}
	value, err := r.files.Secret(r.ctx, *ref)
	switch {
	case err != nil:
		r.problems = append(r.problems, path+": "+err.Error())
	case len(value) == 0:
		r.problems = append(r.problems, path+": "+ref.String()+" is empty")
	default:
		*ref = dps.SecretRef(dps.EncodeDataURI(value))
	}
}
