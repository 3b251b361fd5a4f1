package dynamodb

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dps/shared/dps"
)

// summaryPage is how many entries one query asks for; DynamoDB ends it at 1 MB.
const summaryPage = 10_000

// SummarizeRecords implements dps.RecordStore: it reads the index by time, which holds what a summary needs, and no record. That
// is about 50 read units per thousand records.
func (s *Store) SummarizeRecords(ctx context.Context, owner string, visit func(dps.RecordSummary) bool) error {
	if err := ctx.Err(); err != nil {
		return explain(err)
	}
	if !isKey(owner) {
		return nil
	}
	var mu sync.Mutex
	enough := false
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxQueries)
	for _, state := range dps.RecordStates() {
		for shard := range indexShards {
			r := &ranged{
				store: s, index: IndexByTime, keyName: TimeKey, sortName: TimeSort, key: timeKey(owner, state, shard),
				from: "0", until: "9#", size: summaryPage,
			}
			group.Go(func() error {
				for {
					if err := r.fill(ctx); err != nil || len(r.entries) == 0 {
						return err
					}
					mu.Lock()
					for _, it := range r.entries {
						enough = enough || !visit(summaryOf(it, state))
					}
					stop := enough
					mu.Unlock()
					if r.entries = nil; stop {
						return nil
					}
				}
			})
		}
	}
	return group.Wait()
}

// summaryOf reads an entry of the index by time.
func summaryOf(it item, state dps.RecordState) dps.RecordSummary {
	digits, _, _ := strings.Cut(stringOf(it[TimeSort]), "#")
	return dps.RecordSummary{
		ID: kindRecord.id(it), GroupID: stringOf(it["groupId"]), DeviceID: stringOf(it["deviceId"]), CommonName: stringOf(it[AttributeCommonName]),
		State: state, Updated: turnedBack(digits),
	}
}

// turnedBack is the inverse of turned; zero for what is none.
func turnedBack(digits string) time.Time {
	var numbers [2]int64
	for i, part := range []string{digits[:min(len(digits), secondDigits)], digits[min(len(digits), secondDigits):]} {
		for _, d := range part {
			numbers[i] = numbers[i]*10 + int64(d-'0')
		}
	}
	return time.Unix(beyond-numbers[0], nearlyOne-numbers[1]).UTC()
}
