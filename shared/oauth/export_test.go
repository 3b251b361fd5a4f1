package oauth

import (
	"testing"
	"time"

	"dps/shared/dps"
)

// CheckFuzzedClaims runs the claim check on fuzzed tokens.
func CheckFuzzedClaims(f *testing.F, ownerClaim, owner string, check func(t *testing.T, token string, err error)) {
	c := &client{auth: dps.Authorization{OwnerClaim: ownerClaim}}
	f.Fuzz(func(t *testing.T, token string) {
		_, err := c.checkClaims(token, grant{owner: owner}, time.Now())
		check(t, token, err)
	})
}
