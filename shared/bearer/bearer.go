// Package bearer verifies the access tokens of people and programs (RFC 6750, RFC 9068) by the OAuth server's own signature
// keys, which it finds by discovery and keeps.
package bearer

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dps/shared/dps"
)

// Leeway is how far the OAuth server's clock may be off.
const Leeway = 30 * time.Second

// maxTokenSize bounds what is parsed, in bytes; a larger one would not fit a header anyway.
const maxTokenSize = 16 << 10

// algorithms are asymmetric, all of them: no key that is public can sign.
var algorithms = []string{"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"}

// ErrNone says that there is no token at all, which is no mistake of its bearer's.
var ErrNone = dps.Errorf(dps.CodeDenied, "a bearer token is needed: Authorization: Bearer TOKEN")

// Options say whose tokens are good.
type Options struct {
	Authority  string // the issuer's URL; its /.well-known/openid-configuration names the keys
	Audience   string // that a token must have; "": any
	OwnerClaim string // that holds the owner; "": "sub"
	Client     *http.Client
	Now        func() time.Time // nil: time.Now
}

// Caller is who bears a good token.
type Caller struct {
	Owner   string
	Subject string
	Name    string // for people to read; may be empty
	Scopes  []string
	Expiry  time.Time
}

// Has tells whether the token was given for the scope.
func (c Caller) Has(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Verifier is safe for concurrent use.
type Verifier struct {
	o      Options
	keys   *keys
	parser *jwt.Parser
}

// New makes a verifier. It asks nobody anything before the first token comes.
func New(o Options) *Verifier {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OwnerClaim == "" {
		o.OwnerClaim = "sub"
	}
	rules := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithIssuer(o.Authority), jwt.WithExpirationRequired(), jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(o.Now),
	}
	if o.Audience != "" {
		rules = append(rules, jwt.WithAudience(o.Audience))
	}
	return &Verifier{o: o, keys: newKeys(o), parser: jwt.NewParser(rules...)}
}

// Close ends what is under way.
func (v *Verifier) Close() { v.keys.close() }

// Verify takes the value of an Authorization header. Errors: ErrNone, CodeDenied for a token that is not good, naming the
// rule and nothing of the token; CodeUnavailable where the OAuth server's keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, header string) (Caller, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Caller{}, ErrNone
	}
	if len(token) > maxTokenSize {
		return Caller{}, dps.Errorf(dps.CodeDenied, "token is larger than %d bytes", maxTokenSize)
	}
	claims := jwt.MapClaims{}
	_, err := v.parser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return v.keys.get(ctx, id, t.Method.Alg())
	})
	if err != nil {
		return Caller{}, explain(err)
	}
	return v.caller(claims)
}

func (v *Verifier) caller(claims jwt.MapClaims) (Caller, error) {
	owner, ok := claims[v.o.OwnerClaim].(string)
	if !ok || dps.CheckKey("owner", owner) != nil {
		return Caller{}, dps.Errorf(dps.CodeDenied, "token has no owner: claim %q must be a text of 1 to %d bytes", v.o.OwnerClaim, dps.MaxNameLength)
	}
	expiry, err := claims.GetExpirationTime()
	if err != nil {
		return Caller{}, dps.Errorf(dps.CodeDenied, "token has no end")
	}
	subject, _ := claims["sub"].(string)
	name, _ := claims["name"].(string)
	return Caller{Owner: owner, Subject: subject, Name: name, Scopes: scopes(claims), Expiry: expiry.Time}, nil
}

// scopes are a text with spaces (RFC 9068 §2.2.3), or, with some servers, a list.
func scopes(claims jwt.MapClaims) []string {
	for _, name := range []string{"scope", "scp"} {
		switch v := claims[name].(type) {
		case string:
			return strings.Fields(v)
		case []any:
			var all []string
			for _, s := range v {
				if text, ok := s.(string); ok {
					all = append(all, text)
				}
			}
			return all
		}
	}
	return nil
}

// explain names the rule. What the library says of a token may quote it.
func explain(err error) error {
	if e := (*dps.Error)(nil); errors.As(err, &e) {
		return e
	}
	for _, known := range []struct {
		err  error
		rule string
	}{
		{jwt.ErrTokenExpired, "token has expired: log in again"},
		{jwt.ErrTokenNotValidYet, "token is not valid yet: see to the clocks"},
		{jwt.ErrTokenUsedBeforeIssued, "token is not valid yet: see to the clocks"},
		{jwt.ErrTokenInvalidAudience, "token is for another audience"},
		{jwt.ErrTokenInvalidIssuer, "token is of another issuer"},
		{jwt.ErrTokenRequiredClaimMissing, "token lacks a claim: exp, iss and aud are needed"},
		{jwt.ErrTokenSignatureInvalid, "token's signature or its algorithm is not good"},
		{jwt.ErrTokenMalformed, "token is no JWT"},
	} {
		if errors.Is(err, known.err) {
			return dps.Errorf(dps.CodeDenied, "%s", known.rule)
		}
	}
	return dps.Errorf(dps.CodeDenied, "token is not good")
}
