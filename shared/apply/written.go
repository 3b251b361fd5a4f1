package apply

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"dps/shared/dps"
)

// digests gives, by group id, what the objects say of each group and its hubs.
func (o Objects) digests() map[string]string {
	out := make(map[string]string, len(o.Groups))
	for _, g := range o.Groups {
		h := hmac.New(sha256.New, []byte(g.ID))
		encoder := json.NewEncoder(h)
		_ = encoder.Encode(g) // a hash takes everything, and these types have a form in JSON
		for _, hub := range o.hubsOf(g) {
			_ = encoder.Encode(hub)
		}
		out[g.ID] = hex.EncodeToString(h.Sum(nil))
	}
	return out
}

func (o Objects) hubsOf(g dps.EnrollmentGroup) []dps.Hub {
	return slices.DeleteFunc(slices.Clone(o.Hubs), func(h dps.Hub) bool { return !slices.Contains(g.HubIDs, h.ID) })
}

// without leaves out the groups of which both digests are the same, and hubs that only such groups name.
func (o Objects) without(before, now map[string]string) (rest Objects, untouched []string) {
	for _, g := range o.Groups {
		if before[g.ID] == now[g.ID] {
			untouched = append(untouched, item("group", g.ID, g.Name))
			continue
		}
		rest.Groups = append(rest.Groups, g)
	}
	for _, h := range o.Hubs {
		if slices.ContainsFunc(rest.Groups, func(g dps.EnrollmentGroup) bool { return slices.Contains(g.HubIDs, h.ID) }) {
			rest.Hubs = append(rest.Hubs, h)
		}
	}
	return rest, untouched
}
