package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/schollz/progressbar/v3"

	"dps/shared/dps"
)

func TestErrorText(t *testing.T) {
	e := &Error{Step: StepACLs, Reason: ReasonTimeout, Transient: true, Detail: "10 s", cause: io.EOF}
	if e.Error() != "acls: no answer in time (transient): 10 s" || !errors.Is(e, io.EOF) || dps.CodeOf(e) != dps.CodeUnavailable {
		t.Errorf("error %q, code %s", e, dps.CodeOf(e))
	}
	e = &Error{Step: StepTime, Reason: ReasonBody}
	if e.Error() != "time: unusable body (permanent)" || dps.CodeOf(e) != dps.CodeInvalid {
		t.Errorf("error %q, code %s", e, dps.CodeOf(e))
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[2Jb\nc\u0085d":    "a [2Jb c d",
		"bad \xff utf":           "bad ? utf",
		strings.Repeat("x", 400): strings.Repeat("x", 300) + "…",
	} {
		if got := clip(in); got != want {
			t.Errorf("clip(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s := Secret("very secret")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", s)
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%#v %q %+v", s, s, s), log.String()} {
		if strings.Contains(text, "very") {
			t.Errorf("the secret in %q", text)
		}
	}
	if Secret("").String() != "none" || s.Reveal() != "very secret" {
		t.Error("an absent secret prints as none, and Reveal gives the value")
	}
}

func TestPercentile(t *testing.T) {
	var d []time.Duration
	for i := range 200 {
		d = append(d, time.Duration(i+1))
	}
	for p, want := range map[int]time.Duration{0: 1, 50: 100, 99: 198, 100: 200} {
		if got := percentile(d, p); got != want {
			t.Errorf("percentile %d is %d, want %d", p, got, want)
		}
	}
	if got := percentile(d[:1], 99); got != 1 {
		t.Errorf("percentile of one value is %d, want 1", got)
	}
}

func TestAbandonedTokensAreBounded(t *testing.T) {
	var l tcpLink
	var first message.Token
	for i := range 2 * maxAbandoned {
		token := newToken()
		if i == 0 {
			first = token
		}
		l.abandon(token)
		if !l.wasAbandoned(token) {
			t.Fatal("a token is forgotten at once")
		}
	}
	if len(l.abandoned) != maxAbandoned || l.wasAbandoned(first) {
		t.Errorf("%d tokens are kept, want the last %d", len(l.abandoned), maxAbandoned)
	}
}

func TestBar(t *testing.T) {
	var out bytes.Buffer
	b := &bar{bar: progressbar.NewOptions(2, progressbar.OptionSetWriter(&out), progressbar.OptionSetDescription("devices"))}
	b.step(false)
	b.step(true)
	b.finish()
	if !strings.Contains(out.String(), "devices (1 failed)") || !strings.Contains(out.String(), "100%") {
		t.Errorf("bar %q", &out)
	}
}

func TestRedirectsAreBounded(t *testing.T) {
	d := &Device{cfg: Config{}.withDefaults()}
	r := newRun(d, 1)
	for i := range maxRedirects {
		if err := r.follow(fmt.Sprintf("coaps://host%d:1", i)); err != nil {
			t.Fatal(err)
		}
	}
	var f *fault
	if err := r.follow("coaps://host9:1"); !errors.As(err, &f) || f.reason != ReasonRedirects {
		t.Errorf("error %v, want %q", err, ReasonRedirects)
	}
	if err := r.follow("coaps://host3:1"); err != nil {
		t.Errorf("to where the device is: %v", err)
	}
}
