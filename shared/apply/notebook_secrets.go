package apply

import (
	"context"

	"dps/shared/dps"
)

// writerNotes notes which secrets are written, and keeps no value.
type writerNotes struct{ n *notebook }

// readerNotes can be read, too: from the secrets store behind it.
type readerNotes struct {
	writerNotes
	dps.Secrets
}

// vault gives the secrets store that notes what it is told. It can be read where the one behind it can.
func (n *notebook) vault() dps.SecretWriter {
	w := writerNotes{n}
	if reader, ok := n.secrets.(dps.Secrets); ok {
		return readerNotes{w, reader}
	}
	return w
}

// PutSecret implements dps.SecretWriter.
func (w writerNotes) PutSecret(_ context.Context, name string, value []byte) (dps.SecretRef, error) {
	if err := dps.CheckSecretName(name); err != nil {
		return "", err
	}
	if err := dps.CheckSecretValue(name, value); err != nil {
		return "", err
	}
	w.n.written[name] = true
	return dps.SecretRef(dps.SecretScheme + name), nil
}

// DeleteSecret implements dps.SecretWriter.
func (writerNotes) DeleteSecret(context.Context, dps.SecretRef) error { return nil }
