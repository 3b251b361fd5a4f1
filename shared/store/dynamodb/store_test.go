//go:build aws

package dynamodb_test

import (
	"testing"

	"dps/shared/dps"
	"dps/shared/store/conformance"
	"dps/shared/store/dynamodb"
)

func TestConformance(t *testing.T) {
	client := newClient(t, emulator(t))
	store := dynamodb.New(client, newTable(t, client))
	conformance.Run(t, func(*testing.T) dps.Store { return store })
}
