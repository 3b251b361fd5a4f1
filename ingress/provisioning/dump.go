package provisioning

import (
	"context"
	"encoding/json"
	"log/slog"

	"dps/ingress/coapserver"
	"dps/shared/ocf"
)

// redacted stands in a dump where a secret was.
const redacted = "REDACTED"

// secretKeys are the keys of bodies whose values never reach a log.
var secretKeys = map[string]bool{"at": true, "accesstoken": true, "refreshtoken": true, "privatedata": true}

// dump logs what was asked and answered (log.dumpBody), as JSON, at level debug.
func (s *session) dump(ctx context.Context, req coapserver.Request, resp coapserver.Response) {
	if !s.service.o.DumpBody {
		return
	}
	s.service.o.Log.LogAttrs(ctx, slog.LevelDebug, "bodies", slog.String("path", req.Path), slog.String("record", s.admission.RecordID),
		slog.String("request", readable(req.Format, req.Body)), slog.String("response", readable(resp.Format, resp.Body)))
}

// readable is a body as JSON without secrets. What does not decode is not shown: it could hold anything.
func readable(format uint16, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	var v map[string]any
	if err := ocf.Decode(format, body, max(ocf.MaxRequestSize, ocf.MaxResponseSize), &v); err != nil {
		return "does not decode"
	}
	out, err := json.Marshal(redact(v))
	if err != nil {
		return "cannot be shown"
	}
	return string(out)
}

func redact(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if secretKeys[k] {
				v[k] = redacted
			} else {
				v[k] = redact(inner)
			}
		}
	case map[any]any:
		out := make(map[string]any, len(v))
		for k, inner := range v {
			if key, ok := k.(string); ok {
				out[key] = inner
			}
		}
		return redact(out)
	case []any:
		for i := range v {
			v[i] = redact(v[i])
		}
	}
	return v
}
