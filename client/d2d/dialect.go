package d2d

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// The media types that matter.
const (
	mediaJSON      = "application/json"
	mediaOwn       = "application/vnd.dps+json" // asks for the dialect for new clients whatever else is accepted
	mediaProtoJSON = "application/protojson"
	mediaProblem   = "application/problem+json"
)

// dialect is how a client wants to be answered.
type dialect int

const (
	plgd      dialect = iota // as plgd's gateway answers: what is empty is left out, contents are values
	protoJSON                // as protobuf's JSON has it: every field, contents as CBOR in base64
	extended                 // for new clients
)

// dialectOf decides by what the client says it reads (docs/adr/0007): plgd's clients accept anything, or application/protojson, new ones
// name application/json alone.
func dialectOf(r *http.Request) dialect {
	var accepted []string
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		if media, _, err := mime.ParseMediaType(part); err == nil {
			accepted = append(accepted, media)
		}
	}
	names := func(media string) bool { return slices.Contains(accepted, media) }
	switch {
	case names(mediaOwn):
		return extended
	case names(mediaProtoJSON):
		return protoJSON
	case (names(mediaJSON) || names(mediaProblem)) && !names("*/*") && !names("application/*"):
		return extended
	}
	return plgd
}

// media is the Content-Type of an answer.
func (d dialect) media() string {
	if d == protoJSON {
		return mediaProtoJSON
	}
	return mediaJSON
}
