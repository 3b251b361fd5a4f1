package httpapi_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dps/shared/dps"
	"dps/shared/httpapi"
)

func TestSurvive(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		status, _ := httpapi.Usual(dps.CodeOf(err))
		http.Error(w, dps.AsError(err).Message, status)
	}
	for name, c := range map[string]struct {
		serve  http.HandlerFunc
		status int
		aborts bool
		logs   bool
	}{
		"well":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) }, http.StatusOK, false, false},
		"panic":       {func(http.ResponseWriter, *http.Request) { panic("secret detail") }, http.StatusInternalServerError, false, true},
		"half-way":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("half")); panic("x") }, http.StatusOK, true, true},
		"has aborted": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, http.StatusOK, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			w := httptest.NewRecorder()
			aborted := func() (aborted bool) {
				defer func() { err, ok := recover().(error); aborted = ok && errors.Is(err, http.ErrAbortHandler) }()
				httpapi.Survive(slog.New(slog.NewTextHandler(&log, nil)), refuse, c.serve).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
				return false
			}()
			if w.Code != c.status || aborted != c.aborts || strings.Contains(w.Body.String(), "detail") || (log.Len() > 0) != c.logs {
				t.Errorf("%d %q, aborted %t, log %q", w.Code, w.Body, aborted, log.String())
			}
		})
	}
}

func TestPlainPaths(t *testing.T) {
	for p, want := range map[string]bool{
		"/": true, "/a": true, "/a/": true, "/a/b": true, "": false, "a": false, "//a": false, "/a//b": false, "/a/../b": false, "/a/.": false, `/a\b`: false, "/a\x00": false,
	} {
		if httpapi.IsPlainPath(p) != want {
			t.Errorf("%q", p)
		}
	}
}
