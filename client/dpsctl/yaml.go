package dpsctl

import (
	"bytes"
	"encoding/json"
	"io"

	"go.yaml.in/yaml/v3"

	"dps/shared/dps"
)

// yamlPrinter writes a sequence, or a single object, in the names of the JSON form.
type yamlPrinter[T any] struct {
	out    io.Writer
	single bool
	n      int
}

func (p *yamlPrinter[T]) page(objects []T) error {
	for _, o := range objects {
		n, err := yamlNode(o)
		if err != nil {
			return dps.Wrap(dps.CodeInternal, err, "an object cannot be written as YAML")
		}
		if !p.single {
			n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}
		}
		var b bytes.Buffer
		enc := yaml.NewEncoder(&b)
		enc.SetIndent(2)
		if err := enc.Encode(n); err != nil {
			return dps.Wrap(dps.CodeInternal, err, "an object cannot be written as YAML")
		}
		p.n++
		if _, err := b.WriteTo(p.out); err != nil {
			return err
		}
	}
	return nil
}

func (p *yamlPrinter[T]) end() error {
	if p.single || p.n > 0 {
		return nil
	}
	_, err := io.WriteString(p.out, "[]\n")
	return err
}

// yamlNode makes YAML of the JSON form: all JSON is YAML.
func yamlNode(v any) (*yaml.Node, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	plain(doc.Content[0])
	return doc.Content[0], nil
}

// plain takes JSON's braces and quotes away.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plain(c)
	}
}
