package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dps/functions/api/rest"
	"dps/shared/bearer"
	"dps/shared/dps"
)

func TestPathsThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	for _, target := range []string{
		"/", "/api", "/api/v1", "/api/v1/", "/api/v1/groups", "/api/v2/hubs", "//api/v1/hubs", "/api/v1//hubs", "/api/v1/../v1/hubs", "/api/./v1/hubs", "/x/../api/v1/hubs",
		"/API/v1/hubs", "/api/v1/hubs//", "/api/v1/hubs/" + seededHub + "/x", "/device-provisioning-service", "/device-provisioning-service/device-provisioning-service/api/v1/hubs",
		"/api/v1/hubs/%2e%2e", "/api/v1/hubs/..%2f..%2fhealthz", "/api/v1/hubs%2f" + seededHub, "/api/v1/hubs%00", "/api/v1/hubs/%5c", "/api/v1%5chubs", "/certificate-authority/api/v1/hubs",
	} {
		a := w.as(alice, "GET", target, "").do(404)
		if a.get("code") != 5.0 && a.get("code") != "not_found" || a.header.Get("Location") != "" {
			t.Errorf("%s: %s %v", target, a.body, a.header)
		}
	}
	for _, id := range []string{"%00", "%ff", strings.Repeat("x", 300), "%2f", "'", "%3Cscript%3E", "..", "*", seededGroup + "%00"} {
		if id == ".." {
			continue // the path is none
		}
		a := w.extended(alice, "GET", pathGroups+"/"+id, "").do(404)
		if strings.Contains(string(a.body), "<script>") {
			t.Errorf("%s", a.body)
		}
		w.extended(alice, "PATCH", pathHubs+"/"+id, `{}`).do(404)
		w.extended(alice, "DELETE", pathRecords+"/"+id, "").do(404)
		w.extended(alice, "GET", pathRecords+"/"+id+"/audit", "").do(404)
		w.extended(alice, "GET", "/api/v1/device-bindings/"+id, "").do(404)
	}
	w.as(alice, "GET", pathHubs+"/", "").do(200) // as plgd
}

func TestMethods(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	for method, status := range map[string]int{"PATCH": 405, "PUT": 405, "TRACE": 405, "CONNECT": 405, "PROPFIND": 405, "get": 405} {
		a := w.as(alice, method, pathGroups, "").do(status)
		if a.header.Get("Allow") != "DELETE, GET, HEAD, OPTIONS, POST" || a.get("code") != 12.0 {
			t.Errorf("%s: %v %s", method, a.header, a.body)
		}
	}
	if a := w.as(alice, "OPTIONS", pathHubs+"/x", "").do(204); a.header.Get("Allow") != "DELETE, GET, HEAD, OPTIONS, PATCH, PUT" || len(a.body) != 0 {
		t.Errorf("%v", a.header)
	}
	if a := w.as(alice, "GET", pathGroups, "").with("X-HTTP-Method-Override", "DELETE").do(200); len(a.lines()) != 1 {
		t.Error("a header changed the method")
	}
	for _, target := range []string{pathGroups, pathGroups + "/" + seededGroup, pathRecords + "?pageSize=1"} {
		get, head := w.as(alice, "GET", target, "").do(200), w.as(alice, "HEAD", target, "").do(200)
		if len(head.body) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") || head.header.Get("Content-Length") != get.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %v %s", target, head.header, head.body)
		}
	}
	w.as(alice, "HEAD", pathGroups+"/none", "").do(404)
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t, nil)
	for media, status := range map[string]int{
		"": 400, "application/json": 400, "application/json; charset=UTF-8": 400, "application/protojson": 400, "application/jsonpb": 400,
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415, "application/xml": 415, "application/json; charset=utf-16": 415,
		"application/json, text/plain": 415, "x": 415, ";": 415, "application/merge-patch+json": 415,
	} {
		c := w.as(alice, "POST", pathHubs, `{}`)
		if media != "" {
			c.with("Content-Type", media)
		}
		if a := c.do(status); a.get("code") != 3.0 {
			t.Errorf("%q: %s", media, a.body)
		}
	}
	w.as(alice, "POST", pathHubs, `{}`).with("Content-Encoding", "gzip").do(415)
	w.as(alice, "POST", pathHubs, "{\"name\":\"\xff\"}").do(400)
}

func TestOversizedBodies(t *testing.T) {
	w := newWorld(t, nil)
	large := `{"name":"` + strings.Repeat("x", rest.MaxBody) + `"}`
	if a := w.as(alice, "POST", pathHubs, large).do(413); a.get("code") != 3.0 {
		t.Errorf("%s", a.body)
	}
	w.extended(alice, "PATCH", pathHubs+"/x", large).do(413)
	w.as(alice, "GET", pathHubs+"?idFilter="+strings.Repeat("x", 70<<10), "").do(400)
	w.as(alice, "GET", pathHubs+"?"+strings.Repeat("idFilter=x&", 1001), "").do(400)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, pathHubs, io.MultiReader(strings.NewReader(`{"name":`), broken{}))
	r.Header.Set("Authorization", w.token(alice, "", nil))
	recorder := httptest.NewRecorder()
	if w.api.ServeHTTP(recorder, r); recorder.Code != http.StatusBadRequest {
		t.Errorf("a body that breaks off: %d", recorder.Code)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestHeaders(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	for _, a := range []*answer{
		w.as(alice, "GET", pathGroups, "").do(200), w.extended(alice, "GET", pathHubs, "").do(200), w.as(alice, "GET", "/none", "").do(404),
		w.as(alice, "GET", pathGroups, "").with("Authorization", "").do(401), w.as("", "GET", "/healthz", "").do(200),
	} {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if a.header.Get(name) != want {
				t.Errorf("%s is %q", name, a.header.Get(name))
			}
		}
	}
}

// TestDialects: who gets which.
func TestDialects(t *testing.T) {
	w := newWorld(t, nil)
	w.seed(t)
	for accept, begin := range map[string]string{
		"": `{"result":`, "*/*": `{"result":`, "application/json, text/plain, */*": `{"result":`, "application/protojson": `{"result":`, "application/json, application/protojson": `{"result":`,
		"text/html": `{"result":`, "application/json, application/*": `{"result":`, "application/json;q=0.9,;;;": `{"items":`,
		"application/json": `{"items":`, "application/vnd.dps+json": `{"items":`, "application/vnd.dps+json, */*": `{"items":`, "application/json, application/problem+json": `{"items":`,
	} {
		if a := w.as(alice, "GET", pathGroups, "").with("Accept", accept).do(200); !strings.HasPrefix(string(a.body), begin) {
			t.Errorf("%q: %.50s", accept, a.body)
		}
	}
}

// panicking is a store that does.
type panicking struct {
	dps.Store
	next string
}

func (panicking) Group(context.Context, string) (dps.EnrollmentGroup, error) { panic("hush") }

func (panicking) ListHubs(context.Context, string, dps.Page) ([]dps.Hub, string, error) {
	return nil, "", errors.New("hush: table arn:aws:dynamodb")
}

func (p panicking) ListGroups(ctx context.Context, owner string, at dps.Page) ([]dps.EnrollmentGroup, string, error) {
	if at.Token == "panic" {
		panic("hush")
	}
	if at.Token != "" {
		return nil, "", dps.Errorf(dps.CodeUnavailable, "the store is down")
	}
	groups, _, err := p.Store.ListGroups(ctx, owner, at)
	return groups, p.next, err
}

func TestDefectsTellNothing(t *testing.T) {
	w := newWorld(t, func(o *rest.Options) { o.Store = panicking{o.Store, "more"} })
	w.seed(t)
	for _, a := range []*answer{w.extended(alice, "GET", pathGroups+"/"+seededGroup, "").do(500), w.extended(alice, "GET", pathHubs, "").do(500)} {
		if a.get("detail") != "internal error" || strings.Contains(string(a.body), "hush") {
			t.Errorf("%s", a.body)
		}
	}
	if a := w.as(alice, "GET", pathHubs, "").do(500); a.get("code") != 13.0 || a.get("message") != "internal error" {
		t.Errorf("%s", a.body)
	}
	if !strings.Contains(w.log.String(), "panic=hush") || !strings.Contains(w.log.String(), "arn:aws") {
		t.Error("the log does not tell what happened")
	}
	// A stream that breaks off says so in its last line.
	a := w.as(alice, "GET", pathGroups, "").do(200)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if len(lines) != 2 || lines[1] != `{"error":{"code":14,"message":"the store is down","details":[]}}` {
		t.Errorf("%s", a.body)
	}
}

// TestAPanicInAStream cuts the connection: half an answer must not look whole.
func TestAPanicInAStream(t *testing.T) {
	w := newWorld(t, func(o *rest.Options) { o.Store = panicking{o.Store, "panic"} })
	w.seed(t)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // the very value is what net/http looks for
			t.Errorf("panic %v", v)
		}
	}()
	w.as(alice, "GET", pathGroups, "").do(200)
}

// unavailable is an OAuth server that cannot be reached.
type unavailable struct{}

func (unavailable) Verify(context.Context, string) (bearer.Caller, error) {
	return bearer.Caller{}, dps.Errorf(dps.CodeUnavailable, "OAuth server does not answer")
}

func TestHealth(t *testing.T) {
	down := errors.New("hush")
	w := newWorld(t, func(o *rest.Options) {
		o.Verifier = unavailable{}
		o.Ready = func(context.Context) error { return down }
	})
	w.as("", "GET", "/healthz", "").do(200)
	if a := w.as("", "GET", "/readyz", "").do(503); strings.Contains(string(a.body), "hush") {
		t.Errorf("%s", a.body)
	}
	down = nil
	w.as("", "GET", "/readyz", "").do(200)
	if a := w.as("", "GET", "/api/v1/version", "").do(200); a.get("version") != "1.2.3" {
		t.Errorf("%s", a.body)
	}
	if a := w.as(alice, "GET", pathGroups, "").do(503); a.get("code") != 14.0 || a.header.Get("Retry-After") == "" {
		t.Errorf("%s", a.body)
	}
}
