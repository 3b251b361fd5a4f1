package dynamodb

import (
	"context"
	"crypto/x509"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
)

// The index finds groups by their authorities:
//
//	CA#<hash of the subject's name> / <CAIdentity>#GROUP#<id>   one for each authority of the chain
//	LEAD#<CAIdentity>               / META                      groupId: whose lead certificate it is, one group's alone
const (
	authorityPrefix = "CA#"
	leadPrefix      = "LEAD#"
	groupPart       = "#GROUP#"
)

// entry is the key of an index item.
type entry struct{ partition, sort string }

func (e entry) isLead() bool { return strings.HasPrefix(e.partition, leadPrefix) }
func (e entry) key() item    { return itemKey(e.partition, e.sort) }

// index is the set of a group's index items.
type index map[entry]bool

// indexOf gives the group's index items. A group that waits for proof has none: anybody can make one of anybody's certificates.
func indexOf(g dps.EnrollmentGroup) (index, error) {
	if g.Challenge != "" {
		return index{}, nil
	}
	chain, err := g.X509.Certificates()
	if err != nil {
		return nil, err
	}
	lead, err := g.X509.LeadCertificate(chain)
	if err != nil {
		return nil, err
	}
	all := index{{leadPrefix + dps.CAIdentity(chain[lead]), meta}: true}
	for _, c := range chain {
		all[entry{authorityPrefix + dps.NameHash(c.RawSubject), dps.CAIdentity(c) + groupPart + g.ID}] = true
	}
	return all, nil
}

// indexedAt gives the index items of the stored group. Errors: CodeConflict where its version is another.
func (s *Store) indexedAt(ctx context.Context, id string, version uint64) (index, error) {
	g, err := s.Group(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && g.Version != version {
		return nil, outdated(kindGroup, id, version)
	}
	if err != nil {
		return nil, err
	}
	return indexOf(g)
}

// reindex gives the writes that make fresh of old. The lead certificate is written even where it stays, as a condition.
func (s *Store) reindex(groupID string, old, fresh index) (writes []write) {
	mine := item{":id": text(groupID)}
	for e := range fresh {
		it := e.key()
		it["groupId"] = text(groupID)
		switch {
		case e.isLead():
			taken := dps.Errorf(dps.CodeConflict, "the lead certificate belongs to another enrollment group already")
			writes = append(writes, s.put(it, "attribute_not_exists(PK) OR groupId = :id", mine, taken))
		case !old[e]:
			writes = append(writes, s.put(it, "", nil, nil))
		}
	}
	for e := range old {
		switch {
		case fresh[e]:
		case e.isLead():
			moved := dps.Errorf(dps.CodeConflict, "enrollment group %s was changed", groupID)
			writes = append(writes, s.del(e.key(), "groupId = :id", mine, moved))
		default:
			writes = append(writes, s.del(e.key(), "", nil, nil))
		}
	}
	return writes
}

// indexed gives the ids of the groups with an authority of this name, in order.
func (s *Store) indexed(ctx context.Context, nameHash string) ([]string, error) {
	if !isKey(nameHash) {
		return nil, nil
	}
	ids := make(map[string]bool)
	in := &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(consistently), KeyConditionExpression: aws.String("PK = :authority"),
		ExpressionAttributeValues: item{":authority": text(authorityPrefix + nameHash)},
	}
	for {
		out, err := call(ctx, s.client.Query, in)
		if err != nil {
			return nil, err
		}
		for _, it := range out.Items {
			ids[stringOf(it["groupId"])] = true
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return slices.Sorted(maps.Keys(ids)), nil
		}
	}
}

// carrier gives the group, unless it was deleted, or gave up the authority, after the index was read.
func carrier(it item, nameHash string) (g dps.EnrollmentGroup, ok bool, err error) {
	if it == nil {
		return g, false, nil
	}
	if g, err = decode[dps.EnrollmentGroup](it); err != nil {
		return g, false, err
	}
	chain, err := g.X509.Certificates()
	return g, slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return dps.NameHash(c.RawSubject) == nameHash }), err
}
