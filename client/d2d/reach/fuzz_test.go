package reach

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// FuzzDiscovery feeds the client a discovery answer: no panic, and nothing that is remembered leads anywhere but to a device.
func FuzzDiscovery(f *testing.F) {
	link := ocf.Link{Anchor: ocf.AnchorScheme + dps.NewUUID(), Href: "/oic/d", ResourceTypes: []string{"oic.wk.d", "oic.d.light"},
		Endpoints: []ocf.LinkEndpoint{{URI: "coaps://192.0.2.1:5684"}, {URI: "coaps+tcp://[fe80::1]:5684"}}}
	for _, v := range []any{[]ocf.Link{link}, []ocf.LinksBaseline{{Links: []ocf.Link{link}}}, []any{map[string]any{"href": 1}}, nil} {
		data, err := cbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte("\x58\x45\x00\x0112345678\xc2\x27\x10\xff"), data...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _, ok := hear(data)
		if !ok {
			return
		}
		source := netip.MustParseAddr("192.0.2.7")
		for id, links := range byDevice(h.links) {
			if _, ok := dps.ParseUUID(id); !ok || id == dps.NilUUID {
				t.Fatalf("device %q", id)
			}
			var found found
			for _, l := range links {
				found.addLink(l, source)
			}
			if len(found.endpoints) > maxEndpoints || len(found.device.Types) > maxTypes {
				t.Fatalf("%d endpoints, %d types", len(found.endpoints), len(found.device.Types))
			}
			for _, e := range found.endpoints {
				if a := e.addr.Addr(); a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() {
					t.Fatalf("endpoint %v", e)
				}
			}
			publicLinks(links)
		}
	})
}

// FuzzValue feeds the client a resource: what it accepts is JSON, and can be sent back.
func FuzzValue(f *testing.F) {
	for _, v := range []any{map[string]any{"state": true, "power": 7, "t": 1.5, "b": []byte("x")}, map[any]any{1: []any{nil, -1}}, math.NaN(), "text"} {
		data, err := cbor.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, ocf.FormatOCFCBOR)
	}
	f.Add([]byte(`{"a":[1,2.5,null]}`), ocf.FormatJSON)
	f.Fuzz(func(t *testing.T, data []byte, format uint16) {
		v, err := decodeValue(format, data)
		if err != nil {
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Fatalf("%#v is no JSON: %v", v, err)
		}
		if _, err := encodeValue(v); err != nil {
			t.Fatalf("%#v cannot be sent: %v", v, err)
		}
		var doxm ocf.Doxm
		var pstat ocf.Pstat
		var info ocf.DeviceInfo
		for _, into := range []any{&doxm, &pstat, &info} {
			_ = decodeInto(data, into)
		}
	})
}

// FuzzAddress feeds the client addresses that people and devices write.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "192.0.2.1:5683", "[::1]:1", "::1", "coap://192.0.2.1:1/", "[fe80::1%eth0]:7", "x:1", "coaps+tcp://192.0.2.1:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, ok := parseAddress(s); ok && (a.Port() == 0 || !a.IsValid()) {
			t.Fatalf("%q is %v", s, a)
		}
		if e, ok := parseEndpoint(s, netip.MustParseAddr("192.0.2.7")); ok && (e.addr.Port() == 0 || !e.addr.IsValid() || e.addr.Addr().IsLoopback()) {
			t.Fatalf("%q is %v", s, e)
		}
	})
}

func TestRegistryIsBounded(t *testing.T) {
	r := registry{limit: 3}
	var ids []string
	for range 10 {
		id := dps.NewUUID()
		ids = append(ids, id)
		var all []endpoint
		for p := range uint16(100) {
			all = append(all, endpoint{ocf.SchemeUDP, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), p+1)})
		}
		r.add(found{device: Device{ID: id}, endpoints: all})
		r.add(found{device: Device{ID: ids[0]}}) // seen again and again
	}
	if len(r.byID) != 3 {
		t.Errorf("%d devices are remembered, want 3", len(r.byID))
	}
	if _, ok := r.get(ids[0]); !ok {
		t.Error("the device that was just seen is forgotten")
	}
	if f, ok := r.get(ids[9]); !ok || len(f.endpoints) != maxEndpoints || len(f.device.Endpoints) != maxEndpoints {
		t.Errorf("the newest device is %t there, with %d endpoints", ok, len(f.endpoints))
	}
}

func TestNumbers(t *testing.T) {
	in := map[string]any{"whole": 7.0, "half": 0.5, "huge": 1e300, "list": []any{-1.0, json.Number("12"), json.Number("1.5")}, "int": 3}
	data, err := encodeValue(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeValue(ocf.FormatOCFCBOR, data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"whole": uint64(7), "half": 0.5, "huge": 1e300, "list": []any{int64(-1), uint64(12), 1.5}, "int": uint64(3)}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEndpoints(t *testing.T) {
	lan, lo, local := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("fe80::7%eth0")
	for _, c := range []struct {
		text   string
		source netip.Addr
		want   string
	}{
		{"coaps://192.0.2.1:5684", lan, "coaps://192.0.2.1:5684"},
		{"coaps+tcp://[2001:db8::1]:5684", lan, "coaps+tcp://[2001:db8::1]:5684"},
		{"coaps://[fe80::1]:1", local, "coaps://[fe80::1%eth0]:1"},
		{"coaps://[fe80::1%evil]:1", local, "coaps://[fe80::1%eth0]:1"},
		{"coaps://127.0.0.1:1", lo, "coaps://127.0.0.1:1"},
		{"coaps://127.0.0.1:1", lan, ""},
		{"coaps://[::ffff:127.0.0.1]:1", lan, ""},
		{"coaps://localhost:1", lo, ""},
		{"coaps://0.0.0.0:1", lo, ""},
		{"coaps://255.255.255.255:1", lo, ""},
		{"coap+ws://192.0.2.1:80", lan, ""},
		{"coaps://192.0.2.1:0", lan, ""},
		{"coaps://192.0.2.1", lan, ""},
	} {
		e, ok := parseEndpoint(c.text, c.source)
		if ok != (c.want != "") || ok && e.String() != c.want {
			t.Errorf("%s from %v is %v, %t; want %q", c.text, c.source, e, ok, c.want)
		}
	}
}

func TestSecretsStayInside(t *testing.T) {
	p := PSK{SubjectID: dps.NewUUID(), Key: [16]byte([]byte("a secret, it is!"))}
	text, _ := json.Marshal(p)
	for _, s := range []string{p.String(), p.GoString(), p.LogValue().String(), string(text)} {
		if s == "" || (strings.Contains(s, "secret") || strings.Contains(s, "97 32 115")) {
			t.Errorf("%q shows the key", s)
		}
	}
}

// TestForms: devices of several generations write the same things differently.
func TestForms(t *testing.T) {
	link := map[string]any{"anchor": ocf.AnchorScheme + dps.NewUUID(), "href": "/oic/d", "rt": []string{"oic.wk.d"},
		"p": map[string]any{"bm": 3, "sec": true}, "eps": []any{map[string]any{"ep": "coaps://192.0.2.1:1", "pri": 1}}, "title": 7}
	for name, v := range map[string]any{
		"a list of links":           []any{link},
		"a list of one object":      []any{map[string]any{"rt": []string{"oic.wk.res"}, "links": []any{link}}},
		"an object":                 map[string]any{"rt": []string{"oic.wk.res"}, "links": []any{link}},
		"a type that is not a list": []any{link, map[string]any{"href": "/x", "rt": "core.light"}},
	} {
		data, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		links, err := parseLinks(ocf.FormatOCFCBOR, data)
		if err != nil || len(byDevice(links)) != 1 || links[0].Endpoints[0].URI != "coaps://192.0.2.1:1" {
			t.Errorf("%s: %+v, %v", name, links, err)
		}
	}
	data, err := cbor.Marshal(map[string]any{"n": "Lamp", "di": dps.NilUUID, "icv": 7, "dmn": []any{map[string]any{"language": "en", "value": "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	var info ocf.DeviceInfo
	if err := decodeInto(data, &info); err != nil || info.Name != "Lamp" || info.DeviceID != dps.NilUUID {
		t.Errorf("device %+v, %v", info, err)
	}
}
