package rest

import (
	"cmp"
	"slices"
	"time"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// Bounds on one answer of statistics.
const (
	maxCounted = 10_000 // records; a larger fleet is counted in several answers
	maxErrors  = 10
)

// Statistics count records. They are counted when asked for, by reading them: Complete tells whether all of them were.
type Statistics struct {
	Examined      int32       `json:"examined" doc:"How many records were counted for this answer."`
	Complete      bool        `json:"complete" doc:"All records were counted; else go on with nextPageToken and add up."`
	NextPageToken string      `json:"nextPageToken"`
	Total         Tally       `json:"total"`
	Days          []Tally     `json:"days" doc:"By the day (UTC) of the records' last change, name YYYY-MM-DD, oldest first."`
	Groups        []Tally     `json:"groups" doc:"By enrollment group, name being its id."`
	LastErrors    []LastError `json:"lastErrors" doc:"The latest among the counted records, latest first."`
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

func (t *Tally) add(state string) {
	switch state {
	case plgd.StateOK:
		t.OK++
	case plgd.StateFailed:
		t.Failed++
	default:
		t.Pending++
	}
}

// counter counts.
type counter struct {
	total        Tally
	days, groups map[string]*Tally
	errors       []dps.StepResult
}

func (a *api) statistics(x *exchange) (answer, error) {
	keep, err := recordFilter(x)
	if err != nil {
		return answer{}, err
	}
	at, err := positionOf(x.query)
	if err != nil {
		return answer{}, err
	}
	c, examined := counter{days: map[string]*Tally{}, groups: map[string]*Tally{}}, 0
	for {
		records, next, err := a.Store.ListRecords(x.ctx(), x.owner(), dps.Page{Token: at.Token})
		if err != nil {
			return answer{}, badToken(err, at.Token)
		}
		for _, r := range records {
			if keep(r) {
				c.count(r)
			}
		}
		examined += len(records)
		if at.Token = next; next == "" || examined >= maxCounted {
			break
		}
	}
	return answer{object: c.result(examined, at)}, nil
}

func (c *counter) count(r dps.Record) {
	state := plgd.StateOf(r)
	c.total.add(state)
	tally(c.days, r.Updated.UTC().Format(time.DateOnly)).add(state)
	tally(c.groups, r.GroupID).add(state)
	if state != plgd.StateFailed {
		return
	}
	for _, s := range r.Steps {
		if s.Failed() {
			s.DeviceID = r.DeviceID
			c.errors = append(c.errors, s)
		}
	}
	if len(c.errors) > 10*maxErrors {
		c.errors = latest(c.errors)
	}
}

func tally(of map[string]*Tally, name string) *Tally {
	if of[name] == nil {
		of[name] = &Tally{Name: name}
	}
	return of[name]
}

func latest(errors []dps.StepResult) []dps.StepResult {
	slices.SortFunc(errors, func(a, b dps.StepResult) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.RecordID, b.RecordID), cmp.Compare(a.Step, b.Step))
	})
	return errors[:min(len(errors), maxErrors)]
}

func (c *counter) result(examined int, at position) Statistics {
	out := Statistics{
		Examined: int32(examined), //nolint:gosec // bounded
		Complete: at.Token == "", Total: c.total, Days: sorted(c.days), Groups: sorted(c.groups),
	}
	if at.Token != "" {
		out.NextPageToken = at.encode()
	}
	for _, s := range latest(c.errors) {
		out.LastErrors = append(out.LastErrors, LastError{
			Time: s.Time.UTC().Format(time.RFC3339Nano), RecordID: s.RecordID, DeviceID: s.DeviceID, EnrollmentGroupID: s.GroupID,
			Step: string(s.Step), CoAPCode: s.CoAPCode, ErrorMessage: s.ErrorMessage,
		})
	}
	return out
}

func sorted(of map[string]*Tally) []Tally {
	var out []Tally
	for _, t := range of {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Tally) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
