package provisioning

import (
	"context"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// provideOwnership is step 2: GET …/ownership → {"devowneruuid"}.
func provideOwnership(_ context.Context, x *exchange) (any, error) {
	owner := dps.OwnerUUID(x.admission.Group.Owner)
	x.result.Ownership = &dps.OwnershipDetail{Owner: owner}
	return ocf.Ownership{OwnerUUID: owner}, nil
}
