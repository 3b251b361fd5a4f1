package config

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// redacted stands where a secret was.
const redacted = "data:REDACTED"

// YAML gives the whole configuration, defaults included, as a file would have it. Secrets that stand in the file itself and
// passwords in URLs are redacted; the paths of files are shown.
func (c Config) YAML() []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// Nodes made of text and bounds of our own types cannot fail to encode, nor a buffer to take them.
	_ = enc.Encode(node(reflect.ValueOf(c), field{}))
	_ = enc.Close()
	return b.Bytes()
}

// String is YAML: so that no way of printing a Config shows a secret.
func (c Config) String() string { return string(c.YAML()) }

// GoString is YAML.
func (c Config) GoString() string { return c.String() }

// LogValue is YAML.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String gives the files' names, with an inline key redacted.
func (t ServerTLS) String() string {
	return fmt.Sprintf("{keyFile: %s, certFile: %s}", shownSecret(t.KeyFile), withoutPassword(t.CertFile))
}

// GoString is String.
func (t ServerTLS) GoString() string { return t.String() }

func node(v reflect.Value, f field) *yaml.Node {
	switch {
	case v.Kind() == reflect.Struct:
		return mapping(v)
	case v.Kind() == reflect.Pointer:
		return node(v.Elem(), f)
	case v.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if !isStructs(v.Type()) {
			n.Style = yaml.FlowStyle
		}
		for i := range v.Len() {
			n.Content = append(n.Content, node(v.Index(i), f))
		}
		return n
	case v.Kind() == reflect.String && f.secret:
		return stringNode(shownSecret(v.String()))
	case v.Kind() == reflect.String:
		return stringNode(withoutPassword(v.String()))
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: text(v)}
	}
}

// mapping prints a section; what is absent stays absent.
func mapping(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		f, ok := fieldOf(v.Type().Field(i))
		value := v.Field(i)
		if !ok || value.Kind() == reflect.Pointer && value.IsNil() {
			continue
		}
		n.Content = append(n.Content, stringNode(f.name), node(value, f))
	}
	return n
}

func stringNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(strings.ToValidUTF8(s, "\uFFFD"))
	return n
}

// shownSecret gives a reference to a secret; the secret itself never.
func shownSecret(s string) string {
	if strings.HasPrefix(s, "data:") || isPEM(s) {
		return redacted
	}
	return s
}
