package apply

import (
	"context"
	"maps"
	"slices"

	"dps/shared/dps"
)

// Action is what Apply does to an object.
type Action string

// The actions.
const (
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionDelete Action = "delete"
)

// Change is one object that Apply would write or delete.
type Change struct {
	Action Action
	Kind   string // "group" or "hub"
	ID     string
	Name   string  // "" where it has none
	Fields []Field // what differs, in the order of the types; of a deletion none
}

// Plan is what Apply would do, in its order.
type Plan struct {
	Changes   []Change
	Unchanged []string // as in Result
	Kept      []string // as in Result
	Secrets   []string // names of secrets that are written again although their group or hub stays as it is: lost ones
}

// Empty tells whether Apply would change nothing.
func (p Plan) Empty() bool { return len(p.Changes)+len(p.Secrets) == 0 }

// Count gives how many objects see the action.
func (p Plan) Count(a Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == a {
			n++
		}
	}
	return n
}

// NewPlan finds out what Apply with the same arguments would do, and writes nothing: it is Apply itself, over stores that
// only note what they are told. What others change between plan and Apply is not foreseen. Errors: as Apply.
func NewPlan(ctx context.Context, stores Stores, secrets dps.SecretWriter, source string, objects Objects) (Plan, error) {
	n := newNotebook(stores, secrets)
	result, err := Apply(ctx, n, n.vault(), source, objects)
	if err != nil {
		return Plan{}, err
	}
	return Plan{Changes: n.changes(), Unchanged: result.Unchanged, Kept: result.Kept, Secrets: n.lostSecrets()}, nil
}

// changes gives what is noted, in the order of the notes.
func (n *notebook) changes() []Change {
	var all []Change
	for _, k := range n.order {
		c := Change{Kind: k.kind, ID: k.id, Action: ActionUpdate}
		switch k.kind {
		case kindGroup:
			note := n.groups[k.id]
			c.Name, c.Action = name(note.old.Name, note.now.Name, note.deleted), note.action()
			c.Fields = differences(note.old, note.now, n.rewritten(groupSecrets(&note.now)))
		case kindHub:
			note := n.hubs[k.id]
			c.Name, c.Action = name(note.old.Name, note.now.Name, note.deleted), note.action()
			c.Fields = differences(note.old, note.now, n.rewritten(hubSecrets(&note.now)))
		}
		if c.Action == ActionDelete {
			c.Fields = nil
		}
		all = append(all, c)
	}
	return all
}

// rewritten gives the references to secrets that get another value.
func (n *notebook) rewritten(secrets []secret) map[dps.SecretRef]bool {
	out := make(map[dps.SecretRef]bool)
	for _, s := range secrets {
		if n.written[s.name] {
			out[*s.ref] = true
		}
	}
	return out
}

// lostSecrets gives the secrets that are written for objects that stay as they are.
func (n *notebook) lostSecrets() []string {
	lost := maps.Clone(n.written)
	for _, noted := range n.groups {
		forget(lost, groupSecrets(&noted.now))
	}
	for _, noted := range n.hubs {
		forget(lost, hubSecrets(&noted.now))
	}
	return slices.Sorted(maps.Keys(lost))
}

func forget(names map[string]bool, secrets []secret) {
	for _, s := range secrets {
		delete(names, s.name)
	}
}

func name(old, now string, deleted bool) string {
	if deleted {
		return old
	}
	return now
}
