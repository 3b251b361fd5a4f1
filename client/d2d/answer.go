package d2d

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// form gives an object in plgd's dialects: complete, or, as its gateway does, without empty text, lists and messages. Numbers, false and
// enumerations stay. What a resource says ("content") is nobody's to prune.
func form(d dialect, v any) []byte {
	data := marshal(v)
	if d == protoJSON {
		return bytes.TrimSpace(data)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil { // it was written a moment ago
		return bytes.TrimSpace(data)
	}
	if tree = prune(tree); tree == nil {
		return []byte("{}")
	}
	return bytes.TrimSpace(marshal(tree))
}

// prune gives nil for what is empty.
func prune(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
	case []any:
		var out []any
		for _, e := range v {
			if e = prune(e); e != nil {
				out = append(out, e)
			}
		}
		if out == nil {
			return nil
		}
		return out
	case map[string]any:
		for key, e := range v {
			if key == "content" && e != nil {
				continue
			}
			if e = prune(e); e == nil {
				delete(v, key)
			} else {
				v[key] = e
			}
		}
		if len(v) == 0 {
			return nil
		}
	}
	return v
}

// write answers an object: v to new clients, old to plgd's.
func write(w http.ResponseWriter, r *http.Request, old, v any) {
	d := dialectOf(r)
	if d == extended {
		send(w, r, http.StatusOK, mediaJSON, marshal(v))
		return
	}
	send(w, r, http.StatusOK, d.media(), append(form(d, old), '\n'))
}

// send writes a whole body. A HEAD request gets its length alone; a client that has left misses nothing.
func send(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
