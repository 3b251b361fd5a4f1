package rest

import (
	"cmp"
	"context"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/dps"
)

// Bounds on statistics.
const (
	shownDays    = 14
	shownMinutes = 60
	maxErrors    = 10
	maxCounts    = 1024 // owners whose counts are remembered
	// Counting reads every record's summary, so that counts are used again for shortest, or patience times as long as counting
	// took: a console that asks every few seconds costs a small part of the time.
	shortest = time.Second
	patience = 30
)

// Statistics count an owner's records.
type Statistics struct {
	AsOf       string      `json:"asOf" doc:"When they were counted, RFC 3339; counts may be used again for a while."`
	Total      Tally       `json:"total"`
	Days       []Tally     `json:"days" doc:"Of the last 14 days (UTC), by the day of the records' last change, name YYYY-MM-DD, oldest first."`
	Minutes    []Tally     `json:"minutes" doc:"Of the last 60 minutes, by the minute of the records' last change, name RFC 3339, oldest first; those with nothing are left out."`
	Groups     []Tally     `json:"groups" doc:"By enrollment group, name being its id."`
	LastErrors []LastError `json:"lastErrors" doc:"The latest, latest first."`
}

// Tally counts records by state.
type Tally struct {
	Name    string `json:"name"`
	OK      int32  `json:"ok"`
	Failed  int32  `json:"failed"`
	Pending int32  `json:"pending"`
}

// LastError is a step's last result that is an error.
type LastError struct {
	Time              string `json:"time" doc:"RFC 3339."`
	RecordID          string `json:"recordId"`
	DeviceID          string `json:"deviceId"`
	EnrollmentGroupID string `json:"enrollmentGroupId"`
	Step              string `json:"step"`
	CoAPCode          string `json:"coapCode"`
	ErrorMessage      string `json:"errorMessage"`
}

// counts remembers statistics by owner; each owner's are counted once at a time.
type counts struct{ owners *lru.Cache[string, *count] }

type count struct {
	busy  chan struct{} // holds one while they are counted or looked at
	last  Statistics
	until time.Time
}

func newCounts() counts {
	owners, _ := lru.New[string, *count](maxCounts) // only a size below 1 is an error
	return counts{owners}
}

func (c counts) of(owner string) *count {
	fresh := &count{busy: make(chan struct{}, 1)}
	if known, ok, _ := c.owners.PeekOrAdd(owner, fresh); ok {
		c.owners.Get(owner) // it is in use
		return known
	}
	return fresh
}

func (a *api) statistics(x *exchange) (answer, error) {
	c := a.counts.of(x.owner())
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-x.ctx().Done():
		return answer{}, dps.Wrap(dps.CodeUnavailable, x.ctx().Err(), "counting takes too long")
	}
	if begin := a.Now(); !begin.Before(c.until) {
		fresh, err := a.countRecords(x.ctx(), x.owner(), begin)
		if err != nil {
			return answer{}, err
		}
		end := a.Now()
		c.last, c.until = fresh, end.Add(max(shortest, patience*end.Sub(begin)))
	}
	return answer{object: c.last}, nil
}

func (a *api) countRecords(ctx context.Context, owner string, now time.Time) (Statistics, error) {
	c := newTallies(now)
	if err := a.Store.SummarizeRecords(ctx, owner, func(s dps.RecordSummary) bool { c.add(s); return true }); err != nil {
		return Statistics{}, err
	}
	failed, _, err := a.Store.FindRecords(ctx, dps.RecordQuery{Owner: owner, States: []dps.RecordState{dps.RecordFailed}}, dps.Page{Size: maxErrors})
	if err != nil {
		return Statistics{}, err
	}
	return Statistics{
		AsOf: stamp(now), Total: c.total, Days: c.days, Minutes: byName(c.minutes), Groups: byName(c.groups), LastErrors: lastErrors(failed),
	}, nil
}

// tallies count.
type tallies struct {
	total           Tally
	days            []Tally
	firstDay        time.Time
	firstMinute     time.Time
	minutes, groups map[string]*Tally
}

func newTallies(now time.Time) *tallies {
	now = now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	t := &tallies{
		firstDay: today.AddDate(0, 0, 1-shownDays), firstMinute: now.Truncate(time.Minute).Add(-(shownMinutes - 1) * time.Minute),
		minutes: map[string]*Tally{}, groups: map[string]*Tally{},
	}
	for i := range shownDays {
		t.days = append(t.days, Tally{Name: t.firstDay.AddDate(0, 0, i).Format(time.DateOnly)})
	}
	return t
}

func (t *tallies) add(s dps.RecordSummary) {
	t.total.add(s.State)
	named(t.groups, s.GroupID).add(s.State)
	if day := int(s.Updated.Sub(t.firstDay) / (24 * time.Hour)); !s.Updated.Before(t.firstDay) && day < shownDays {
		t.days[day].add(s.State)
	}
	if !s.Updated.Before(t.firstMinute) {
		named(t.minutes, s.Updated.UTC().Truncate(time.Minute).Format(time.RFC3339)).add(s.State)
	}
}

func (t *Tally) add(state dps.RecordState) {
	switch state {
	case dps.RecordOK:
		t.OK++
	case dps.RecordFailed:
		t.Failed++
	default:
		t.Pending++
	}
}

func named(of map[string]*Tally, name string) *Tally {
	if of[name] == nil {
		of[name] = &Tally{Name: name}
	}
	return of[name]
}

func byName(of map[string]*Tally) []Tally {
	var out []Tally
	for _, t := range of {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Tally) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// lastErrors gives the failed steps of the records, the latest first.
func lastErrors(records []dps.Record) []LastError {
	var failed []dps.StepResult
	for _, r := range records {
		for _, s := range r.Steps {
			if s.Failed() {
				s.DeviceID = r.DeviceID
				failed = append(failed, s)
			}
		}
	}
	slices.SortFunc(failed, func(a, b dps.StepResult) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.RecordID, b.RecordID), cmp.Compare(a.Step, b.Step))
	})
	var out []LastError
	for _, s := range failed[:min(len(failed), maxErrors)] {
		out = append(out, LastError{
			Time: stamp(s.Time), RecordID: s.RecordID, DeviceID: s.DeviceID, EnrollmentGroupID: s.GroupID, Step: string(s.Step),
			CoAPCode: s.CoAPCode, ErrorMessage: s.ErrorMessage,
		})
	}
	return out
}
