package dynamodb

import (
	"hash/fnv"
	"strconv"
	"strings"

	"dps/shared/dps"
)

// The table's attributes and its index, as the template and CreateTable make them.
const (
	PartitionKey = "PK"       // "GROUP#id", "HUB#id", …: see the kinds below
	SortKey      = "SK"       // "META", or what orders a partition
	OwnerKey     = "ownerKey" // "OWNER#owner#kind#shard", on what can be listed by owner; partition key of IndexByOwner
	IDKey        = "id"       // sort key of IndexByOwner
	IndexByOwner = "byOwner"  // holds keys alone, so that an update that moves nothing costs nothing there
	ExpiryKey    = "ttl"      // the table's time-to-live attribute; nothing that is kept today expires
)

const (
	meta       = "META"
	maxSortKey = 1024 // bytes, DynamoDB's bound
)

// kind is a kind of object, kept under "PREFIX#id" / "META".
type kind struct {
	what   string // in messages
	prefix string
	shards int // of its listing by owner; 0: it is not listed
}

// The kinds. Beside them there are, in partitions of their own, "CA#…" and "LEAD#…" (groups by their authorities) and
// "GEN"; and the audit, "CERT#time#serial#hash" in a record's partition.
var (
	kindGroup    = kind{"enrollment group", "GROUP#", 1}
	kindHub      = kind{"hub", "HUB#", 1}
	kindRecord   = kind{"provisioning record", "REC#", recordShards}
	kindBinding  = kind{"binding of device", "DEVICE#", 0}
	kindManifest = kind{"manifest", "MANIFEST#", 0}
)

// recordShards spreads an owner's records over partitions of the index: one takes 1 000 writes a second, and all devices of
// a fleet may come at once. The number is part of the stored keys.
const recordShards = 16

func (k kind) key(id string) item { return itemKey(k.prefix+id, meta) }

// ownerKeys gives the partitions of the index that hold the owner's objects. Kind and shard hold no '#', so that no owner's
// name makes two partitions one.
func (k kind) ownerKeys(owner string) []string {
	keys := make([]string, k.shards)
	for shard := range keys {
		keys[shard] = k.ownerKey(owner, shard)
	}
	return keys
}

func (k kind) ownerKey(owner string, shard int) string {
	return "OWNER#" + owner + "#" + k.prefix + strconv.Itoa(shard)
}

// listed makes the object one of its owner's.
func (k kind) listed(it item, owner, id string) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))                                              // a hash takes everything
	it[OwnerKey] = text(k.ownerKey(owner, int(h.Sum32()%uint32(k.shards)))) //nolint:gosec // shards is 1 or 16
}

func generationKey() item { return itemKey("GEN", meta) }

func itemKey(partition, sort string) item {
	return item{PartitionKey: text(partition), SortKey: text(sort)}
}

// isKey tells whether anything can be stored under the id.
func isKey(id string) bool { return dps.CheckKey("id", id) == nil }

// id is the inverse of key.
func (k kind) id(it item) string { return strings.TrimPrefix(stringOf(it[PartitionKey]), k.prefix) }

// isOwners tells whether the listed object is the owner's.
func (k kind) isOwners(it item, owner string) bool {
	rest, ok := strings.CutPrefix(stringOf(it[OwnerKey]), "OWNER#"+owner+"#"+k.prefix)
	return ok && !strings.Contains(rest, "#")
}
