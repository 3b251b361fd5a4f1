package plgd

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// child gives a mapping's value by its key, whatever its case; nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, key) {
			return n.Content[i+1]
		}
	}
	return nil
}

// descend follows keys; nil where one is missing.
func descend(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		n = child(n, k)
	}
	return n
}

// take removes a value from the tree and gives its text; "" where there is none, or no single value.
func take(n *yaml.Node, keys ...string) string {
	parent := descend(n, keys[:len(keys)-1]...)
	v := child(parent, keys[len(keys)-1])
	if v == nil || v.Kind != yaml.ScalarNode {
		return ""
	}
	remove(parent, keys[len(keys)-1])
	if v.ShortTag() == "!!null" {
		return ""
	}
	return v.Value
}

func remove(n *yaml.Node, key string) {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, key) {
			n.Content = append(n.Content[:i], n.Content[i+2:]...)
			return
		}
	}
}

// rename gives a key another name, unless that is taken.
func rename(n *yaml.Node, from, to string) {
	if child(n, from) == nil || child(n, to) != nil {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, from) {
			n.Content[i].Value = to
		}
	}
}

// section gives the mapping at the keys, made where it is missing.
func section(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		c := child(n, k)
		if c == nil {
			c = &yaml.Node{Kind: yaml.MappingNode}
			n.Content = append(n.Content, textNode(k), c)
		}
		n = c
	}
	return n
}

// fill sets a property that is not set, and tells whether it did.
func fill(n *yaml.Node, value *yaml.Node, keys ...string) bool {
	last := len(keys) - 1
	if value == nil || descend(n, keys...) != nil {
		return false
	}
	parent := section(n, keys[:last]...)
	if parent.Kind != yaml.MappingNode { // what stands there instead is reported when the result is read
		return false
	}
	parent.Content = append(parent.Content, textNode(keys[last]), value)
	return true
}

func textNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func trueNode() *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"} }

// isUnset tells whether a value says nothing: null, empty text, an empty section or list.
func isUnset(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return n.ShortTag() == "!!null" || n.Value == ""
	}
	return len(n.Content) == 0
}

func encode(n *yaml.Node) []byte {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	_ = enc.Encode(n) // nodes that were parsed can be encoded, and a buffer takes everything
	_ = enc.Close()
	return b.Bytes()
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
