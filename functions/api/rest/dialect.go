package rest

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dps/functions/api/rest/plgd"
)

// The media types that matter.
const (
	mediaJSON      = "application/json"
	mediaOwn       = "application/vnd.dps+json" // asks for the dialect for new clients whatever else is accepted
	mediaProtoJSON = "application/protojson"
	mediaJSONPB    = "application/jsonpb" // what plgd calls the former in its answers
	mediaProblem   = "application/problem+json"
	mediaPatch     = "application/merge-patch+json"
)

// dialectOf decides by what the client says it reads (docs/adr/0007). plgd's clients accept anything, or application/protojson,
// also where they name application/json first; new clients name application/json alone, or ask for a page.
func (a *api) dialectOf(r *http.Request, route route) dialect {
	accepted := mediaTypes(r.Header.Values("Accept"))
	names := func(media string) bool { return slices.Contains(accepted, media) }
	extended := dialect{extended: true, form: plgd.Extended, media: mediaJSON}
	switch {
	case !route.legacy, names(mediaOwn), asksForPage(r.URL.RawQuery):
		return extended
	case names(mediaProtoJSON):
		return dialect{form: plgd.Complete, media: mediaJSONPB}
	case (names(mediaJSON) || names(mediaProblem)) && !names("*/*") && !names("application/*"):
		return extended
	}
	return dialect{form: plgd.Default, media: mediaJSON}
}

func mediaTypes(headers []string) []string {
	var out []string
	for _, part := range strings.Split(strings.Join(headers, ","), ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil {
			out = append(out, media)
		}
	}
	return out
}

func asksForPage(rawQuery string) bool {
	values, _ := url.ParseQuery(rawQuery) // what cannot be read is refused later
	for name := range values {
		if n := canonicalName(name); n == "pagesize" || n == "pagetoken" {
			return true
		}
	}
	return false
}
