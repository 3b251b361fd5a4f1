package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// spec is the API's description of itself, against which the tests hold every answer.
type spec struct {
	document map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex // the compiler keeps what it has compiled
}

const specURL = "https://example.com/openapi.json"

func readSpec(t testing.TB, api http.Handler) *spec {
	t.Helper()
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/openapi.json", http.NoBody))
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(recorder.Body.Bytes()))
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("status %d, %v", recorder.Code, err)
	}
	document, _ := parsed.(map[string]any)
	s := &spec{document: document, compiler: jsonschema.NewCompiler()}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := s.compiler.AddResource(specURL, parsed); err != nil {
		t.Fatal(err)
	}
	return s
}

var parameterInPath = regexp.MustCompile(`\{[a-z]+\}`)

// operation finds what is said of a method and path; "" where nothing is.
func (s *spec) operation(method, path string) (pointer string, found bool) {
	paths, _ := s.document["paths"].(map[string]any)
	best := ""
	for template := range paths {
		pattern := "^" + parameterInPath.ReplaceAllString(template, "[^/]+") + "/?$"
		if regexp.MustCompile(pattern).MatchString(path) && (best == "" || !strings.Contains(template, "{")) {
			best = template
		}
	}
	item, _ := paths[best].(map[string]any)
	method = strings.ToLower(method)
	_, found = item[method]
	return "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(best) + "/" + method, found
}

// check holds an answer in the new clients' dialect to its description.
func (s *spec) check(t testing.TB, r *http.Request, a *answer) {
	t.Helper()
	pointer, found := s.operation(r.Method, r.URL.Path)
	media := a.header.Get("Content-Type")
	if !found || a.code == http.StatusNotModified || bytes.HasPrefix(a.body, []byte(`{"result"`)) {
		return
	}
	accept := r.Header.Get("Accept")
	if media == "application/json" && (strings.Contains(accept, "*") || !strings.Contains(accept, "application/json")) && !strings.Contains(r.URL.RawQuery, "page") {
		return // plgd's dialect
	}
	status := strconv.Itoa(a.code)
	if !s.has(pointer, "responses", status) {
		t.Errorf("%s %s: status %s is not described", r.Method, r.URL.Path, status)
		return
	}
	if len(a.body) == 0 || !s.has(pointer, "responses", status, "content", media) {
		if len(a.body) > 0 {
			t.Errorf("%s %s: %s with status %s is not described", r.Method, r.URL.Path, media, status)
		}
		return
	}
	at := fmt.Sprintf("%s/responses/%s/content/%s/schema", pointer, status, strings.ReplaceAll(media, "/", "~1"))
	s.validate(t, at, a.body)
}

func (s *spec) validate(t testing.TB, pointer string, body []byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	schema, err := s.compiler.Compile(specURL + strings.ReplaceAll(strings.ReplaceAll(pointer, "{", "%7B"), "}", "%7D"))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", pointer, err, body)
	}
}

func (s *spec) has(pointer string, path ...string) bool {
	var v any = s.document
	steps := strings.Split(strings.TrimPrefix(pointer, "#/"), "/")
	for i := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(steps[i])
	}
	for _, step := range append(steps, path...) {
		object, ok := v.(map[string]any)
		if !ok {
			return false
		}
		if v, ok = object[step]; !ok {
			return false
		}
	}
	return true
}

// TestDescription: every route is described, and the examples obey their schemas.
func TestDescription(t *testing.T) {
	w := newWorld(t, nil)
	served := 0
	paths, _ := w.spec.document["paths"].(map[string]any)
	ids := make(map[string]bool)
	for template, item := range paths {
		path := parameterInPath.ReplaceAllString(template, "x")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, path, http.NoBody)
		recorder := httptest.NewRecorder()
		w.api.ServeHTTP(recorder, r)
		allowed := strings.Split(recorder.Header().Get("Allow"), ", ")
		operations, _ := item.(map[string]any)
		for method, described := range operations {
			served++
			if !strings.Contains(strings.Join(allowed, " "), strings.ToUpper(method)) {
				t.Errorf("%s %s is described, and not served", method, path)
			}
			id, _ := dig(t, described, "operationId").(string)
			if id == "" || ids[id] {
				t.Errorf("operationId %q of %s %s", id, method, path)
			}
			ids[id] = true
			pointer, _ := w.spec.operation(method, path)
			for _, media := range []string{"application/json", "application/merge-patch+json"} {
				if example := dig(t, described, "requestBody", "content", media, "example"); example != nil {
					data, _ := json.Marshal(example)
					w.spec.validate(t, pointer+"/requestBody/content/"+strings.ReplaceAll(media, "/", "~1")+"/schema", data)
				}
			}
		}
		for _, method := range allowed {
			if _, described := operations[strings.ToLower(method)]; !described && method != http.MethodHead && method != http.MethodOptions {
				t.Errorf("%s %s is served, and not described", method, path)
			}
		}
	}
	if served != 68 {
		t.Errorf("%d operations, want 68", served)
	}
}
