package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/store/bolt"
)

// childPath names, in the environment of a child, the database it writes to until it is killed.
const childPath = "DPS_TEST_CRASH_DB"

// TestCrash kills a process that writes, several times at different moments, and proves that what it acknowledged is there.
func TestCrash(t *testing.T) {
	if path := os.Getenv(childPath); path != "" {
		writeForEver(t, path)
	}
	path, acknowledged := filepath.Join(t.TempDir(), "dps.db"), []string{}
	for round, after := range []int{1, 10, 23, 57, 120} {
		acknowledged = append(acknowledged, killAfter(t, path, round, after)...)
		s, err := bolt.Open(path)
		must(t, err)
		for _, id := range acknowledged {
			wantWritten(t, s, id)
		}
		wantIndexesAgree(t, s)
		must(t, s.Close())
	}
	t.Logf("%d acknowledged writes survived five kills", len(acknowledged))
}

// killAfter runs a child, kills it while it writes on after the given number of acknowledgements, and gives all of them.
func killAfter(t *testing.T, path string, round, after int) (ids []string) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), exe, "-test.run=^TestCrash$")
	child.Env = append(os.Environ(), childPath+"="+path, fmt.Sprint("GOMAXPROCS=", 1+round%2))
	out, err := child.StdoutPipe()
	must(t, err)
	var complaint bytes.Buffer
	child.Stderr = &complaint
	must(t, child.Start())
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		must(t, err)
		id, ok := strings.CutPrefix(strings.TrimSpace(line), "written ")
		if !ok {
			t.Errorf("child: %s", line)
			continue
		}
		if ids = append(ids, id); len(ids) == after {
			must(t, child.Process.Kill()) // what it acknowledges before it dies is still read
		}
	}
	if err := child.Wait(); err == nil || len(ids) < after {
		t.Fatalf("child ended by itself after %d writes: %v\n%s", len(ids), err, complaint.String())
	}
	return ids
}

// writeForEver is the child: several at once write one of each kind under one id, then acknowledge it.
func writeForEver(t *testing.T, path string) {
	s, err := bolt.Open(path)
	must(t, err)
	var wg sync.WaitGroup
	var out sync.Mutex
	for range 4 {
		wg.Go(func() {
			for {
				id := dps.NewUUID()
				if err := writeAll(context.Background(), s, id); err != nil {
					panic(err)
				}
				out.Lock()
				fmt.Println("written", id)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func writeAll(ctx context.Context, s *bolt.Store, id string) error {
	ca, err := pki.NewRoot(id)
	if err != nil {
		return err
	}
	if _, err := s.PutGroup(ctx, dps.EnrollmentGroup{
		ID: id, Owner: "o", HubIDs: []string{"h"}, X509: dps.X509Attestation{CertificateChain: string(ca.CertificatePEM())},
	}); err != nil {
		return err
	}
	if _, err := s.MergeResults(ctx, []dps.StepResult{{EventID: id, Time: time.Unix(1, 0), RecordID: id, Owner: "o", Step: dps.StepTime}}); err != nil {
		return err
	}
	if _, err := s.ClaimDevice(ctx, dps.DeviceBinding{DeviceID: id, RecordID: id}); err != nil {
		return err
	}
	return s.AppendAudit(ctx, dps.AuditEntry{RecordID: id})
}

// wantWritten checks that everything that writeAll wrote is found by every way there is.
func wantWritten(t *testing.T, s *bolt.Store, id string) {
	t.Helper()
	g, err := s.Group(t.Context(), id)
	must(t, err)
	wantFound(t, s, g)
	_, err = s.Record(t.Context(), id)
	must(t, err)
	_, err = s.Binding(t.Context(), id)
	must(t, err)
	entries, _, err := s.ListAudit(t.Context(), id, dps.Page{})
	if err != nil || len(entries) != 1 {
		t.Errorf("audit of %s: %d entries, error %v", id, len(entries), err)
	}
}

// wantIndexesAgree checks that every group and record that is listed exists whole, and that the generation counted each
// group. What was written and never acknowledged may be there or not, but not by half.
func wantIndexesAgree(t *testing.T, s *bolt.Store) {
	t.Helper()
	groups, next, err := s.ListGroups(t.Context(), "o", dps.Page{})
	must(t, err)
	for _, g := range groups {
		wantFound(t, s, g)
	}
	n, err := s.Generation(t.Context())
	must(t, err)
	if next != "" || n != uint64(len(groups)) {
		t.Errorf("%d groups listed, generation %d", len(groups), n)
	}
	records, _, err := s.ListRecords(t.Context(), "o", dps.Page{})
	must(t, err)
	for _, r := range records {
		_, err := s.Record(t.Context(), r.ID)
		must(t, err)
	}
}

func wantFound(t *testing.T, s *bolt.Store, g dps.EnrollmentGroup) {
	t.Helper()
	chain, err := g.X509.Certificates()
	must(t, err)
	found, err := s.GroupsByCA(t.Context(), dps.NameHash(chain[0].RawSubject))
	if err != nil || len(found) != 1 || found[0].ID != g.ID {
		t.Errorf("group %s: its authority finds %d groups, error %v", g.ID, len(found), err)
	}
	stranger := g
	stranger.ID, stranger.Version = dps.NewUUID(), 0
	_, err = s.PutGroup(t.Context(), stranger)
	wantCode(t, err, dps.CodeConflict) // the lead certificate is guarded
}
