package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"dps/functions/api/rest/plgd"
)

// answer is what a handler has to say.
type answer struct {
	status   int    // 0: 200
	object   any    // a struct in the manner of package plgd; nil: none
	page     *page  // instead of object
	raw      []byte // instead of object: JSON that is ready
	etag     string
	location string
	// stream gives objects one by one, for plgd's dialect.
	stream func(ctx context.Context, emit func(object any) error) error
}

// page is a part of a listing.
type page struct {
	items []any
	next  string // token of the next page; "": there is none
}

func (a *api) write(x *exchange, ans answer) {
	h := x.w.Header()
	if ans.etag != "" {
		h.Set("ETag", ans.etag)
	}
	if ans.location != "" {
		h.Set("Location", ans.location)
	}
	if ans.status == 0 {
		ans.status = http.StatusOK
	}
	var body []byte
	switch {
	case ans.page != nil:
		body = encodePage(*ans.page)
	case ans.object != nil:
		body = append(plgd.Marshal(ans.object, x.dialect.form), '\n')
	case ans.raw != nil:
		body = ans.raw
	default:
		x.w.WriteHeader(ans.status)
		return
	}
	send(x.w, x.r, ans.status, x.dialect.media, body)
}

func encodePage(p page) []byte {
	body := []byte(`{"items":[`)
	for i, item := range p.items {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, plgd.Marshal(item, plgd.Extended)...)
	}
	body = append(body, `],"nextPageToken":`...)
	token, _ := json.Marshal(p.next) // text always can be
	return append(append(body, token...), '}', '\n')
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

// flushEvery is after how many objects a stream is flushed.
const flushEvery = 100

// stream writes {"result": …} a line. An error before the first line is an answer of its own; one after it is the last line.
func (a *api) stream(ctx context.Context, x *exchange, ans answer) {
	control, n := http.NewResponseController(x.w), 0
	start := func() {
		x.w.Header().Set("Content-Type", x.dialect.media)
		x.w.WriteHeader(http.StatusOK)
	}
	err := ans.stream(ctx, func(object any) error {
		if n == 0 {
			start()
		}
		if n++; x.r.Method == http.MethodHead {
			return nil
		}
		line := append([]byte(`{"result":`), plgd.Marshal(object, x.dialect.form)...)
		if _, err := x.w.Write(append(line, '}', '\n')); err != nil {
			return err
		}
		if n%flushEvery == 0 {
			_ = control.Flush() // a writer that cannot flush sends later
		}
		return nil
	})
	switch {
	case err != nil && n == 0:
		a.refuse(x.w, x.r, x.dialect, err)
	case err != nil:
		a.Log.ErrorContext(ctx, "stream broke off", "path", x.r.URL.Path, "objects", n, "error", err)
		_, _ = x.w.Write(marshal(map[string]any{"error": statusOf(classify(err))}))
	case n == 0:
		start()
	}
}
