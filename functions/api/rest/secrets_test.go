package rest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/functions/api/rest"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

func (w *world) secret(ref string) string {
	w.t.Helper()
	value, err := w.secrets.Secret(w.t.Context(), dps.SecretRef(ref))
	if dps.CodeOf(err) == dps.CodeNotFound {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return string(value)
}

// keyOf is the reference of the group's pre-shared key.
func (w *world) keyOf(group string) string {
	ref, _ := w.extended(alice, "GET", pathGroups+"/"+group, "").do(200).get("preSharedKey").(string)
	return ref
}

// TestSecretsAreStoredAndNeverShown, in any answer or log line.
func TestSecretsAreStoredAndNeverShown(t *testing.T) {
	w := newWorld(t, nil)
	made := w.as(alice, "POST", pathHubs, hubBody(hubID)).do(200)
	id, _ := made.get("id").(string)
	clientSecret := func(a *answer) string {
		s, _ := a.get("authorization", "provider", "clientSecret").(string)
		return s
	}
	ref := clientSecret(made)
	if !strings.HasPrefix(ref, "secret:oauth/"+id+"/clientSecret-") || w.secret(ref) != "hush hush" {
		t.Errorf("%s", made.body)
	}
	shown := string(made.body) + w.log.String()
	for _, accept := range []string{"", "application/json", "application/protojson"} {
		shown += string(w.as(alice, "GET", pathHubs, "").with("Accept", accept).do(200).body)
	}
	if strings.Contains(shown, "hush") || strings.Contains(shown, dps.EncodeDataURI([]byte("hush hush"))) {
		t.Errorf("the secret shows in %s", shown)
	}
	// The reference keeps the value; another value replaces it; none forgets it.
	key := dps.EncodeDataURI([]byte("a key"))
	changed := w.extended(alice, "PATCH", pathHubs+"/"+id, `{"certificateAuthority":{"grpc":{"tls":{"key":"`+key+`"}}},"authorization":{"provider":{"clientSecret":"`+ref+`"}}}`).do(200)
	keyRef, _ := changed.get("certificateAuthority", "grpc", "tls", "key").(string)
	if clientSecret(changed) != ref || w.secret(ref) != "hush hush" || !strings.HasPrefix(keyRef, "secret:ca/"+id+"/tlsKey-") || w.secret(keyRef) != "a key" {
		t.Errorf("secrets are %q, %q", w.secret(ref), w.secret(keyRef))
	}
	second := clientSecret(w.extended(alice, "PATCH", pathHubs+"/"+id, `{"authorization":{"provider":{"clientSecret":"data:,other"}}}`).do(200))
	if second == ref || w.secret(second) != "other" || w.secret(ref) != "" {
		t.Errorf("the secret is %q, before it was %q", w.secret(second), w.secret(ref))
	}
	w.extended(alice, "PATCH", pathHubs+"/"+id, `{"certificateAuthority":{"grpc":{"tls":{"key":null}}}}`).do(200)
	if w.secret(keyRef) != "" {
		t.Error("the key outlives its reference")
	}
	w.extended(alice, "DELETE", pathHubs+"/"+id, "").do(204)
	if w.secret(second) != "" {
		t.Error("the secret outlives its hub")
	}
}

// TestReferencesOfOthers: a reference that the object does not have would let the server read something for the caller.
func TestReferencesOfOthers(t *testing.T) {
	w := newWorld(t, nil)
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	other, _ := w.as(bob, "POST", pathHubs, hubBody(hubID)).do(200).get("id").(string)
	id := w.newGroup(alice)
	hub := w.newHub(alice, hubID)
	for _, ref := range []string{
		path, "file:" + path, "/etc/passwd", "../../etc/passwd", "secret:oauth/" + other + "/clientSecret", "secret:psk/" + seededGroup,
		"arn:aws:secretsmanager:eu-central-1:123456789012:secret:dps/psk", "secret:", "hunter2", "data:broken", "data:;base64,", " secret:psk/" + id,
	} {
		data, _ := json.Marshal(map[string]any{"preSharedKey": ref})
		a := w.extended(alice, "PATCH", pathGroups+"/"+id, string(data)).do(400)
		if !strings.Contains(string(a.body), "preSharedKey") || strings.Contains(string(a.body), "hunter2") {
			t.Errorf("%q: %s", ref, a.body)
		}
		body := map[string]any{}
		_ = json.Unmarshal([]byte(hubBody(hubID)), &body)
		for _, field := range []string{"authorization.provider.clientSecret", "certificateAuthority.grpc.tls.key", "authorization.provider.http.tls.key"} {
			changed := patchAt(strings.Split(field, "."), ref)
			a := w.extended(alice, "PATCH", pathHubs+"/"+hub, changed).do(400)
			if !strings.Contains(string(a.body), field) {
				t.Errorf("%q: %s", ref, a.body)
			}
		}
	}
	// Nor are certificates read from files.
	a := w.extended(alice, "PATCH", pathGroups+"/"+id, `{"attestationMechanism":{"x509":{"certificateChain":"`+path+`"}}}`).do(400)
	if !strings.Contains(string(a.body), "certificateChain") {
		t.Errorf("%s", a.body)
	}
	w.extended(alice, "PATCH", pathHubs+"/"+hub, `{"certificateAuthority":{"grpc":{"tls":{"caPool":["`+path+`"]}}}}`).do(400)
	w.extended(alice, "PATCH", pathHubs+"/"+hub, `{"certificateAuthority":{"grpc":{"tls":{"cert":"`+path+`"}}}}`).do(400)
	if got := w.secret(w.keyOf(id)); got != "0123456789abcdef" {
		t.Errorf("the key is %q", got)
	}
}

func patchAt(path []string, value string) string {
	var v any = value
	for i := len(path) - 1; i >= 0; i-- {
		v = map[string]any{path[i]: v}
	}
	data, _ := json.Marshal(v)
	return string(data)
}

func TestPreSharedKeys(t *testing.T) {
	w := newWorld(t, nil)
	id := w.newGroup(alice)
	for value, status := range map[string]int{
		"fedcba9876543210": 200, "fedcba9876543210\n": 200, "fedcba9876543210\r\n": 200, "short": 400, "fedcba98765432100": 400, "fedcba98765432\xff\xfe": 400,
	} {
		a := w.extended(alice, "PATCH", pathGroups+"/"+id, `{"preSharedKey":"`+dps.EncodeDataURI([]byte(value))+`"}`).do(status)
		if strings.Contains(string(a.body), value) {
			t.Errorf("%s", a.body)
		}
	}
}

// refusing is a store that cannot write.
type refusing struct{ dps.Store }

func (refusing) PutGroup(context.Context, dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	return dps.EnrollmentGroup{}, dps.Errorf(dps.CodeUnavailable, "the store is down")
}

// TestARefusedChangeLeavesTheSecret as it was.
func TestARefusedChangeLeavesTheSecret(t *testing.T) {
	w := newWorld(t, nil)
	id := w.newGroup(alice)
	ref := w.keyOf(id)
	down := *w
	down.options.Store = refusing{w.store}
	down.api = rest.New(down.options)
	down.extended(alice, "PATCH", pathGroups+"/"+id, `{"preSharedKey":"`+dps.EncodeDataURI([]byte("fedcba9876543210"))+`"}`).do(503)
	if w.keyOf(id) != ref || w.secret(ref) != "0123456789abcdef" {
		t.Errorf("the key is %q", w.secret(ref))
	}
	body, _ := w.groupBody(w.newHub(alice, hubID))
	down.extended(alice, "POST", pathGroups, body).do(503)
	entries := hubtest.Must(filepath.Glob(filepath.Join(w.dir, "secrets", "psk*")))(t)
	if len(entries) != 1 {
		t.Errorf("secrets of a group that is none: %v", entries)
	}
}
