package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mongoDBAdvice is what the predecessor's storage section is answered with.
const mongoDBAdvice = "MongoDB is not supported: remove the section to keep everything in one file " +
	"(clients.storage.bolt.path, default dps.db), or write use: dynamoDB and dynamoDB: {table: NAME}"

// match is the field that a key of the file means.
type match struct {
	field
	index   int
	content bool // the key was the one for the content itself
}

// findKey finds a key's field by its name; failing that, by its other names; failing that, without regard to case: the
// predecessor's own documents disagree on clientID and clientId, hub and Hub.
func findKey(t reflect.Type, key *yaml.Node) (match, bool) {
	if key.Kind != yaml.ScalarNode {
		return match{}, false
	}
	if m, ok := findName(t, func(name string) bool { return name == key.Value }); ok {
		return m, true
	}
	return findName(t, func(name string) bool { return strings.EqualFold(name, key.Value) })
}

func findName(t reflect.Type, is func(string) bool) (match, bool) {
	for i := range t.NumField() {
		f, ok := fieldOf(t.Field(i))
		if !ok {
			continue
		}
		if is(f.name) || slices.ContainsFunc(f.aliases, is) {
			return match{f, i, false}, true
		}
		if f.inline != "" && is(f.inline) {
			return match{f, i, true}, true
		}
	}
	return match{}, false
}

func (d *decoder) unknownKey(key *yaml.Node, t reflect.Type, path string) {
	name := key.Value
	if key.Kind != yaml.ScalarNode {
		name = "(" + kindName(key) + ")"
	}
	at := join(path, printableKey(name))
	d.lines[at] = key.Line
	switch {
	case d.full(): // working out what was meant would be lost labour
		d.add(at, "unknown property")
	case path == "clients.storage" && strings.EqualFold(name, "mongoDB"):
		d.add(at, "%s", mongoDBAdvice)
	case name == "<<":
		d.add(at, "merge keys are not supported: write the properties out, or use an alias for the whole section")
	default:
		d.add(at, "unknown property: %s", suggestion(name, t))
	}
}

// suggestion says what may have been meant: the known name that is hardly different, else all of them.
func suggestion(name string, t reflect.Type) string {
	var names []string
	for i := range t.NumField() {
		f, ok := fieldOf(t.Field(i))
		if !ok {
			continue
		}
		if distance(strings.ToLower(name), strings.ToLower(f.name)) <= 2 {
			return fmt.Sprintf("did you mean %s?", f.name)
		}
		names = append(names, f.name)
	}
	return "known here are " + strings.Join(names, ", ")
}

// distance is the number of single-letter edits from a to b (Levenshtein), or 3 where the lengths alone say it is more than 2.
func distance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// printableKey bounds and cleans a foreign key for a path.
func printableKey(name string) string {
	if q := show(name); q != `"`+name+`"` || strings.ContainsAny(name, ".[] ") {
		return q
	}
	return name
}
