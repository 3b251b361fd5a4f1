package plgd

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/shared/config"
	"dps/shared/dps"
)

// maxNodes bounds a file after its aliases are followed.
const maxNodes = 100_000

// parse gives the only document's root, a mapping, with aliases and merge keys followed. Errors: CodeInvalid.
func parse(data []byte) (*yaml.Node, error) {
	if len(data) > config.MaxFileSize {
		return nil, dps.Errorf(dps.CodeInvalid, "the file is larger than %d bytes", config.MaxFileSize)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, dps.Errorf(dps.CodeInvalid, "the file is empty")
	} else if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, dps.Errorf(dps.CodeInvalid, "more than one YAML document: remove what follows the line ---")
	}
	r := resolver{}
	root := r.resolve(doc.Content[0])
	switch {
	case r.nodes > maxNodes:
		return nil, dps.Errorf(dps.CodeInvalid, "more than %d values: use fewer aliases", maxNodes)
	case root.Kind != yaml.MappingNode:
		return nil, dps.Errorf(dps.CodeInvalid, "the file does not hold properties, one a line")
	}
	return root, nil
}

// resolver copies a tree and follows aliases and merge keys on the way.
type resolver struct{ nodes int }

func (r *resolver) resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	out := *n
	out.Anchor, out.Alias, out.Content = "", nil, nil
	if r.nodes++; r.nodes > maxNodes {
		return &out
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			out.Content = append(out.Content, r.resolve(c))
		}
		return &out
	}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], r.resolve(n.Content[i+1])
		if key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		out.Content = append(out.Content, r.resolve(key), value)
	}
	for _, m := range merged {
		addMissing(&out, m)
	}
	return &out
}

// addMissing merges: what is set already stays. A list of mappings merges each in turn.
func addMissing(to, from *yaml.Node) {
	if from.Kind == yaml.SequenceNode {
		for _, m := range from.Content {
			addMissing(to, m)
		}
		return
	}
	for i := 0; i+1 < len(from.Content); i += 2 {
		if child(to, from.Content[i].Value) == nil {
			to.Content = append(to.Content, from.Content[i], from.Content[i+1])
		}
	}
}
