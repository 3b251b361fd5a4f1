package device_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// story is what happened to one device, and when on the fake clock.
type story struct {
	started time.Time
	lines   []string
}

func (s *story) observe(e device.Event) {
	if e.Kind == device.EventConnected || e.Kind == device.EventDone {
		return
	}
	line := fmt.Sprintf("%v %s %s", time.Since(s.started).Round(time.Second), e.Kind, e.Step)
	if e.Kind == device.EventRetry || e.Kind == device.EventRestart {
		line += fmt.Sprintf(" after %v", e.Wait)
	}
	s.lines = append(s.lines, line)
}

// inBubble provisions over an in-memory connection on a fake clock: timeouts cost nothing and are exact.
func inBubble(t *testing.T, script func(received, answer) answer, change ...func(*device.Config)) (result *device.Result, lines []string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &peer{world: newWorld(t), script: script}
		var wg sync.WaitGroup
		s := &story{started: time.Now()}
		cfg := p.world.config("coaps+tcp://dps.example:5688")
		cfg.MaxAttempts, cfg.Observer = 2, s.observe
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			wg.Go(func() { p.serve(there) })
			return here, nil
		}
		result, err = newDevice(t, cfg, change...).Provision(t.Context())
		wg.Wait()
		lines = s.lines
	})
	return result, lines, err
}

func wantStory(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("story\n%q, want\n%q", got, want)
	}
}

// first answers the first n requests for the path with a, and the others right.
func first(n int, path string, a answer) func(received, answer) answer {
	return func(q received, right answer) answer {
		if q.path != path || n == 0 {
			return right
		}
		n--
		return a
	}
}

func maxAge(c codes.Code, seconds byte) answer {
	return answer{code: c, options: message.Options{{ID: message.MaxAge, Value: []byte{seconds}}}}
}

func TestTransientIsTriedAgain(t *testing.T) {
	_, lines, err := inBubble(t, first(2, ocf.PathCredentials, maxAge(codes.ServiceUnavailable, 3)))
	if err != nil {
		t.Fatal(err)
	}
	wantStory(t, lines,
		"0s failed credentials", "0s retry credentials after 3s",
		"3s failed credentials", "3s retry credentials after 3s")
}

func TestMaxAgeIsBounded(t *testing.T) {
	_, lines, err := inBubble(t, first(1, ocf.PathTime, maxAge(codes.GatewayTimeout, 255)))
	if err != nil {
		t.Fatal(err)
	}
	wantStory(t, lines, "0s failed time", "0s retry time after 2m0s")
}

func TestNoMaxAge(t *testing.T) {
	_, lines, err := inBubble(t, first(1, ocf.PathTime, coded(codes.ServiceUnavailable)))
	if err != nil {
		t.Fatal(err)
	}
	wantStory(t, lines, "0s failed time", "0s retry time after 10s")
}

func TestThirdTransientStartsOver(t *testing.T) {
	result, lines, err := inBubble(t, first(3, ocf.PathACLs, maxAge(codes.ServiceUnavailable, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if result.Attempts != 2 {
		t.Errorf("%d attempts, want 2", result.Attempts)
	}
	wantStory(t, lines,
		"0s failed acls", "0s retry acls after 1s",
		"1s failed acls", "1s retry acls after 1s",
		"2s failed acls", "2s restart  after 10s")
}

func TestTimeouts(t *testing.T) {
	_, lines, err := inBubble(t, first(99, ocf.PathOwnership, answer{silent: true}))
	wantError(t, err, device.StepOwnership, device.ReasonTimeout, "")
	e := deviceError(t, err)
	if !e.Transient || dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("transient %t, code %s; want true, %s", e.Transient, dps.CodeOf(err), dps.CodeUnavailable)
	}
	wantStory(t, lines,
		"10s failed ownership", "10s retry ownership after 0s",
		"30s failed ownership", "30s retry ownership after 0s",
		"1m10s failed ownership", "1m10s restart  after 10s",
		"1m30s failed ownership", "1m30s retry ownership after 0s",
		"1m50s failed ownership", "1m50s retry ownership after 0s",
		"2m30s failed ownership")
}

// TestLateAnswer lets the answer to a request that timed out come before the one to its repetition.
func TestLateAnswer(t *testing.T) {
	var late []byte
	script := func(q received, a answer) answer {
		switch {
		case q.path != ocf.PathOwnership:
		case late == nil:
			late = encode(a.message(message.Token(q.raw[3:11])))
			a.silent = true
		default:
			a.records = func(whole []byte) [][]byte { return [][]byte{late, whole} }
		}
		return a
	}
	if _, _, err := inBubble(t, script); err != nil {
		t.Fatal(err)
	}
}

func TestPermanentStartsOver(t *testing.T) {
	result, lines, err := inBubble(t, first(1, ocf.PathOwnership, coded(codes.Forbidden)))
	if err != nil {
		t.Fatal(err)
	}
	if result.Attempts != 2 {
		t.Errorf("%d attempts, want 2", result.Attempts)
	}
	wantStory(t, lines, "0s failed ownership", "0s restart  after 10s")
}

func TestPermanentGivesUp(t *testing.T) {
	_, _, err := inBubble(t, first(2, ocf.PathOwnership, coded(codes.Forbidden)))
	wantError(t, err, device.StepOwnership, device.ReasonCode, "4.03")
	if e := deviceError(t, err); e.Code != codes.Forbidden {
		t.Errorf("code %v, want 4.03", e.Code)
	}
}

// TestServerNeverFinishesTheHandshake is a peer that accepts and says nothing.
func TestServerNeverFinishesTheHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := newWorld(t).config("coaps+tcp://dps.example:5688")
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			t.Cleanup(func() { _ = there.Close() })
			return here, nil
		}
		_, err := newDevice(t, cfg).Provision(t.Context())
		wantError(t, err, device.StepHandshake, device.ReasonTimeout, "")
	})
}
