package rest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/shared/dps"
	"dps/shared/hubtest"
)

// TestPlgdGroups walks the ways of plgd's console.
func TestPlgdGroups(t *testing.T) {
	w := newWorld(t, nil)
	hub := w.newHub(alice, hubID)
	body, maker := w.groupBody(hub)
	made := w.as(alice, "POST", "/device-provisioning-service"+pathGroups, body).with("Content-Type", "application/json").with("Accept", "application/json, text/plain, */*").do(200)
	id, _ := made.get("id").(string)
	if _, ok := dps.ParseUUID(id); !ok || made.get("owner") != alice || made.get("preSharedKey") != w.keyOf(id) || made.get("version") != nil {
		t.Fatalf("%s", made.body)
	}
	if strings.Contains(string(made.body), "0123456789") {
		t.Error("the key is in the answer")
	}
	stream := w.as(alice, "GET", pathGroups+"?IDFILTER="+id, "").with("Accept", "*/*").do(200)
	if diff := cmp.Diff([]map[string]any{made.object()}, stream.lines()); diff != "" {
		t.Error(diff)
	}
	// What it got is what it sends back, with another name, and its own id, which plgd ignores.
	again := made.object()
	again["name"], again["id"] = "renamed", "other"
	changed, _ := json.Marshal(again)
	renamed := w.as(alice, "PUT", pathGroups+"/"+id, string(changed)).do(200)
	again["id"] = id
	if diff := cmp.Diff(again, renamed.object()); diff != "" {
		t.Error(diff)
	}
	key := dps.SecretRef(w.keyOf(id))
	value := hubtest.Must(w.secrets.Secret(t.Context(), key))(t)
	if string(value) != "0123456789abcdef" {
		t.Errorf("the key is now %q", value)
	}
	g := hubtest.Must(w.store.Group(t.Context(), id))(t)
	if g.X509.CertificateChain != string(maker.CertificatePEM()) || g.Version != 2 {
		t.Errorf("%+v", g)
	}
	if got := w.as(alice, "DELETE", pathGroups+"?idFilter="+id, "").do(200).get("count"); got != "1" {
		t.Errorf("count %v", got)
	}
	if got := w.as(alice, "GET", pathGroups, "").do(200); len(got.body) != 0 {
		t.Errorf("%s", got.body)
	}
	if _, err := w.secrets.Secret(t.Context(), key); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("the key outlives its group: %v", err)
	}
}

// TestFilters: any of them, whatever the case of their names.
func TestFilters(t *testing.T) {
	w := newWorld(t, nil)
	hubs := []string{w.newHub(alice, hubID), w.newHub(alice, "5ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0002")}
	var groups []string
	for _, hub := range hubs {
		body, _ := w.groupBody(hub)
		id, _ := w.as(alice, "POST", pathGroups, body).do(200).get("id").(string)
		groups = append(groups, id)
	}
	both := slices.Sorted(slices.Values(groups))
	for _, tt := range []struct {
		target string
		want   []string
	}{
		{pathGroups, both},
		{pathGroups + "?idFilter=" + groups[0], groups[:1]},
		{pathGroups + "?idfilter=" + groups[0] + "&IdFilter=" + groups[1], both},
		{pathGroups + "?id_filter=" + groups[0], groups[:1]},
		{pathGroups + "?hubIdFilter=" + hubs[1], groups[1:]},
		{pathGroups + "?hubIdFilter=" + strings.ToUpper(hubID), groups[:1]},
		{pathGroups + "?hubIdFilter=" + hubID + "&idFilter=" + groups[1], both},
		{pathGroups + "?attestationMechanismX509CertificateNames=maker", both},
		{pathGroups + "?attestationMechanismX509CertificateNames=other", []string{}},
		{pathGroups + "?nothing=known", both},
		{pathHubs + "?hubIdFilter=" + hubID, hubs[:1]},
		{pathHubs + "?idFilter=" + hubs[1], hubs[1:]},
	} {
		if diff := cmp.Diff(tt.want, w.as(alice, "GET", tt.target, "").do(200).ids()); diff != "" {
			t.Errorf("%s: %s", tt.target, diff)
		}
	}
	// New clients get what passes all filters, and are told of those that nobody knows.
	if got := w.extended(alice, "GET", pathGroups+"?hubIdFilter="+hubID+"&idFilter="+groups[1], "").do(200).ids(); len(got) != 0 {
		t.Errorf("%v", got)
	}
	w.extended(alice, "GET", pathGroups+"?nothing=known", "").do(400)
	w.as(alice, "DELETE", pathGroups+"?idfliter="+groups[0], "").do(400)
	if got := w.as(alice, "GET", pathGroups, "").do(200).ids(); len(got) != 2 {
		t.Errorf("a typing error deleted groups: %v left", got)
	}
}

// TestHubNames: a client reads the name of a hub that it wrote.
func TestHubNames(t *testing.T) {
	w := newWorld(t, nil)
	entry := w.newHub(alice, hubID)
	for _, name := range []string{entry, hubID} {
		body, _ := w.groupBody(name)
		made := w.as(alice, "POST", pathGroups, body).do(200)
		if made.get("hubIds", 0) != name {
			t.Errorf("wrote %s, read %v", name, made.get("hubIds"))
		}
		id, _ := made.get("id").(string)
		if g := hubtest.Must(w.store.Group(t.Context(), id))(t); len(g.HubIDs) != 1 || g.HubIDs[0] != entry {
			t.Errorf("%s is stored as %v", name, g.HubIDs)
		}
		sent := made.object()
		sent["name"] = "again"
		data, _ := json.Marshal(sent)
		if again := w.as(alice, "PUT", pathGroups+"/"+id, string(data)).do(200); again.get("hubIds", 0) != name {
			t.Errorf("%s becomes %v", name, again.get("hubIds"))
		}
	}
	body, _ := w.groupBody("nobody's")
	w.as(alice, "POST", pathGroups, body).do(404)
}

// TestGolden holds each object's shape, in each of the forms.
func TestGolden(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	for _, tt := range []struct{ name, target, accept string }{
		{"group", pathGroups, ""}, {"hub", pathHubs, ""}, {"record", pathRecords, ""},
		{"group-protojson", pathGroups, "application/protojson"}, {"hub-protojson", pathHubs, "application/protojson"}, {"record-protojson", pathRecords, "application/protojson"},
		{"group-json", pathGroups, "application/json"}, {"hub-json", pathHubs, "application/json"}, {"record-json", pathRecords, "application/json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.as(alice, "GET", tt.target, "").with("Accept", tt.accept).do(200)
			path := filepath.Join("testdata", tt.name+".golden")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, got.body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := hubtest.Must(os.ReadFile(path))(t)
			if diff := cmp.Diff(string(want), string(got.body)); diff != "" {
				t.Error(diff)
			}
			media := map[string]string{"application/protojson": "application/jsonpb"}[tt.accept]
			if media == "" {
				media = "application/json"
			}
			if got.header.Get("Content-Type") != media {
				t.Errorf("media type %s", got.header.Get("Content-Type"))
			}
		})
	}
}
