package bolt_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dps/shared/dps"
)

// BenchmarkAppendAudit is what every issued certificate waits for. cpu-µs/op is the process's, user and system.
func BenchmarkAppendAudit(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, before := open(b, filepath.Join(b.TempDir(), "dps.db")), cpu(b)
			b.ResetTimer()
			var n atomic.Int64
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						e := dps.AuditEntry{Time: time.Unix(i, 0), Event: dps.AuditIssued, RecordID: dps.NewUUID(), CertificatePEM: string(make([]byte, 800))}
						if err := s.AppendAudit(b.Context(), e); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// cpu gives the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
