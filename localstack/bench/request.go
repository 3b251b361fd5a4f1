package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// request is one step as the device sends it, made before anything is measured.
type request struct {
	step  string
	want  codes.Code
	token []byte // its first byte is the step's place in the sequence, for the floor to choose its answer by
	raw   []byte
}

// newRequest encodes a step in the device's own form (PROTOCOL §2.6).
func newRequest(place int, step, path string, body []byte) (request, error) {
	q := request{step: step, want: codes.Content, token: make([]byte, message.MaxTokenSize)}
	_, _ = rand.Read(q.token) // never fails
	q.token[0] = byte(place)  //nolint:gosec // one of five
	m := message.Message{Code: codes.GET, Token: q.token}
	for _, segment := range strings.Split(path, "/")[1:] {
		m.Options = append(m.Options, message.Option{ID: message.URIPath, Value: []byte(segment)})
	}
	if body != nil {
		m.Code, q.want, m.Payload = codes.POST, codes.Changed, body
		m.Options = append(m.Options, number(message.ContentFormat, ocf.FormatOCFCBOR))
	}
	m.Options = append(m.Options, number(message.Accept, ocf.FormatOCFCBOR), number(message.OptionID(ocf.OptionAcceptVersion), uint16(ocf.Version1)))
	if body != nil {
		m.Options = append(m.Options, number(message.OptionID(ocf.OptionContentVersion), uint16(ocf.Version1)))
	}
	var err error
	q.raw, err = encodeFrame(m)
	return q, err
}

// newRequests are the five steps in the device's order (PROTOCOL §3). The first is alone on its connection.
func newRequests(deviceID, csr string) ([]request, error) {
	gateway := []any{"selectedGateway", []any{"uri", "coaps+tcp://127.0.0.1", "id", dps.NilUUID}} // first boot
	cloud, err := encodeMap(append([]any{"di", deviceID}, gateway...))
	if err != nil {
		return nil, err
	}
	credentials, err := encodeMap(append([]any{"di", deviceID, "csr", []any{"data", csr, "encoding", ocf.EncodingPEM}}, gateway...))
	if err != nil {
		return nil, err
	}
	var all []request
	for i, s := range []struct {
		step, path string
		body       []byte
	}{
		{"time", ocf.PathTime, nil},
		{"ownership", ocf.PathOwnership, nil},
		{"cloud-configuration", ocf.PathCloudConfiguration, cloud},
		{"credentials", ocf.PathCredentials, credentials},
		{"acls", ocf.PathACLs, nil},
	} {
		q, err := newRequest(i, s.step, s.path, s.body)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, nil
}

// encodeMap writes keys and values as a CBOR map of indefinite length, as the device does; a []any value is a map in turn.
func encodeMap(pairs []any) ([]byte, error) {
	var b bytes.Buffer
	enc := cbor.NewEncoder(&b)
	if err := enc.StartIndefiniteMap(); err != nil {
		return nil, err
	}
	for _, v := range pairs {
		if inner, ok := v.([]any); ok {
			raw, err := encodeMap(inner)
			if err != nil {
				return nil, err
			}
			v = cbor.RawMessage(raw)
		}
		if err := enc.Encode(v); err != nil {
			return nil, err
		}
	}
	if err := enc.EndIndefinite(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// discoveryAnswer is what the device answers to the service's GET /oic/res; the token is to be filled in.
func discoveryAnswer() ([]byte, error) {
	body, err := ocf.Encode(ocf.FormatOCFCBOR, []ocf.Link{{
		Href: "/oic/d", ResourceTypes: []string{"oic.wk.d"},
		Endpoints: []ocf.LinkEndpoint{{URI: "coaps://192.0.2.7:40001"}, {URI: "coaps+tcp://192.0.2.7:40002"}},
	}})
	if err != nil {
		return nil, err
	}
	return encodeFrame(message.Message{
		Code: codes.Content, Token: make([]byte, message.MaxTokenSize), Payload: body,
		Options: message.Options{
			number(message.ContentFormat, ocf.FormatOCFCBOR),
			number(message.OptionID(ocf.OptionContentVersion), uint16(ocf.Version1)),
		},
	})
}

// number is an option whose value is a number over 255, which all of them here are.
func number(id message.OptionID, v uint16) message.Option {
	return message.Option{ID: id, Value: binary.BigEndian.AppendUint16(nil, v)}
}
