package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dps/shared/dps"
)

// Field is one property that differs. Secrets show neither in Old nor in New.
type Field struct {
	Path     string // dotted, in the names of the stored form, such as x509.certificateChain
	Old, New string // "" where it is not set; text in quotes, certificates by name and fingerprint
	Secret   bool   // it refers to a secret, whose reference or value differs
	// Removed and Added are the entries that differ, where the property is a list; Old and New are empty then.
	Removed, Added []string
}

// flat is a property by its path.
type flat struct {
	path   string
	text   string
	list   []string // where it is a list
	isList bool
	ref    dps.SecretRef
	secret bool
}

// differences compares two objects of a kind. rewritten are references whose secret gets another value.
func differences(old, now any, rewritten map[dps.SecretRef]bool) []Field {
	before, after := flatten(reflect.ValueOf(old), ""), flatten(reflect.ValueOf(now), "")
	var out []Field
	for i, a := range after { // both have the same type, and so the same paths
		switch b := before[i]; {
		case a.secret:
			if a.ref != b.ref || rewritten[a.ref] {
				out = append(out, Field{Path: a.path, Secret: true, Old: set(b.ref), New: set(a.ref)})
			}
		case a.isList:
			if f := (Field{Path: a.path, Removed: minus(b.list, a.list), Added: minus(a.list, b.list)}); len(f.Removed)+len(f.Added) > 0 {
				out = append(out, f)
			} else if !slices.Equal(a.list, b.list) {
				out = append(out, Field{Path: a.path, Old: strings.Join(b.list, ", "), New: strings.Join(a.list, ", ")})
			}
		case a.text != b.text:
			out = append(out, Field{Path: a.path, Old: b.text, New: a.text})
		}
	}
	return out
}

// set tells of a secret only whether there is one.
func set(ref dps.SecretRef) string {
	if ref == "" {
		return ""
	}
	return "set"
}

func flatten(v reflect.Value, path string) []flat {
	var out []flat
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if path != "" {
			name = path + "." + name
		}
		if name == "id" || name == "version" {
			continue
		}
		switch field := v.Field(i); {
		case field.Type() == reflect.TypeFor[dps.SecretRef]():
			ref, _ := field.Interface().(dps.SecretRef)
			out = append(out, flat{path: name, ref: ref, secret: true})
		case field.Kind() == reflect.Struct:
			out = append(out, flatten(field, name)...)
		case field.Kind() == reflect.Slice:
			out = append(out, flat{path: name, list: elements(field), isList: true})
		default:
			out = append(out, flat{path: name, text: text(field.Interface())})
		}
	}
	return out
}

func elements(v reflect.Value) []string {
	var out []string
	for i := range v.Len() {
		out = append(out, text(v.Index(i).Interface()))
	}
	return out
}

// text gives a value as people read it, "" for text that is not set.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return textOf(v)
	case dps.CRLEntry:
		if v.URL != "" {
			return strconv.Quote(v.URL)
		}
		return fmt.Sprintf("%d bytes, SHA-256 %s", len(v.Inline), fingerprint(v.Inline))
	}
	return fmt.Sprint(value)
}

// textOf shows certificates by name: their text says nothing to anybody.
func textOf(s string) string {
	if s == "" {
		return ""
	}
	if !strings.HasPrefix(s, "-----BEGIN ") {
		return strconv.Quote(s)
	}
	chain, err := dps.ParseCertificatesPEM([]byte(s), maxShownCertificates)
	if err != nil {
		return fmt.Sprintf("%d bytes of PEM, SHA-256 %s", len(s), fingerprint([]byte(s)))
	}
	names := make([]string, len(chain))
	for i, c := range chain {
		names[i] = fmt.Sprintf("%s (SHA-256 %s)", strconv.Quote(c.Subject.String()), fingerprint(c.Raw))
	}
	return strings.Join(names, ", ")
}

// maxShownCertificates bounds how many certificates of a property are named.
const maxShownCertificates = 10

// fingerprint is enough of a hash for people to compare.
func fingerprint(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:6])
}

// minus gives what of a is not in b.
func minus(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, s := range b {
		in[s] = true
	}
	var out []string
	for _, s := range a {
		if !in[s] {
			out = append(out, s)
		}
	}
	return out
}
