package conformance

import (
	"sync"

	"dps/shared/dps"
)

// writers is how many goroutines race for the same thing: enough to collide on every store.
const writers = 8

// race runs attempt for every number below writers at once and gives their errors.
func race(attempt func(i int) error) []error {
	errs, ready := make([]error, writers), make(chan struct{})
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			<-ready
			errs[i] = attempt(i)
		})
	}
	close(ready)
	wg.Wait()
	return errs
}

// oneWinner checks that one attempt went through and all others conflicted, and gives its number.
func (f fixture) oneWinner(errs []error) int {
	f.Helper()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner >= 0:
			f.Errorf("attempts %d and %d both went through", winner, i)
		case err == nil:
			winner = i
		default:
			f.wantCode(err, dps.CodeConflict)
		}
	}
	if winner < 0 {
		f.Fatal("no attempt went through")
	}
	return winner
}
