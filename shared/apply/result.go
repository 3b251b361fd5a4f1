package apply

import (
	"fmt"
	"reflect"
	"strings"
)

// Result lists what Apply did, each entry as "group ID (NAME)" or "hub ID (NAME)".
type Result struct {
	Created   []string
	Updated   []string
	Unchanged []string
	Deleted   []string
	Untouched []string // groups of which the source says what it said before; see OnlyChanged
	Kept      []string // hubs the source no longer names, but a group of another source does
}

// Changed tells whether anything in the stores changed.
func (r Result) Changed() bool { return len(r.Created)+len(r.Updated)+len(r.Deleted) > 0 }

// String gives one line per entry, and a summary.
func (r Result) String() string {
	var b strings.Builder
	for _, part := range []struct {
		what  string
		items []string
	}{{"created", r.Created}, {"updated", r.Updated}, {"unchanged", r.Unchanged}, {"untouched", r.Untouched}, {"deleted", r.Deleted}, {"kept", r.Kept}} {
		for _, it := range part.items {
			fmt.Fprintf(&b, "%-9s  %s\n", part.what, it)
		}
	}
	fmt.Fprintf(&b, "%d created, %d updated, %d unchanged, %d deleted", len(r.Created), len(r.Updated), len(r.Unchanged), len(r.Deleted))
	if len(r.Untouched) > 0 {
		fmt.Fprintf(&b, ", %d as the source said before", len(r.Untouched))
	}
	if len(r.Kept) > 0 {
		fmt.Fprintf(&b, ", %d kept because other groups name them", len(r.Kept))
	}
	return b.String()
}

func (r *Result) put(existed bool, it string) {
	if existed {
		r.Updated = append(r.Updated, it)
	} else {
		r.Created = append(r.Created, it)
	}
}

func item(kind, id, name string) string {
	if name == "" {
		return kind + " " + id
	}
	return kind + " " + id + " (" + name + ")"
}

// normal gives v with every empty slice as nil, at any depth of structs: stores differ in which of the two they return.
func normal[T any](v T) T {
	emptyToNil(reflect.ValueOf(&v).Elem())
	return v
}

func emptyToNil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			emptyToNil(v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
		}
	}
}
