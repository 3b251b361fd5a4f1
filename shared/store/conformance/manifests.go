package conformance

import (
	"strings"

	"dps/shared/dps"
)

var manifestTests = []test{
	{"a source that wrote none has an empty one", func(f fixture) {
		m, err := f.store.Manifest(f.Context(), newOwner())
		f.must(err)
		f.same(m, dps.Manifest{})
	}},
	{"the last one written stands, for its source alone", func(f fixture) {
		source, other := newOwner(), newOwner()
		want := dps.Manifest{GroupIDs: []string{"c"}, HubIDs: []string{"h", "i"}}
		f.must(f.store.PutManifest(f.Context(), source, dps.Manifest{GroupIDs: []string{"a", "b"}}))
		f.must(f.store.PutManifest(f.Context(), other, dps.Manifest{GroupIDs: []string{"other"}}))
		f.must(f.store.PutManifest(f.Context(), source, want))
		got, err := f.store.Manifest(f.Context(), source)
		f.must(err)
		f.same(got, want)
	}},
	{"a source that can be no key is refused", func(f fixture) {
		for _, source := range []string{"", "a\x00b", strings.Repeat("s", dps.MaxNameLength+1)} {
			f.wantInvalid(f.store.PutManifest(f.Context(), source, dps.Manifest{}), "source")
		}
	}},
}
