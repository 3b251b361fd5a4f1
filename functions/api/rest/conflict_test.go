package rest_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/shared/hubtest"
)

// TestTwoOperators edit one group: the second gets to know what differs.
func TestTwoOperators(t *testing.T) {
	w := newWorld(t, nil)
	id := w.newGroup(alice)
	target := pathGroups + "/" + id
	seen := w.extended(alice, "GET", target, "").do(200)
	tag := seen.header.Get("ETag")
	if tag != `"1"` {
		t.Fatalf("ETag %s", tag)
	}
	w.extended(alice, "PATCH", target, `{"name":"first"}`).with("If-Match", tag).do(200)
	second := w.extended(alice, "PATCH", target, `{"name":"second","disabled":true}`).with("If-Match", tag).do(412)
	if diff := cmp.Diff([]any{"disabled", "name"}, second.get("differs")); diff != "" || second.get("current", "name") != "first" || second.get("version") != "2" {
		t.Errorf("%s%s", diff, second.body)
	}
	edited := seen.object()
	edited["name"] = "third"
	body, _ := json.Marshal(edited)
	third := w.extended(alice, "PUT", target, string(body)).with("If-Match", tag).do(412)
	if third.get("code") != "conflict" || !strings.Contains(string(third.body), `"differs":["name","version"]`) && !strings.Contains(string(third.body), `"differs":["name"]`) {
		t.Errorf("%s", third.body)
	}
	w.extended(alice, "DELETE", target, "").with("If-Match", tag).do(412)
	if legacy := w.as(alice, "PUT", target, string(body)).with("If-Match", tag).do(412); legacy.get("code") != 9.0 {
		t.Errorf("%s", legacy.body)
	}
	now := w.extended(alice, "GET", target, "").do(200).header.Get("ETag")
	w.extended(alice, "PUT", target, string(body)).with("If-Match", `"7", `+now).do(200)
	w.extended(alice, "PATCH", target, `{"name":"fourth"}`).with("If-Match", "*").do(200)
	current := w.extended(alice, "GET", target, "").do(200).header.Get("ETag")
	same := w.extended(alice, "GET", target, "").with("If-None-Match", "W/"+current).do(304)
	if len(same.body) != 0 {
		t.Errorf("%s", same.body)
	}
	w.extended(alice, "DELETE", target, "").with("If-Match", current).do(204)
}

// TestNothingChanges: a write that changes nothing leaves version and generation.
func TestNothingChanges(t *testing.T) {
	w := newWorld(t, nil)
	target := pathGroups + "/" + w.newGroup(alice)
	seen := w.extended(alice, "GET", target, "").do(200)
	generation := hubtest.Must(w.store.Generation(t.Context()))(t)
	w.extended(alice, "PUT", target, string(seen.body)).do(200)
	w.as(alice, "PUT", target, string(seen.body)).do(200)
	if after := hubtest.Must(w.store.Generation(t.Context()))(t); after != generation {
		t.Errorf("generation %d becomes %d", generation, after)
	}
}

// TestManyWritersAtOnce: without If-Match nobody is turned away for the others.
func TestManyWritersAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	target := pathGroups + "/" + w.newGroup(alice)
	var all sync.WaitGroup
	for _, change := range []string{`{"name":"a"}`, `{"disabled":true}`, `{"attestationMechanism":{"x509":{"expiredCertificateEnabled":true}}}`} {
		all.Go(func() { w.extended(alice, "PATCH", target, change).do(200) })
	}
	all.Wait()
	g := w.extended(alice, "GET", target, "").do(200)
	if g.get("name") != "a" || g.get("disabled") != true || g.get("attestationMechanism", "x509", "expiredCertificateEnabled") != true {
		t.Errorf("a change is lost: %s", g.body)
	}
}

// TestALeadCertificateHasOneGroup, whoever's it is, and the second is not told whose.
func TestALeadCertificateHasOneGroup(t *testing.T) {
	w := newWorld(t, nil)
	body, maker := w.groupBody(w.newHub(alice, hubID))
	id, _ := w.as(alice, "POST", pathGroups, body).do(200).get("id").(string)
	mine := groupOf(maker, w.newHub(bob, hubID))
	a := w.extended(bob, "POST", pathGroups, mine).do(409)
	if strings.Contains(string(a.body), id) || strings.Contains(string(a.body), alice) {
		t.Errorf("%s", a.body)
	}
	if legacy := w.as(bob, "POST", pathGroups, mine).do(409); legacy.get("code") != 10.0 {
		t.Errorf("%s", legacy.body)
	}
}

// TestHubsInUse: new clients are stopped, plgd's are not.
func TestHubsInUse(t *testing.T) {
	w := newWorld(t, nil)
	hub := w.newHub(alice, hubID)
	body, _ := w.groupBody(hub)
	id, _ := w.as(alice, "POST", pathGroups, body).do(200).get("id").(string)
	if a := w.extended(alice, "DELETE", pathHubs+"/"+hub, "").do(409); !strings.Contains(string(a.body), id) {
		t.Errorf("%s", a.body)
	}
	w.extended(alice, "DELETE", pathHubs+"?idFilter="+hub, "").do(409)
	w.as(alice, "DELETE", pathHubs+"?idFilter="+hub, "").do(200)
	seen := w.as(alice, "GET", pathGroups, "").do(200).lines()[0]
	data, _ := json.Marshal(seen)
	w.as(alice, "PUT", pathGroups+"/"+id, string(data)).do(200) // the hub may be gone
}
