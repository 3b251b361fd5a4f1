// Package secretsmanager keeps secrets in AWS Secrets Manager: the cloud's secrets store.
package secretsmanager

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/dps"
	"dps/shared/flight"
)

const (
	maxCached   = 1024             // secrets
	readTimeout = 3 * time.Second  // of one read, which many may wait for
	recovery    = 7                // days in which a deleted secret can be had back with AWS's own tools
	maxStale    = 1 * time.Hour    // how long an old value serves while Secrets Manager does not
	retryAfter  = 5 * time.Second  // before Secrets Manager is asked again meanwhile
	cacheFor    = 30 * time.Second // a rotation is noticed within
)

// Options may be left zero.
type Options struct {
	// Prefix stands before every name in Secrets Manager, joined by "/": "dps" makes "secret:psk/x" the secret "dps/psk/x".
	Prefix string
	// CacheFor is how long a value serves before it is read again, and so how late a rotation is noticed. 0: 30 s.
	CacheFor time.Duration
	Now      func() time.Time // nil: time.Now
	// Count is told of reads: "secrets", with "hit", "miss" and "stale". nil: nobody.
	Count func(name, reason string)
}

// Store reads and writes secrets. It is safe for concurrent use.
type Store struct {
	client  *sm.Client
	o       Options
	cache   *lru.Cache[string, cached]
	flights *flight.Group[[]byte]
}

type cached struct {
	value       []byte
	read, until time.Time
}

var (
	_ dps.Secrets      = (*Store)(nil)
	_ dps.SecretWriter = (*Store)(nil)
)

// New makes a store over the client, whose retries are its own.
func New(client *sm.Client, o Options) *Store {
	if o.CacheFor == 0 {
		o.CacheFor = cacheFor
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	cache, _ := lru.New[string, cached](maxCached) // only a size below 1 is an error
	return &Store{client: client, o: o, cache: cache, flights: flight.New[[]byte](readTimeout)}
}

// Close ends reads under way.
func (s *Store) Close() { s.flights.Close() }

// Secret implements dps.Secrets. While Secrets Manager does not answer, a value of the last hour serves.
func (s *Store) Secret(ctx context.Context, ref dps.SecretRef) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "secret was not read in time")
	}
	if ref.IsInline() {
		return ref.Inline()
	}
	id, err := s.id(ref)
	if err != nil {
		return nil, err
	}
	known, ok := s.cache.Get(id)
	if ok && s.o.Now().Before(known.until) {
		s.o.Count("secrets", "hit")
		return slices.Clone(known.value), nil
	}
	value, err := s.flights.Do(ctx, id, func(ctx context.Context) ([]byte, error) { return s.read(ctx, id, ref) })
	if ok && dps.IsTransient(err) && s.o.Now().Sub(known.read) < maxStale {
		s.o.Count("secrets", "stale")
		known.until = s.o.Now().Add(retryAfter)
		s.cache.Add(id, known)
		return slices.Clone(known.value), nil
	}
	return slices.Clone(value), err
}

// id is what Secrets Manager knows the secret by.
func (s *Store) id(ref dps.SecretRef) (string, error) {
	name, named := ref.Name()
	switch text, scheme := strings.CutPrefix(string(ref), dps.SecretScheme); {
	case ref == "":
		return "", dps.Errorf(dps.CodeNotFound, "no secret is configured")
	case named:
		return s.full(name), nil
	case scheme:
		return "", dps.CheckSecretName(text)
	case strings.HasPrefix(string(ref), "arn:"):
		return string(ref), nil
	}
	return "", dps.Errorf(dps.CodeInvalid, "secret %s: want secret:NAME or the ARN of a Secrets Manager secret", ref)
}

func (s *Store) full(name string) string {
	if s.o.Prefix == "" {
		return name
	}
	return s.o.Prefix + "/" + name
}

func (s *Store) read(ctx context.Context, id string, ref dps.SecretRef) ([]byte, error) {
	s.o.Count("secrets", "miss")
	out, err := s.client.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return nil, s.explain(err, id, "secret "+ref.String())
	}
	value := out.SecretBinary
	if out.SecretString != nil {
		value = []byte(*out.SecretString)
	}
	now := s.o.Now()
	s.cache.Add(id, cached{value, now, now.Add(s.o.CacheFor)})
	return value, nil
}

// explain forgets what is gone, and says what an error means without repeating what was sent.
func (s *Store) explain(err error, id, what string) error {
	var (
		missing   *types.ResourceNotFoundException
		scheduled *types.InvalidRequestException // deleted, not yet gone
		parameter *types.InvalidParameterException
	)
	switch {
	case errors.As(err, &missing), errors.As(err, &scheduled):
		s.cache.Remove(id)
		return dps.Errorf(dps.CodeNotFound, "%s does not exist in Secrets Manager", what)
	case errors.As(err, &parameter):
		return dps.Errorf(dps.CodeInvalid, "%s: Secrets Manager takes no such name", what)
	}
	return unavailable(err, what)
}

// unavailable keeps the service's own error for the log of this process: it names actions and resources, no values.
func unavailable(err error, what string) error {
	return dps.Wrap(dps.CodeUnavailable, err, what+": Secrets Manager does not answer, or refuses: see its permissions and endpoint")
}

// PutSecret implements dps.SecretWriter.
func (s *Store) PutSecret(ctx context.Context, name string, value []byte) (dps.SecretRef, error) {
	if err := ctx.Err(); err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "secret was not written in time")
	}
	if err := errors.Join(dps.CheckSecretName(name), dps.CheckSecretValue(name, value)); err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "%v", err)
	}
	id := s.full(name)
	if err := s.write(ctx, id, value); err != nil {
		return "", unavailable(err, "secret "+name)
	}
	s.cache.Remove(id)
	return dps.SecretRef(dps.SecretScheme + name), nil
}

// DeleteSecret implements dps.SecretWriter: AWS keeps it for a week, in which `aws secretsmanager restore-secret` brings it
// back. What is named by its ARN is the operator's, and stays.
func (s *Store) DeleteSecret(ctx context.Context, ref dps.SecretRef) error {
	if err := ctx.Err(); err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "secret was not deleted in time")
	}
	name, ok := ref.Name()
	if !ok {
		return nil
	}
	id := s.full(name)
	_, err := s.client.DeleteSecret(ctx, &sm.DeleteSecretInput{SecretId: &id, RecoveryWindowInDays: aws.Int64(recovery)})
	if err = s.explainDelete(err, id, name); err != nil {
		return err
	}
	s.cache.Remove(id)
	return nil
}

func (s *Store) explainDelete(err error, id, name string) error {
	if err == nil {
		return nil
	}
	if err = s.explain(err, id, "secret "+name); dps.CodeOf(err) == dps.CodeNotFound {
		return nil
	}
	return err
}
