package rest

import (
	"encoding/json"
	"maps"
	"net/http"

	"dps/shared/dps"
)

// writeProblem answers as RFC 9457 has it. The type is "about:blank": status and code say it all.
func writeProblem(w http.ResponseWriter, r *http.Request, f *failure) {
	problem := map[string]any{
		"type": "about:blank", "title": http.StatusText(f.status), "status": f.status, "detail": f.err.Message, "code": string(f.err.Code),
	}
	maps.Copy(problem, f.extra)
	send(w, r, f.status, mediaProblem, marshal(problem))
}

// writeStatus answers as grpc-gateway does: a google.rpc.Status in JSON.
func writeStatus(w http.ResponseWriter, r *http.Request, f *failure) {
	send(w, r, f.status, mediaJSON, marshal(statusOf(f)))
}

type rpcStatus struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Details []string `json:"details"`
}

func statusOf(f *failure) rpcStatus {
	return rpcStatus{Code: f.grpc, Message: f.err.Message, Details: []string{}}
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // no value of this package is such
		return []byte(`{"code":13,"message":"` + string(dps.CodeInternal) + `","details":[]}`)
	}
	return append(data, '\n')
}
