package dpsctl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dps/shared/apply"
	"dps/shared/dps"
)

// allOwners gives those asked for; where none are, those that the store and the configuration know of, ordered. Errors:
// CodeInvalid where none are known.
func (b *backend) allOwners(ctx context.Context, asked []string) ([]string, error) {
	if b.remote != nil {
		return b.tokensOwner(asked)
	}
	if len(asked) > 0 {
		return sorted(asked), nil
	}
	owners := slices.Clone(b.owners)
	for _, source := range []string{apply.SourceConfig, apply.SourceCLI} {
		m, err := b.stores.Manifest(ctx, source)
		if err != nil {
			return nil, err
		}
		for _, id := range m.GroupIDs {
			g, err := b.store.Group(ctx, id)
			if dps.CodeOf(err) == dps.CodeNotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			owners = append(owners, g.Owner)
		}
	}
	if len(owners) == 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "whose? Give --owner OWNER: in %s are no groups from a configuration file or dpsctl apply that would name owners", b.where)
	}
	return sorted(owners), nil
}

// tokensOwner is the one owner whose objects an API shows.
func (b *backend) tokensOwner(asked []string) ([]string, error) {
	for _, owner := range asked {
		if owner != b.me.Owner {
			return nil, dps.Errorf(dps.CodeInvalid, "--owner %s: over the API you see what is yours, owner %q's: leave it out, or log in as another", owner, b.me.Owner)
		}
	}
	return []string{b.me.Owner}, nil
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

// people names owners.
func people(owners []string) string {
	var quoted []string
	for i, o := range owners {
		if i == 3 {
			quoted = append(quoted, fmt.Sprintf("%d more", len(owners)-i))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", o))
	}
	return "owner " + strings.Join(quoted, ", ")
}
