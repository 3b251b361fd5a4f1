// Package conformance proves that a secrets store keeps the promises of the ports in package dps, sentence by sentence.
// Every adapter runs it over the real thing it adapts.
package conformance

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"dps/shared/dps"
)

// Store is both ports; what one writes, the other reads.
type Store interface {
	dps.Secrets
	dps.SecretWriter
}

// Run runs the suite. open gives a store that is ready for use and arranges for its closing (t.Cleanup); it is called once
// per test, and may give the same store each time: the suite makes fresh names.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) { c.run(fixture{t, open(t), "conformance/" + dps.NewUUID()}) })
	}
}

type fixture struct {
	*testing.T
	store Store
	name  string // nobody else's
}

var tests = []struct {
	name string
	run  func(fixture)
}{
	{"a value is read as it was stored, whatever its bytes", func(f fixture) {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		for _, value := range [][]byte{{0}, []byte("text\n"), every, bytes.Repeat([]byte{'k'}, dps.MaxSecretSize)} {
			f.wantValue(f.put(f.name, value), value)
		}
	}},
	{"a reference is secret:NAME and stays the same when the value changes", func(f fixture) {
		first := f.put(f.name, []byte("old"))
		f.wantValue(first, []byte("old"))
		if again := f.put(f.name, []byte("new")); first != again || string(first) != "secret:"+f.name {
			f.Errorf("references %q and %q, want secret:%s", first, again, f.name)
		}
		f.wantValue(first, []byte("new"))
	}},
	{"names that begin alike are different secrets", func(f fixture) {
		names := []string{f.name, f.name + "/a", f.name + "/a/b", f.name + ".a", f.name + "_a", f.name + "-a"}
		for _, name := range names {
			f.put(name, []byte(name))
		}
		for _, name := range names {
			f.wantValue(dps.SecretRef("secret:"+name), []byte(name))
		}
	}},
	{"what is deleted is not found, and may be stored again", func(f fixture) {
		ref := f.put(f.name, []byte("old"))
		for range 2 { // the second time it is not there
			f.must(f.store.DeleteSecret(f.Context(), ref))
		}
		f.wantError(ref, dps.CodeNotFound)
		f.wantValue(f.put(f.name, []byte("new")), []byte("new"))
	}},
	{"deleting what PutSecret did not store is nothing", func(f fixture) {
		for _, ref := range []dps.SecretRef{"", "secret:", "secret:../x", "data:;base64,AA==", dps.SecretRef("secret:" + f.name)} {
			f.must(f.store.DeleteSecret(f.Context(), ref))
		}
	}},
	{"what was never stored is not found", func(f fixture) {
		f.wantError(dps.SecretRef("secret:"+f.name), dps.CodeNotFound)
		f.wantError("", dps.CodeNotFound)
	}},
	{"bad names and values are refused, and not repeated", func(f fixture) {
		const hush = "hush!"
		for _, name := range []string{"", hush, "/" + f.name, f.name + "/", f.name + "//a", "../" + f.name, f.name + "/../a", ".hidden", strings.Repeat("n", dps.MaxSecretName+1)} {
			_, err := f.store.PutSecret(f.Context(), name, []byte(hush))
			f.wantCode(err, dps.CodeInvalid, hush)
		}
		for _, value := range [][]byte{nil, {}, bytes.Repeat([]byte(hush), dps.MaxSecretSize/len(hush)+1)} {
			_, err := f.store.PutSecret(f.Context(), f.name, value)
			f.wantCode(err, dps.CodeInvalid, hush)
		}
		f.wantError(dps.SecretRef("secret:"+f.name), dps.CodeNotFound)
	}},
	{"a longest name is a name", func(f fixture) {
		name := (f.name + strings.Repeat("/n", dps.MaxSecretName))[:dps.MaxSecretName]
		f.wantValue(f.put(strings.TrimRight(name, "/"), []byte("v")), []byte("v"))
	}},
	{"a value in the place of its reference is refused, and not repeated", func(f fixture) {
		for _, hush := range []string{"hunter2", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n", "p4ss w0rd\x00", strings.Repeat("Sesame", 2000)} {
			for _, ref := range []string{hush, "file:" + hush, "secret:!" + hush, "data:;base64," + hush + "!"} {
				_, err := f.store.Secret(f.Context(), dps.SecretRef(ref))
				if err == nil || strings.Contains(err.Error(), hush) || strings.Contains(dps.SecretRef(ref).String(), hush) {
					f.Errorf("%.20q gives %v, printed as %v: want an error that does not repeat it", ref, err, dps.SecretRef(ref))
				}
			}
		}
	}},
	{"an inline secret is itself, within bounds", func(f fixture) {
		f.wantValue("data:;base64,aHVzaA==", []byte("hush"))
		f.wantError(dps.SecretRef(dps.EncodeDataURI(make([]byte, dps.MaxSecretSize+1))), dps.CodeInvalid)
	}},
	{"who changes what was read changes only a copy", func(f fixture) {
		ref := f.put(f.name, []byte("value"))
		value, err := f.store.Secret(f.Context(), ref)
		f.must(err)
		clear(value)
		f.wantValue(ref, []byte("value"))
	}},
	{"a context that has ended is unavailable and changes nothing", func(f fixture) {
		ref := f.put(f.name, []byte("value"))
		ended, cancel := context.WithCancel(f.Context())
		cancel()
		_, err := f.store.Secret(ended, ref)
		f.wantCode(err, dps.CodeUnavailable, "value")
		_, err = f.store.PutSecret(ended, f.name, []byte("other"))
		f.wantCode(err, dps.CodeUnavailable, "other")
		f.wantCode(f.store.DeleteSecret(ended, ref), dps.CodeUnavailable, "value")
		f.wantValue(ref, []byte("value"))
	}},
	{"readers during writes get a whole value, old or new", func(f fixture) {
		values := [2][]byte{bytes.Repeat([]byte{'a'}, 9000), bytes.Repeat([]byte{'b'}, 8000)}
		ref := f.put(f.name, values[0])
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for range 5 {
					if _, err := f.store.PutSecret(f.Context(), f.name, values[i%2]); err != nil {
						f.Error(err)
					}
					if got, err := f.store.Secret(f.Context(), ref); err != nil || !bytes.Equal(got, values[0]) && !bytes.Equal(got, values[1]) {
						f.Errorf("a torn value of %d bytes, %v", len(got), err)
					}
				}
			})
		}
		all.Wait()
	}},
}

func (f fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f fixture) put(name string, value []byte) dps.SecretRef {
	f.Helper()
	ref, err := f.store.PutSecret(f.Context(), name, value)
	f.must(err)
	return ref
}

func (f fixture) wantValue(ref dps.SecretRef, want []byte) {
	f.Helper()
	got, err := f.store.Secret(f.Context(), ref)
	f.must(err)
	if !bytes.Equal(got, want) {
		f.Errorf("%s has %d bytes %.20q, want %d bytes %.20q", ref, len(got), got, len(want), want)
	}
}

func (f fixture) wantError(ref dps.SecretRef, code dps.Code) {
	f.Helper()
	_, err := f.store.Secret(f.Context(), ref)
	f.wantCode(err, code, "no such text")
}

func (f fixture) wantCode(err error, code dps.Code, hush string) {
	f.Helper()
	if dps.CodeOf(err) != code || strings.Contains(err.Error(), hush) {
		f.Errorf("%q %v, want code %s and a text without %q", dps.CodeOf(err), err, code, hush)
	}
}
