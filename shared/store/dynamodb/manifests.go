package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
)

// Manifest implements dps.ManifestStore.
func (s *Store) Manifest(ctx context.Context, source string) (dps.Manifest, error) {
	m, err := read(ctx, s, kindManifest, source, decode[dps.Manifest])
	if dps.CodeOf(err) == dps.CodeNotFound {
		return dps.Manifest{}, nil
	}
	return m, err
}

// PutManifest implements dps.ManifestStore.
func (s *Store) PutManifest(ctx context.Context, source string, m dps.Manifest) error {
	if err := dps.CheckKey("source", source); err != nil {
		return err
	}
	it, err := keyed(m, kindManifest, source)
	if err != nil {
		return err
	}
	_, err = call(ctx, s.client.PutItem, &dynamodb.PutItemInput{TableName: &s.table, Item: it})
	return err
}
