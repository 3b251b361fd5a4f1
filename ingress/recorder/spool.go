package recorder

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"dps/shared/dps"
)

// maxSpoolLine bounds one spooled result: two certificates and their lists fit many times.
const maxSpoolLine = 1 << 20

// Spool keeps results on disk, one JSON object a line, until they are delivered. They may be delivered twice: a crash
// between delivery and removal brings them again.
type Spool struct {
	mu   sync.Mutex
	path string
}

// OpenSpool uses the file at path, which need not exist yet. Errors: its folder cannot be made.
func OpenSpool(path string) (*Spool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("record spool: %w", err)
	}
	return &Spool{path: path}, nil
}

// Append writes results durably. Errors: of the file.
func (s *Spool) Append(results []dps.StepResult) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for i := range results {
		if err = enc.Encode(&results[i]); err != nil {
			break
		}
	}
	return errors.Join(err, w.Flush(), f.Sync(), f.Close())
}

// Drain hands everything spooled to deliver, batch by batch, and removes the file once all of it was taken. False: deliver
// refused a batch; the file stays whole. A line cut short by a crash is skipped.
func (s *Spool) Drain(deliver func([]dps.StepResult) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.Open(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	scanner := bufio.NewScanner(io.Reader(f))
	scanner.Buffer(nil, maxSpoolLine)
	var batch []dps.StepResult
	for scanner.Scan() {
		var r dps.StepResult
		if json.Unmarshal(scanner.Bytes(), &r) != nil {
			continue
		}
		if batch = append(batch, r); len(batch) == BatchSize {
			if !deliver(batch) {
				return false
			}
			batch = batch[:0]
		}
	}
	if scanner.Err() != nil || len(batch) > 0 && !deliver(batch) {
		return false
	}
	return os.Remove(s.path) == nil
}
