package apiapply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/apiapply"
	"dps/shared/apply"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	groupID = "11111111-0000-4000-8000-000000000001"
	hubID   = "22222222-0000-4000-8000-000000000002"
	me      = "1"
)

// server keeps objects as the API does: ids and versions are its own, secrets become references, new groups wait for proof.
type server struct {
	mu      sync.Mutex
	objects map[string]map[string]any // by path
	made    int
	writes  []string
	proving bool
	refuse  string // path prefix whose writes are refused as conflicts
}

func newServer(t *testing.T) (*server, api.Store) {
	t.Helper()
	s := &server{objects: map[string]map[string]any{}}
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	web, disconnect, err := api.NewHTTPClient(api.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(disconnect)
	c, err := api.New(api.Options{Server: ts.URL, HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	return s, api.Store{Client: c}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v1")
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	if r.Method != http.MethodGet {
		s.writes = append(s.writes, r.Method+" "+path)
		if s.refuse != "" && strings.HasPrefix(path, s.refuse) {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"code":"conflict","detail":"that certificate leads another's group"}`))
			return
		}
	}
	switch r.Method {
	case http.MethodGet:
		s.get(w, path)
	case http.MethodPost:
		if path, ok := strings.CutSuffix(path, "/vouch"); ok {
			delete(s.objects[path], "challenge")
			s.answer(w, path)
			return
		}
		s.made++
		id := fmt.Sprintf("%08d-aaaa-4000-8000-000000000000", s.made)
		if body["id"] = id; s.proving && path == "/enrollment-groups" {
			body["challenge"] = "prove it"
		}
		s.put(w, path+"/"+id, body, 1)
	case http.MethodPut:
		old := s.objects[path]
		if want := `"` + fmt.Sprint(old["version"]) + `"`; r.Header.Get("If-Match") != want {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		body["id"], body["challenge"] = old["id"], old["challenge"]
		s.put(w, path, body, versionOf(old)+1)
	case http.MethodPatch:
		merge(s.objects[path], body)
		s.put(w, path, s.objects[path], versionOf(s.objects[path])+1)
	case http.MethodDelete:
		delete(s.objects, path)
		w.WriteHeader(http.StatusNoContent)
	}
}

func versionOf(o map[string]any) (n int) {
	_, _ = fmt.Sscan(fmt.Sprint(o["version"]), &n)
	return n
}

func merge(into, patch map[string]any) {
	for name, value := range patch {
		if deeper, ok := value.(map[string]any); ok && into[name] != nil {
			merge(into[name].(map[string]any), deeper)
			continue
		}
		into[name] = value
	}
}

func (s *server) get(w http.ResponseWriter, path string) {
	if _, one := s.objects[path]; one || strings.Count(path, "/") > 1 {
		s.answer(w, path)
		return
	}
	var items []any
	for p, o := range s.objects {
		if strings.HasPrefix(p, path+"/") {
			items = append(items, o)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items, "nextPageToken": ""})
}

func (s *server) put(w http.ResponseWriter, path string, body map[string]any, version int) {
	body["owner"], body["version"] = me, fmt.Sprint(version)
	s.hide(body, map[string]string{"preSharedKey": "psk/" + fmt.Sprint(body["id"]), "clientSecret": "oauth/" + fmt.Sprint(body["id"]) + "/clientSecret"})
	s.objects[path] = body
	s.answer(w, path)
}

// hide puts references in the place of values, with a part that is new each time.
func (s *server) hide(o map[string]any, names map[string]string) {
	for field, value := range o {
		if deeper, ok := value.(map[string]any); ok {
			s.hide(deeper, names)
		}
		if text, ok := value.(string); ok && names[field] != "" && strings.HasPrefix(text, "data:") {
			o[field] = fmt.Sprintf("secret:%s-%d-%x", names[field], len(s.writes), text[len(text)-4:])
		}
	}
}

func (s *server) answer(w http.ResponseWriter, path string) {
	o, ok := s.objects[path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"code":"not_found","detail":"not there"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(o)
}

// file is what a configuration of one group and hub says.
func file(t *testing.T, ca *pki.Pair, name string) apply.Objects {
	t.Helper()
	hub := dps.ConfiguredHubID(groupID, hubID)
	return apply.Objects{
		Hubs: []dps.Hub{{
			ID: hub, HubID: hubID, Owner: me, Gateways: []string{"coaps+tcp://hub:5684"}, CertificateAuthority: dps.CertificateAuthority{Address: "ca:443"},
			Authorization: dps.Authorization{OwnerClaim: "o", Provider: dps.OAuthProvider{
				Name: "p", Authority: "https://auth", ClientID: "c", ClientSecret: dps.SecretRef(dps.EncodeDataURI([]byte("hush"))),
			}},
		}},
		Groups: []dps.EnrollmentGroup{{
			ID: groupID, Owner: me, Name: name, HubIDs: []string{hub}, PreSharedKey: dps.SecretRef(dps.EncodeDataURI([]byte("0123456789abcdef"))),
			X509: dps.X509Attestation{CertificateChain: string(ca.CertificatePEM())},
		}},
	}
}

func root(t *testing.T, name string) *pki.Pair {
	t.Helper()
	ca, err := pki.NewRoot(name)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// bring applies a file as the command does: plan first, then do it.
func bring(ctx context.Context, store api.Store, access string, prune bool, o apply.Objects) (apply.Plan, *apiapply.Target, error) {
	t := apiapply.New(store, api.Me{Owner: me, Access: access}, prune)
	o, err := t.Localize(ctx, o)
	if err != nil {
		return apply.Plan{}, t, err
	}
	plan, err := apply.NewPlan(ctx, t, t, "dpsctl", o)
	if err != nil {
		return plan, t, err
	}
	if _, err := apply.Apply(ctx, t, t, "dpsctl", o); err != nil {
		return plan, t, err
	}
	return plan, t, t.Finish(ctx, o)
}

func mustBring(t *testing.T, store api.Store, access string, prune bool, o apply.Objects) (apply.Plan, *apiapply.Target) {
	t.Helper()
	plan, target, err := bring(t.Context(), store, access, prune, o)
	if err != nil {
		t.Fatal(err)
	}
	return plan, target
}

func wantCounts(t *testing.T, p apply.Plan, created, updated, deleted, unchanged int) {
	t.Helper()
	if p.Count(apply.ActionCreate) != created || p.Count(apply.ActionUpdate) != updated || p.Count(apply.ActionDelete) != deleted || len(p.Unchanged) != unchanged {
		t.Errorf("plan %+v", p)
	}
}

func TestAFileIsFoundAgainUnderTheServersIDs(t *testing.T) {
	s, store := newServer(t)
	ca := root(t, "maker")
	plan, _ := mustBring(t, store, "admin", false, file(t, ca, "Lamps"))
	wantCounts(t, plan, 2, 0, 0, 0)
	if want := []string{"POST /hubs", "POST /enrollment-groups"}; !slices.Equal(s.writes, want) {
		t.Errorf("%v", s.writes)
	}
	s.writes = nil
	plan, _ = mustBring(t, store, "admin", false, file(t, ca, "Lamps"))
	wantCounts(t, plan, 0, 0, 0, 2)
	if len(plan.Secrets) != 2 || len(s.writes) != 2 || !strings.HasPrefix(s.writes[0], "PATCH /enrollment-groups/") || !strings.HasPrefix(s.writes[1], "PATCH /hubs/") {
		t.Errorf("secrets %v, writes %v", plan.Secrets, s.writes)
	}
	s.writes = nil
	plan, _ = mustBring(t, store, "admin", false, file(t, ca, "Bulbs"))
	wantCounts(t, plan, 0, 1, 0, 1)
	if len(s.objects) != 2 {
		t.Errorf("%d objects", len(s.objects))
	}
	for path, o := range s.objects {
		if text := fmt.Sprint(o); strings.Contains(text, "data:;base64,aHVzaA") || strings.Contains(text, groupID) {
			t.Errorf("%s: %s", path, text)
		}
	}
}

func TestSecretsThatTheFileDoesNotHaveStay(t *testing.T) {
	s, store := newServer(t)
	ca := root(t, "maker")
	mustBring(t, store, "admin", false, file(t, ca, "Lamps"))
	groups, _, err := store.ListGroups(t.Context(), "", dps.Page{})
	if err != nil {
		t.Fatal(err)
	}
	o := file(t, ca, "Bulbs")
	o.Groups[0].PreSharedKey = dps.SecretRef("secret:psk/" + groups[0].ID) // what was stored, by name
	mustBring(t, store, "admin", false, o)
	now, err := store.Group(t.Context(), groups[0].ID)
	if err != nil || now.PreSharedKey != groups[0].PreSharedKey || now.Name != "Bulbs" {
		t.Errorf("%v: %+v, writes %v", err, now, s.writes)
	}
}

func TestAnApplicationThatWasCutShortGoesOn(t *testing.T) {
	s, store := newServer(t)
	ca := root(t, "maker")
	s.refuse = "/enrollment-groups"
	_, target, err := bring(t.Context(), store, "admin", false, file(t, ca, "Lamps"))
	if dps.CodeOf(err) != dps.CodeConflict || target.Refusal() == nil || !strings.Contains(target.Refusal().Error(), "leads another's group") {
		t.Fatalf("%v, %v", err, target.Refusal())
	}
	s.refuse = ""
	plan, _ := mustBring(t, store, "admin", false, file(t, ca, "Lamps"))
	wantCounts(t, plan, 1, 0, 0, 1)
	if len(s.objects) != 2 {
		t.Errorf("%d objects: the hub was made twice", len(s.objects))
	}
}

func TestWhoMayVouchDoes(t *testing.T) {
	for access, wait := range map[string]bool{"admin": false, "write": true} {
		s, store := newServer(t)
		s.proving = true
		ca := root(t, "maker")
		_, target := mustBring(t, store, access, false, file(t, ca, "Lamps"))
		groups, _, err := store.ListGroups(t.Context(), "", dps.Page{})
		if err != nil || (groups[0].Challenge != "") != wait || (len(target.Waiting()) > 0) != wait {
			t.Errorf("%s: %v, challenge %q, waiting %v", access, err, groups[0].Challenge, target.Waiting())
		}
		plan, _ := mustBring(t, store, access, false, file(t, ca, "Lamps"))
		wantCounts(t, plan, 0, 0, 0, 2) // who may not vouch is not told each time that a change is due
		plan, _ = mustBring(t, store, "admin", false, file(t, ca, "Lamps"))
		if got := plan.Count(apply.ActionUpdate); (got == 1) != wait {
			t.Errorf("%s, then admin: %d updates", access, got)
		}
	}
}

func TestOnlyPruningDeletes(t *testing.T) {
	s, store := newServer(t)
	mustBring(t, store, "admin", false, file(t, root(t, "maker"), "Lamps"))
	other := file(t, root(t, "another"), "Bulbs")
	plan, _ := mustBring(t, store, "admin", false, other)
	wantCounts(t, plan, 2, 0, 0, 0)
	plan, _ = mustBring(t, store, "admin", true, other)
	wantCounts(t, plan, 0, 0, 2, 2)
	if len(s.objects) != 2 {
		t.Errorf("%d objects", len(s.objects))
	}
}

func TestEverybodyAppliesHisOwn(t *testing.T) {
	_, store := newServer(t)
	o := file(t, root(t, "maker"), "Lamps")
	o.Groups[0].Owner = "2"
	if _, _, err := bring(t.Context(), store, "admin", false, o); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), `owner "2"`) {
		t.Errorf("%v", err)
	}
}
