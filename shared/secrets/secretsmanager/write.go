package secretsmanager

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// write puts a new version of the secret, makes the secret where there is none, and has it back where it was deleted.
func (s *Store) write(ctx context.Context, id string, value []byte) error {
	err := s.put(ctx, id, value)
	var (
		missing   *types.ResourceNotFoundException
		scheduled *types.InvalidRequestException
		exists    *types.ResourceExistsException
	)
	switch {
	case errors.As(err, &missing):
		err = s.create(ctx, id, value)
		if errors.As(err, &exists) { // another was first
			err = s.put(ctx, id, value)
		}
	case errors.As(err, &scheduled):
		if _, err = s.client.RestoreSecret(ctx, &sm.RestoreSecretInput{SecretId: &id}); err == nil {
			err = s.put(ctx, id, value)
		}
	}
	return err
}

func (s *Store) put(ctx context.Context, id string, value []byte) error {
	text, binary := form(value)
	_, err := s.client.UpdateSecret(ctx, &sm.UpdateSecretInput{SecretId: &id, SecretString: text, SecretBinary: binary})
	return err
}

func (s *Store) create(ctx context.Context, id string, value []byte) error {
	text, binary := form(value)
	_, err := s.client.CreateSecret(ctx, &sm.CreateSecretInput{
		Name: &id, SecretString: text, SecretBinary: binary,
		Description: aws.String("Written by the device provisioning service."),
	})
	return err
}

// form gives text as text, which people and rotation functions expect, and everything else as bytes.
func form(value []byte) (text *string, binary []byte) {
	if utf8.Valid(value) {
		return aws.String(string(value)), nil
	}
	return nil, value
}
