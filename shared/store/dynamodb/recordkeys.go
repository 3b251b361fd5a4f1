package dynamodb

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dps/shared/dps"
)

// The indexes by which records are found (docs/adr/0010). Each has keys of its own on a record's item, so that nothing else is in
// it. What orders a partition begins with the time of the last change, turned round: the latest is first.
const (
	IndexByTime   = "byTime"   // OWNER#owner#TIME#state#shard / time#id; with what a summary needs
	IndexByGroup  = "byGroup"  // OWNER#owner#GROUP#group#state#shard / time#id
	IndexByDevice = "byDevice" // OWNER#owner#DEVICE#shard / device id in small letters#id
	IndexByName   = "byName"   // OWNER#owner#NAME#shard / common name in small letters#id

	TimeKey    = "timeKey"
	TimeSort   = "timeSort" // of IndexByTime and IndexByGroup
	GroupKey   = "groupKey"
	DeviceKey  = "deviceKey"
	DeviceSort = "deviceSort"
	NameKey    = "nameKey"
	NameSort   = "nameSort"

	// AttributeCommonName is what a summary needs and a record has only deep inside.
	AttributeCommonName = "commonName"
)

const (
	// indexShards spreads an owner's records over partitions of each index: one takes 1 000 writes a second. The number is part of
	// the stored keys.
	indexShards = 8
	// maxNameKey cuts what orders an index by names, in bytes; a key has 1 024.
	maxNameKey = 256
)

// indexed puts the record into the indexes.
func indexed(it item, owner string, s dps.RecordSummary) {
	shard := shardOf(s.ID)
	it[TimeKey], it[TimeSort] = text(timeKey(owner, s.State, shard)), text(timeSort(s.Position()))
	it[GroupKey] = text(groupKey(owner, s.GroupID, s.State, shard))
	if s.DeviceID != "" {
		name := foldName(s.DeviceID)
		it[DeviceKey], it[DeviceSort] = text(deviceKey(owner, shardOf(name))), text(name+"#"+s.ID)
	}
	if s.CommonName != "" {
		it[NameKey], it[NameSort] = text(nameKey(owner, shard)), text(foldName(s.CommonName)+"#"+s.ID)
		it[AttributeCommonName] = text(s.CommonName)
	}
}

// Only the owner can hold a '#', and what comes after it has a fixed number of parts: no two partitions are one.

func timeKey(owner string, state dps.RecordState, shard int) string {
	return "OWNER#" + owner + "#TIME#" + string(state) + "#" + strconv.Itoa(shard)
}

func groupKey(owner, group string, state dps.RecordState, shard int) string {
	return "OWNER#" + owner + "#GROUP#" + strconv.Quote(group) + "#" + string(state) + "#" + strconv.Itoa(shard)
}

func deviceKey(owner string, shard int) string {
	return "OWNER#" + owner + "#DEVICE#" + strconv.Itoa(shard)
}

func nameKey(owner string, shard int) string {
	return "OWNER#" + owner + "#NAME#" + strconv.Itoa(shard)
}

func shardOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	return int(h.Sum32() % indexShards)
}

// timeSort orders positions as dps.RecordPosition.Compare does.
func timeSort(p dps.RecordPosition) string { return turned(p.Updated) + "#" + p.ID }

// What times are turned round at.
const (
	beyond       = 1_000_000_000_000 // seconds after 1970: long after the year 9999
	nearlyOne    = 999_999_999       // nanoseconds
	secondDigits = 13
)

// turned gives 22 digits, the lower the later: of the years 0 to 9999.
func turned(t time.Time) string {
	return fmt.Sprintf("%0*d%09d", secondDigits, beyond-t.Unix(), nearlyOne-t.Nanosecond())
}

// foldName is the form in which names are compared, cut to what a key takes.
func foldName(name string) string {
	name = strings.ToLower(name)
	if len(name) <= maxNameKey {
		return name
	}
	cut := maxNameKey
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut]
}
