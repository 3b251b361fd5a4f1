package authority

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Paths at which the authority signs over HTTP.
var httpPaths = []string{"POST /api/v1/sign/identity-csr", "POST /certificate-authority/api/v1/sign/identity-csr"}

// RegisterHTTP serves the authority on an HTTP mux.
func (a *Authority) RegisterHTTP(mux *http.ServeMux) {
	for _, path := range httpPaths {
		mux.HandleFunc(path, a.serveHTTP)
	}
}

func (a *Authority) serveHTTP(w http.ResponseWriter, r *http.Request) {
	boundTo, err := a.authorize(r.Header.Get("Authorization"))
	if err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 §3
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var req struct {
		CSR []byte `json:"certificateSigningRequest"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4*maxCSR)).Decode(&req); err != nil {
		http.Error(w, "body is not {certificateSigningRequest}", http.StatusBadRequest)
		return
	}
	chain, err := a.sign(req.CSR, boundTo)
	switch {
	case errors.Is(err, errForbidden):
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string][]byte{"certificate": chain}) // a client that has left misses nothing
}
