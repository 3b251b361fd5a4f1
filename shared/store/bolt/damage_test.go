package bolt_test

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/store/bolt"
)

// TestTruncatedFile cuts a database at many lengths: each is refused, none ends the process.
func TestTruncatedFile(t *testing.T) {
	whole := filled(t)
	for size := len(whole) - 1; size > 0; size -= len(whole)/40 + 1 {
		path := filepath.Join(t.TempDir(), "dps.db")
		must(t, os.WriteFile(path, whole[:size], 0o600))
		s, err := bolt.Open(path)
		if err == nil { // nothing but free pages was cut off
			readAll(t, s)
			must(t, s.Close())
			continue
		}
		wantCode(t, err, dps.CodeInvalid)
	}
	path := filepath.Join(t.TempDir(), "dps.db")
	must(t, os.WriteFile(path, whole[:len(whole)/2], 0o600))
	wantRefused(t, path, dps.CodeInvalid, "or is damaged: restore a copy")
}

// TestDamagedFile overwrites parts of a database, as a dying disk would: it is refused, or it is read and written without a
// panic, and errors have their code.
func TestDamagedFile(t *testing.T) {
	whole, refused := filled(t), 0
	const rounds = 150
	for seed := range uint64(rounds) {
		path := filepath.Join(t.TempDir(), "dps.db")
		must(t, os.WriteFile(path, damaged(whole, seed), 0o600))
		s, err := bolt.Open(path)
		if err != nil {
			wantCode(t, err, dps.CodeInvalid)
			refused++
			continue
		}
		readAll(t, s)
		must(t, s.Close())
	}
	if refused == 0 || refused == rounds {
		t.Errorf("%d of %d refused: the damage is no test", refused, rounds)
	}
	t.Logf("%d of %d refused", refused, rounds)
}

// damaged gives a copy in which a few bytes, a number in a page's header or a whole sector are not what they were.
func damaged(whole []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	data := append([]byte{}, whole...)
	page := 2*os.Getpagesize() + r.IntN(len(data)/os.Getpagesize()-2)*os.Getpagesize()
	switch seed % 4 {
	case 0:
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
	case 1: // id, flags, count and overflow of a page
		binary.NativeEndian.PutUint16(data[page+8+2*r.IntN(4):], uint16(r.Uint32()))
	case 2: // the first elements of a page
		binary.NativeEndian.PutUint32(data[page+16+4*r.IntN(16):], r.Uint32())
	case 3:
		clear(data[page : page+512])
	}
	return data
}

// filled gives the bytes of a database that has some of everything.
func filled(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dps.db")
	s, err := bolt.Open(path)
	must(t, err)
	var results []dps.StepResult
	for i := range 200 {
		results = append(results, dps.StepResult{
			EventID: dps.NewUUID(), Time: time.Unix(int64(i), 0), RecordID: dps.NewUUID(), Owner: "o", Step: dps.StepTime,
			ErrorMessage: string(make([]byte, i*10)),
		})
	}
	for chunk := range 4 { // several commits leave free pages behind
		_, err = s.MergeResults(t.Context(), results[:50*(chunk+1)])
		must(t, err)
	}
	must(t, s.AppendAudit(t.Context(), dps.AuditEntry{RecordID: "r"}))
	_, err = s.ClaimDevice(t.Context(), dps.DeviceBinding{DeviceID: "d", RecordID: "r"})
	must(t, err)
	must(t, s.Close())
	whole, err := os.ReadFile(path)
	must(t, err)
	return whole
}

// readAll reads everything and writes something. Damage inside a value is found here at the earliest, as unavailable.
func readAll(t *testing.T, s *bolt.Store) {
	t.Helper()
	check := func(err error) {
		if err != nil && dps.CodeOf(err) != dps.CodeNotFound {
			wantCode(t, err, dps.CodeUnavailable)
		}
	}
	_, _, err := s.ListRecords(t.Context(), "o", dps.Page{})
	check(err)
	_, _, err = s.ListAudit(t.Context(), "r", dps.Page{})
	check(err)
	_, err = s.Binding(t.Context(), "d")
	check(err)
	_, err = s.Generation(t.Context())
	check(err)
	check(s.PutManifest(t.Context(), "s", dps.Manifest{}))
}
