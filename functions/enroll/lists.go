package enroll

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"sync"

	"dps/shared/dps"
)

// Bounds on revocation lists.
const (
	MaxCRLSize  = 1 << 20 // bytes of one
	maxCRLBytes = 3 << 20 // of all in one reply, which is a third longer in JSON and may have 6 MB under Lambda
	maxGets     = 4       // got at a time
)

// lists gives the group's revocation lists in DER. missing tells that at least one could not be had: then nobody may be
// let in, for it might have been on that one.
func (b *builder) lists(ctx context.Context, g dps.EnrollmentGroup) (lists [][]byte, missing bool) {
	if len(g.X509.CRLs) == 0 {
		return nil, false
	}
	got := b.getAll(ctx, g)
	for i, der := range got {
		if b.room -= len(der); b.room < 0 && der != nil {
			b.log.ErrorContext(ctx, "revocation list is left out: the lists of a reply together are too long", "group", g.ID, "list", i, "bytes", len(der))
			der = nil
		}
		if der == nil {
			missing = true
			continue
		}
		lists = append(lists, der)
	}
	return lists, missing
}

// getAll gives a list, or nil, for each entry. A few at a time, so that slow servers do not add up.
func (b *builder) getAll(ctx context.Context, g dps.EnrollmentGroup) [][]byte {
	got := make([][]byte, len(g.X509.CRLs))
	slots := make(chan struct{}, maxGets)
	var all sync.WaitGroup
	for i, entry := range g.X509.CRLs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			der, err := b.get(ctx, entry)
			if err != nil {
				b.log.ErrorContext(ctx, "revocation list cannot be had: nobody of the group is let in", "group", g.ID, "list", i, "error", err)
				return
			}
			got[i] = der
		})
	}
	all.Wait()
	return got
}

func (b *builder) get(ctx context.Context, entry dps.CRLEntry) ([]byte, error) {
	if len(entry.Inline) == 0 {
		return b.crls.CRL(ctx, entry.URL)
	}
	der, _, err := parseCRL(entry.Inline)
	return der, err
}

// parseCRL takes a list in PEM or DER, and gives it in DER. Errors: CodeInvalid.
func parseCRL(data []byte) ([]byte, *x509.RevocationList, error) {
	if len(data) > MaxCRLSize {
		return nil, nil, dps.Errorf(dps.CodeInvalid, "revocation list has more than %d bytes", MaxCRLSize)
	}
	if block, _ := pem.Decode(bytes.TrimSpace(data)); block != nil {
		data = block.Bytes
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, nil, dps.Wrap(dps.CodeInvalid, err, "not a certificate revocation list in DER or PEM format")
	}
	return list.Raw, list, nil
}
