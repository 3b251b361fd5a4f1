package dpsctl

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dps/shared/dps"
)

// watcher finds out which steps are new by comparing listings.
type watcher struct {
	list   listing[dps.Record]
	owners []string
	show   func(dps.Record, dps.StepResult) error
	warn   func(error)
	seen   map[string]map[dps.Step]dps.Stamp // by record; nil before the first look
}

// run looks every interval until the context ends, which is no error. A store that cannot be reached for a while is told to
// warn, and asked again. Errors: others of the store, and of show.
func (w *watcher) run(ctx context.Context, interval time.Duration) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case dps.IsTransient(err) && w.seen != nil:
			w.warn(err)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// event is a step of a device.
type event struct {
	record dps.Record
	result dps.StepResult
}

// look lists all records and shows what is new, in the order of its times. The first look only learns.
func (w *watcher) look(ctx context.Context) error {
	first := w.seen == nil
	seen := make(map[string]map[dps.Step]dps.Stamp, len(w.seen))
	var events []event
	err := pages(ctx, w.owners, w.list, func(page []dps.Record) (bool, error) {
		for _, r := range page {
			events = append(events, w.compare(r, seen)...)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	w.seen = seen
	if first {
		return nil
	}
	return w.showAll(events)
}

// compare gives the record's steps that are new or changed, and notes all in seen.
func (w *watcher) compare(r dps.Record, seen map[string]map[dps.Step]dps.Stamp) []event {
	var news []event
	stamps := make(map[dps.Step]dps.Stamp, len(r.Steps))
	for step, result := range r.Steps {
		stamps[step] = dps.Stamp{Time: result.Time, EventID: result.EventID}
		if old, known := w.seen[r.ID][step]; !known || stamps[step].After(old) {
			news = append(news, event{r, result})
		}
	}
	seen[r.ID] = stamps
	return news
}

func (w *watcher) showAll(events []event) error {
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(a.result.Time.Compare(b.result.Time), cmp.Compare(a.result.EventID, b.result.EventID))
	})
	for _, e := range events {
		if err := w.show(e.record, e.result); err != nil {
			return err
		}
	}
	return nil
}
