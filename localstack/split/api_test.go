//go:build aws

package split_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/localstack/hub"
	"dps/localstack/split"
	"dps/localstack/stack"
	"dps/shared/awsclient"
	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/secrets/secretsmanager"
)

// operator speaks to the REST API as a program that logs in by client credentials.
type operator struct {
	*testing.T
	url, token string
}

func newOperator(t *testing.T, s *split.Split) *operator {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {hub.ProgramClientID}, "client_secret": {hub.ProgramSecret}}
	resp, err := http.PostForm(s.Hub.PeopleURL()+"/oauth/token", form)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	must(t, json.NewDecoder(resp.Body).Decode(&answer))
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &operator{t, s.APIURL(), answer.AccessToken}
}

// do sends the request, wants the status, and gives the answer's object, or its text.
func (o *operator) do(method, path, body string, status int) (object map[string]any, text string) {
	o.Helper()
	req, err := http.NewRequestWithContext(o.Context(), method, o.url+path, strings.NewReader(body))
	must(o.T, err)
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(o.T, err)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	must(o.T, err)
	if resp.StatusCode != status {
		o.Fatalf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, status, data)
	}
	_ = json.Unmarshal(data, &object) // the console is no object
	return object, string(data)
}

// TestOperatorsInTheCloud: the deployed api function, behind what stands for API Gateway, over the table and the secrets that
// devices' functions use, and the sign function for what needs a secret.
func TestOperatorsInTheCloud(t *testing.T) {
	s := start(t, nil)
	o := newOperator(t, s)
	if me, text := o.do("GET", "/api/v1/me", "", 200); me["owner"] != stack.Owner || me["access"] != "admin" {
		t.Errorf("%s", text)
	}
	if _, page := o.do("GET", "/", "", 200); !strings.Contains(page, "<!doctype html>") {
		t.Errorf("console: %.100s", page)
	}
	stranger := *o
	stranger.token = o.token[:len(o.token)-4] + "AAAA"
	stranger.do("GET", "/api/v1/hubs", "", 401)

	hubs, text := o.do("GET", "/api/v1/hubs", "", 200)
	items, _ := hubs["items"].([]any)
	if len(items) != 1 {
		t.Fatalf("%s", text)
	}
	hub, _ := items[0].(map[string]any)
	id, _ := hub["id"].(string)
	if strings.Contains(text, "data:") && strings.Contains(text, "PRIVATE") {
		t.Errorf("a secret shows: %s", text)
	}
	if test, text := o.do("POST", "/api/v1/hubs/"+id+"/test", "", 200); test["ok"] != true {
		t.Errorf("%s", text)
	}

	key, err := pki.NewKey()
	must(t, err)
	csr, err := pki.NewCSR("uuid:"+dps.OwnerUUID(stack.Owner), key)
	must(t, err)
	signed, text := o.do("POST", "/certificate-authority/api/v1/sign/identity-csr", `{"certificateSigningRequest":"`+base64.StdEncoding.EncodeToString(csr)+`"}`, 200)
	encoded, _ := signed["certificate"].(string)
	pem, err := base64.StdEncoding.DecodeString(encoded)
	must(t, err)
	if chain, err := dps.ParseCertificatesPEM(pem, 10); err != nil || chain[0].Subject.CommonName != "uuid:"+dps.OwnerUUID(stack.Owner) {
		t.Errorf("%v: %s", err, text)
	}

	maker, err := pki.NewRoot("another maker")
	must(t, err)
	body, err := json.Marshal(map[string]any{
		"name": "by the API", "hubIds": []string{id}, "preSharedKey": dps.EncodeDataURI([]byte("0123456789abcdef")),
		"attestationMechanism": map[string]any{"x509": map[string]any{"certificateChain": dps.EncodeDataURI(maker.CertificatePEM())}},
	})
	must(t, err)
	group, text := o.do("POST", "/api/v1/enrollment-groups", string(body), 201)
	if group["pending"] == true || bytes.Contains([]byte(text), []byte("0123456789abcdef")) {
		t.Errorf("%s", text)
	}
	stored, err := s.Store.Group(t.Context(), group["id"].(string))
	must(t, err)
	if value, err := s.Secrets.Secret(t.Context(), stored.PreSharedKey); err != nil || string(value) != "0123456789abcdef" {
		t.Errorf("the key is not where the functions look for it: %v", err)
	}
	o.do("DELETE", "/api/v1/enrollment-groups/"+stored.ID, "", 204)
	cfg, err := awsclient.Config(t.Context())
	must(t, err)
	fresh := secretsmanager.New(sm.NewFromConfig(cfg), secretsmanager.Options{Prefix: s.Name}) // which remembers nothing
	defer fresh.Close()
	if _, err := fresh.Secret(t.Context(), stored.PreSharedKey); dps.CodeOf(err) != dps.CodeNotFound && dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("the key outlives its group: %v", err)
	}
}
