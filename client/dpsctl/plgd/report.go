package plgd

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Note is a remark on one property.
type Note struct {
	Path string // dotted, as in the file that was read; of what was filled in, as in the result
	Text string // a sentence; never a secret
}

// String gives the note as one line.
func (n Note) String() string { return n.Path + ": " + n.Text }

// drop notes what has no counterpart: the whole subtree in one line, or, where sentences are known for parts of it, these
// parts.
func (im *importer) drop(path string, v *yaml.Node) {
	text, known := sentence(path)
	switch {
	case isUnset(v):
		return
	case known:
		im.result.Dropped = append(im.result.Dropped, Note{path, text})
	case hasParts(pattern(path), v):
		for i := 0; i+1 < len(v.Content); i += 2 {
			im.drop(join(path, v.Content[i].Value), v.Content[i+1])
		}
	default:
		im.result.Dropped = append(im.result.Dropped, Note{path, inherited(pattern(path))})
	}
}

// sentence gives what is said of exactly this path.
func sentence(path string) (string, bool) {
	p := pattern(path)
	if text, known := sentences[p]; known {
		return text, true
	}
	text, known := sentences[strings.TrimPrefix(p, lower(chart)+".")]
	return text, known
}

func (im *importer) filled(path, format string, args ...any) {
	im.result.Filled = append(im.result.Filled, Note{path, fmt.Sprintf(format, args...)})
}

// refuse notes a value that is impossible here.
func (im *importer) refuse(path string, v *yaml.Node) {
	if _, known := sentence(path); known {
		im.drop(path, v)
		return
	}
	im.result.Dropped = append(im.result.Dropped, Note{path, strconv.Quote(v.Value) + " is not possible here; the default is taken."})
}

func (im *importer) todo(path, text string) {
	im.result.ToDo = append(im.result.ToDo, Note{path, text})
}

// pattern is a path without the numbers of list entries, in lower case.
func pattern(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ToLower(path), ".") {
		name, _, _ := strings.Cut(part, "[")
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

// hasParts tells whether a section is listed by its parts: sentences are known for them, or it is small.
func hasParts(path string, v *yaml.Node) bool {
	if v.Kind != yaml.MappingNode {
		return false
	}
	for known := range sentences {
		if strings.HasPrefix(known, path+".") && known != path+".*" {
			return true
		}
	}
	return leaves(v) <= maxListed
}

// maxListed is how many properties a section may have to be listed property by property.
const maxListed = 6

func leaves(n *yaml.Node) int {
	if n.Kind != yaml.MappingNode {
		return 1
	}
	count := 0
	for i := 1; i < len(n.Content); i += 2 {
		count += leaves(n.Content[i])
	}
	return count
}

// inherited gives the sentence of the nearest section around the path that has one for all below it, its own included.
func inherited(path string) string {
	for {
		if text, known := sentences[path+".*"]; known {
			return text
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return "unknown here; it is left out."
		}
		path = path[:i]
	}
}
