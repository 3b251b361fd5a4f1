package plgd_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// full is a hub with something in every field.
func full() plgd.Hub {
	tls := &plgd.TLS{CAPool: []string{"a", "b"}, Key: "k", Cert: "c", UseSystemCAPool: true}
	return plgd.Hub{
		ID: "id", Gateways: []string{"g"}, Name: "<name>\"\u2028", HubID: "h", Owner: "o", CAPool: []string{"p"}, Version: math.MaxInt64,
		CertificateAuthority: &plgd.GRPCClient{GRPC: &plgd.GRPCConnection{Address: "a", KeepAlive: &plgd.KeepAlive{Time: -1, Timeout: 1 << 60, PermitWithoutStream: true}, TLS: tls}},
		Authorization: &plgd.Authorization{OwnerClaim: "o", DeviceIDClaim: "d", Provider: &plgd.Provider{
			Name: "n", Authority: "a", ClientID: "c", Scopes: []string{"s"}, Audience: "a", ClientSecret: "s",
			HTTP: &plgd.HTTP{MaxIdleConns: math.MaxUint32, MaxConnsPerHost: 1, MaxIdleConnsPerHost: 2, IdleConnTimeout: 3, Timeout: 4, TLS: tls},
		}},
	}
}

// TestRoundTrip: what is written is read, in every form; what plgd does not have is lost in its own.
func TestRoundTrip(t *testing.T) {
	for _, form := range []plgd.Form{plgd.Default, plgd.Complete, plgd.Extended} {
		want := full()
		if form != plgd.Extended {
			want.CAPool, want.Version = nil, 0
		}
		var got plgd.Hub
		if err := plgd.Unmarshal(plgd.Marshal(full(), form), &got, form == plgd.Extended); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("form %d: %s", form, diff)
		}
	}
}

// TestZeroes: what each form writes of nothing.
func TestZeroes(t *testing.T) {
	for _, tt := range []struct {
		form  plgd.Form
		value any
		want  string
	}{
		{plgd.Default, plgd.Deleted{}, `{"count":"0"}`},
		{plgd.Extended, plgd.Deleted{}, `{}`},
		{plgd.Default, plgd.Status{}, `{"date":"0","coapCode":0}`},
		{plgd.Complete, plgd.Status{}, `{"date":"0","coapCode":0,"errorMessage":""}`},
		{plgd.Default, plgd.Group{AttestationMechanism: &plgd.AttestationMechanism{}}, `{}`},
		{plgd.Complete, plgd.Group{}, `{"id":"","owner":"","attestationMechanism":null,"hubIds":[],"preSharedKey":"","name":""}`},
		{plgd.Default, &plgd.PublicData{}, `{"encoding":"UNKNOWN"}`},
		{plgd.Complete, plgd.PublicData{Data: []byte{0xff, 0xfe}}, `{"data":"//4=","encoding":"UNKNOWN"}`},
		{plgd.Default, plgd.ConnectionSubject{}, `{"type":"ANON_CLEAR"}`},
		{plgd.Extended, plgd.ConnectionSubject{}, `{"type":"ANON_CLEAR"}`},
		{plgd.Extended, plgd.ACL{AccessControlList: []plgd.AccessControl{{}, {}}}, `{"accessControlList":[{},{}]}`},
	} {
		if got := string(plgd.Marshal(tt.value, tt.form)); got != tt.want {
			t.Errorf("%T, form %d: %s, want %s", tt.value, tt.form, got, tt.want)
		}
	}
}

// TestEveryFieldCanBeWritten: each type that a field has is one that the encoder knows.
func TestEveryFieldCanBeWritten(t *testing.T) {
	known := map[reflect.Kind]bool{
		reflect.String: true, reflect.Bool: true, reflect.Int32: true, reflect.Int64: true, reflect.Uint32: true, reflect.Struct: true, reflect.Pointer: true, reflect.Slice: true,
		reflect.Uint8: true,
	}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(of.Elem())
		case reflect.Struct:
			for i := range of.NumField() {
				if plgd.FieldOf(of.Field(i)).Name == "" {
					t.Errorf("%s.%s has no name", of, of.Field(i).Name)
				}
				walk(of.Field(i).Type)
			}
		}
		if !known[of.Kind()] {
			t.Errorf("%s cannot be written", of)
		}
	}
	for _, v := range []any{plgd.Group{}, plgd.Hub{}, plgd.Record{}, plgd.Deleted{}} {
		walk(reflect.TypeOf(v))
	}
}

func TestCoAPCodes(t *testing.T) {
	for code, want := range map[string]int32{"2.05": 69, "2.04": 68, "4.00": 128, "5.03": 163, "": 0, "9.99": 0, "x": 0, "2.": 0} {
		r := dps.Record{Steps: map[dps.Step]dps.StepResult{dps.StepTime: {CoAPCode: code}}}
		if got := plgd.RecordOf(r).PlgdTime.CoAPCode; got != want {
			t.Errorf("%q is %d, want %d", code, got, want)
		}
	}
}

// FuzzUnmarshal: no panic; what is refused is CodeInvalid; what is read is read again from what is written.
func FuzzUnmarshal(f *testing.F) {
	f.Add(string(plgd.Marshal(full(), plgd.Extended)), true)
	f.Add(`{"hub_id":null,"gateways":["a",1]}`, false)
	f.Add(`{"certificateAuthority":{"grpc":{"keepAlive":{"time":"1e3"}}}}`, true)
	f.Fuzz(func(t *testing.T, body string, strict bool) {
		var hub, again plgd.Hub
		if err := plgd.Unmarshal([]byte(body), &hub, strict); err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid || len(err.Error()) > 400 {
				t.Fatalf("%v", err)
			}
			return
		}
		written := plgd.Marshal(hub, plgd.Complete)
		if !json.Valid(written) {
			t.Fatalf("%s", written)
		}
		if err := plgd.Unmarshal(written, &again, false); err != nil {
			t.Fatal(err)
		}
		if string(plgd.Marshal(again, plgd.Complete)) != string(written) && !strings.Contains(body, "\\u") {
			t.Fatalf("%s becomes %s", written, plgd.Marshal(again, plgd.Complete))
		}
	})
}
