package infra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"dps/shared/apply"
	"dps/shared/config"
	"dps/shared/store/dynamodb"
)

// madeByCode gives what dynamodb.CreateTable and its setting of the time to live ask of DynamoDB, by operation.
func madeByCode(t *testing.T) map[string]object {
	t.Helper()
	asked := make(map[string]object)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		var in object
		if err := json.Unmarshal(body, &in); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
		asked[operation] = in
		_, _ = io.WriteString(w, `{"Table":{"TableStatus":"ACTIVE"}}`)
	}))
	defer server.Close()
	client := sdk.New(sdk.Options{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), BaseEndpoint: &server.URL})
	if err := dynamodb.CreateTable(t.Context(), client, "dps"); err != nil {
		t.Fatal(err)
	}
	return asked
}

// TestTheTableIsTheOneThatTestsMake: keys, index and time to live are those that the store is tested with.
func TestTheTableIsTheOneThatTestsMake(t *testing.T) {
	asked := madeByCode(t)
	table := deploy(t, required).get(t, "Table")
	sortDefinitions := func(v any) []any {
		all := slices.Clone(list(v))
		slices.SortFunc(all, func(a, b any) int { return strings.Compare(str(a, "AttributeName"), str(b, "AttributeName")) })
		return all
	}
	for _, key := range []string{"TableName", "BillingMode", "KeySchema", "GlobalSecondaryIndexes"} {
		if diff := cmp.Diff(asked["CreateTable"][key], table.property(key)); diff != "" {
			t.Errorf("%s: code (-), template (+):\n%s", key, diff)
		}
	}
	if diff := cmp.Diff(sortDefinitions(asked["CreateTable"]["AttributeDefinitions"]), sortDefinitions(table.property("AttributeDefinitions"))); diff != "" {
		t.Errorf("AttributeDefinitions: code (-), template (+):\n%s", diff)
	}
	if attribute := str(asked["UpdateTimeToLive"], "TimeToLiveSpecification", "AttributeName"); attribute == "" || attribute != table.property("TimeToLiveSpecification", "AttributeName") {
		t.Errorf("code has things expire by %q, the template by %v", attribute, table.property("TimeToLiveSpecification", "AttributeName"))
	}
}

func TestTheTableIsSafe(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		table := s.get(t, "Table")
		for what, v := range map[string]any{
			"point-in-time recovery": table.property("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
			"encryption":             table.property("SSESpecification", "SSEEnabled"),
			"time to live":           table.property("TimeToLiveSpecification", "Enabled"),
			"deletion protection":    table.property("DeletionProtectionEnabled"),
			"rotation of its key":    s.get(t, "Key").property("EnableKeyRotation"),
		} {
			if v != "true" {
				t.Errorf("%s is %v", what, v)
			}
		}
		if table.property("SSESpecification", "KMSMasterKeyId") != "Key.Arn" {
			t.Errorf("the table is not encrypted by the stack's key")
		}
		for _, kept := range append(s.all("AWS::SecretsManager::Secret"), table, s.get(t, "Key"), s.get(t, "Data")) {
			if kept.attributes["DeletionPolicy"] != "Retain" || kept.attributes["UpdateReplacePolicy"] != "Retain" {
				t.Errorf("%s goes with the stack", kept.name)
			}
		}
	})
}

// TestTheHubsSecrets are made in the folders that the roles read, empty, encrypted by the stack's key, each with a place for a
// rotation function.
func TestTheHubsSecrets(t *testing.T) {
	if n := len(deploy(t, required).all("AWS::SecretsManager::Secret")); n != 0 {
		t.Errorf("%d secrets for no hub", n)
	}
	s := deploy(t, everything)
	hub := everything["HubId"]
	rotated := map[string]string{"TlsRotation": tlsSecret}
	for name, want := range map[string]string{
		"OAuthClientSecret": "devices/" + apply.FolderOAuth + "/" + hub + "/clientSecret",
		"AuthorityKey":      "devices/" + apply.FolderAuthority + "/" + hub + "/tlsKey",
	} {
		secret := s.get(t, name)
		if secret.property("Name") != want || secret.property("KmsKeyId") != "Key" {
			t.Errorf("%s is %v under key %v, want %s under the stack's", name, secret.property("Name"), secret.property("KmsKeyId"), want)
		}
		if secret.property("SecretString") != nil || secret.property("GenerateSecretString") != nil {
			t.Errorf("%s has its value in the template", name)
		}
	}
	rotated["OAuthClientSecretRotation"], rotated["AuthorityKeyRotation"] = "OAuthClientSecret", "AuthorityKey"
	for name, secret := range rotated {
		r := s.get(t, name)
		days, err := strconv.Atoi(str(r.attributes, "Properties", "RotationRules", "AutomaticallyAfterDays"))
		if r.property("SecretId") != secret || r.property("RotationLambdaARN") == "" || err != nil || days < 1 {
			t.Errorf("%s: %v", name, r.attributes)
		}
	}
}

// TestTheFirstGroup: the file made from the parameters is one that dpsctl takes, and refers to the secret that was made.
func TestTheFirstGroup(t *testing.T) {
	text, _ := deploy(t, everything).get(t, "FirstGroup").property("Value").(string)
	if len(text) > 4096 {
		t.Errorf("%d bytes are more than a parameter takes", len(text))
	}
	manufacturer := "data:;base64," // what the operator puts beside the file
	c, err := config.Parse([]byte(strings.Replace(text, "manufacturer.pem", `"`+manufacturer+`"`, 1)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(c.EnrollmentGroups) != 1 || c.EnrollmentGroups[0].Hub == nil {
		t.Fatalf("%+v", c.EnrollmentGroups)
	}
	g := c.EnrollmentGroups[0]
	h, provider := g.Hub, g.Hub.Authorization.Provider
	got := []string{
		g.ID, g.Owner, h.HubID, h.COAPGateway, h.CertificateAuthority.GRPC.Address, h.Authorization.OwnerClaim,
		provider.Name, provider.Authority, provider.ClientID, provider.Audience, string(provider.ClientSecretFile),
	}
	want := []string{
		"98be12de-3991-4567-aeea-edd9a656e6df", "1", everything["HubId"], "example.com:5684", "api.example.com:443", "https://plgd.dev/owner",
		"plgd.dps", "https://auth.example.com", "test", "https://api.example.com", "secret:oauth/" + everything["HubId"] + "/clientSecret",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), is (+):\n%s", diff)
	}
}
