package settings

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// field is a property at its place.
type field struct {
	name, def, doc string
	oneof          []string
	secret         bool
	value          reflect.Value
}

func fieldOf(f reflect.StructField, v reflect.Value) (field, bool) {
	name := f.Tag.Get("yaml")
	out := field{name: name, def: f.Tag.Get("default"), doc: f.Tag.Get("doc"), secret: f.Tag.Get("secret") == "true", value: v}
	if choices := f.Tag.Get("oneof"); choices != "" {
		out.oneof = strings.Split(choices, ",")
	}
	return out, name != ""
}

func fields(v reflect.Value) []field {
	var out []field
	for i := range v.NumField() {
		if f, ok := fieldOf(v.Type().Field(i), v.Field(i)); ok {
			out = append(out, f)
		}
	}
	return out
}

func find(v reflect.Value, name string) (field, bool) {
	for _, f := range fields(v) {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// choose gives the value the spelling of the choice that it names, whatever its case; plgd's USER_AGENT and MODE_NONE are
// spellings, too.
func (f field) choose() bool {
	given := strings.ReplaceAll(strings.TrimPrefix(f.value.String(), "MODE_"), "_", "")
	if given == "" {
		given = f.def
	}
	for _, c := range f.oneof {
		if strings.EqualFold(c, given) {
			f.value.SetString(c)
			return true
		}
	}
	return false
}

// show gives a value for an error: bounded, in quotes, never a secret's.
func (f field) show(value string) string {
	const most = 64
	if f.secret {
		return "the value"
	}
	if len(value) > most {
		value = strings.ToValidUTF8(value[:most], "") + "…"
	}
	return strconv.Quote(value)
}

func defaults(v reflect.Value) {
	for _, f := range fields(v) {
		switch {
		case f.value.Kind() == reflect.Struct:
			defaults(f.value)
		case f.value.Kind() == reflect.Slice && f.def != "":
			f.value.Set(reflect.ValueOf(strings.Split(f.def, ",")))
		case f.value.Kind() != reflect.Slice && f.def != "":
			set(f.value, f.def)
		}
	}
}

// plgdOnly are properties of plgd's client application without effect here, and why.
func plgdOnly(path string) string {
	for prefix, why := range map[string]string{
		"apis.grpc":                               "there is no gRPC API",
		"apis.http.enabled":                       "the HTTP API is all there is",
		"apis.http.ui":                            "the page is part of the program",
		"apis.http.cors.allowedHeaders":           "the API knows which it needs",
		"apis.http.cors.allowedMethods":           "the API knows which it has",
		"apis.http.cors.allowCredentials":         "there are no cookies",
		"apis.http.tls.caPool":                    "clients show tokens, not certificates",
		"apis.http.tls.clientCertificateRequired": "clients show tokens, not certificates",
		"clients.device.coap.blockwiseTransfer":   "blocks are used where the device wants them",
		"clients.device.coap.ownershipTransfer.manufacturerCertificate.tls.keyFile":  "a device asks for no certificate while it is being owned",
		"clients.device.coap.ownershipTransfer.manufacturerCertificate.tls.certFile": "a device asks for no certificate while it is being owned",
		"log.encoderConfig": "the log has one form", "log.stacktrace": "the log has none", "log.dumpBody": "bodies hold secrets",
	} {
		if path == prefix || strings.HasPrefix(path, prefix+".") {
			return why
		}
	}
	return ""
}

// unknown is an error, unless plgd knows it.
func (d *decoder) unknown(path string, key *yaml.Node, v reflect.Value) {
	if why := plgdOnly(path); why != "" {
		d.notes = append(d.notes, path+" has no effect: "+why)
		return
	}
	names := make([]string, 0, 8)
	for _, f := range fields(v) {
		names = append(names, f.name)
	}
	shown := field{}.show(key.Value)
	d.add(strings.TrimSuffix(strings.TrimSuffix(path, key.Value), "."), key.Line, "does not know "+shown+": remove it, or write one of "+strings.Join(names, ", "))
}

// Describe writes every property with its type, default and meaning.
func Describe(w io.Writer) {
	c := Default()
	describe(w, reflect.ValueOf(&c).Elem(), "")
}

func describe(w io.Writer, v reflect.Value, path string) {
	for _, f := range fields(v) {
		at := join(path, f.name)
		if f.value.Kind() == reflect.Struct {
			describe(w, f.value, at)
			continue
		}
		kind := f.value.Type().String()
		if f.def != "" {
			kind += ", default " + f.def
		}
		_, _ = fmt.Fprintf(w, "%s (%s)\n    %s\n", at, kind, f.doc)
	}
}
