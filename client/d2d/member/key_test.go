package member_test

import (
	"bytes"
	"strings"
	"testing"

	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
)

const (
	subject = "57b3fae9-adf5-4e34-90ea-e77784407103"
	keyText = "0123456789abcdef"
)

// TestTheFirstStartMakesAKey, and the ones after it use the same.
func TestTheFirstStartMakesAKey(t *testing.T) {
	w := newWorld(t, settings.PreSharedKey, settings.ModeNone)
	first, err := w.Credentials()
	if err != nil || first.PSK == nil || first.Identity != nil || first.PSK.Key == [16]byte{} {
		t.Fatalf("%v, %v", first.PSK, err)
	}
	if _, ok := dps.ParseUUID(first.PSK.SubjectID); !ok {
		t.Errorf("subject %q is no UUID", first.PSK.SubjectID)
	}
	w.restart()
	if again, err := w.Credentials(); err != nil || *again.PSK != *first.PSK || w.vault.saves != 1 {
		t.Errorf("%v, saved %d times", err, w.vault.saves)
	}
	other := newWorld(t, settings.PreSharedKey, settings.ModeNone)
	if second, err := other.Credentials(); err != nil || *second.PSK == *first.PSK {
		t.Error("two clients have the same key")
	}
	if s := w.Status(); s.Way != member.WayKey || s.SubjectID != first.PSK.SubjectID || s.Owner != "" || s.Place != "memory" {
		t.Errorf("%+v", s)
	}
	w.want(w.Authorize(t.Context(), ""), "")
	_, err = w.Certificate()
	w.want(err, dps.CodeUnavailable)
	_, err = w.JWKS()
	w.want(err, dps.CodeUnavailable)
	_, err = w.Renew(t.Context(), w.token())
	w.wantPrecondition(err)
}

func TestAConfiguredKey(t *testing.T) {
	w := newWorld(t, settings.PreSharedKey, settings.ModeNone, func(o *member.Options) {
		o.Config.Clients.Device.COAP.TLS.PreSharedKey = settings.Key{SubjectID: strings.ToUpper(subject), Key: keyText}
	})
	c, err := w.Credentials()
	if err != nil || c.PSK.SubjectID != subject || string(c.PSK.Key[:]) != keyText || w.vault.content != nil {
		t.Errorf("%v, %v, stored %q", c.PSK, err, w.vault.content)
	}
	w.want(w.Reset(), "")
	w.restart()
	if s := w.Status(); s.Way != member.WayNone {
		t.Errorf("a reset client is somebody again after a restart: %+v", s)
	}
}

func TestInitializeWithAKey(t *testing.T) {
	w := newWorld(t, settings.PreSharedKey, settings.ModeNone)
	w.wantPrecondition(w.InitializeKey(subject, keyText, true))
	w.want(w.Reset(), "")
	w.wantPrecondition(w.Reset())
	_, err := w.Credentials()
	w.wantPrecondition(err)
	for _, bad := range [][2]string{{"", keyText}, {"me", keyText}, {dps.NilUUID, keyText}, {subject, ""}, {subject, "short"}, {subject, "a key that is too long for devices"}} {
		err := w.InitializeKey(bad[0], bad[1], true)
		w.want(err, dps.CodeInvalid)
		if bad[1] != "" && bad[1] != keyText && strings.Contains(err.Error(), bad[1]) {
			t.Errorf("%v repeats the key", err)
		}
	}
	w.want(w.InitializeKey(subject, keyText, true), "")
	w.wantPrecondition(w.InitializeKey(subject, keyText, true))
	w.restart()
	if c, err := w.Credentials(); err != nil || c.PSK.SubjectID != subject || string(c.PSK.Key[:]) != keyText {
		t.Errorf("%v, %v", c.PSK, err)
	}
	if w.changed != 2 {
		t.Errorf("told %d times that it changed, want 2", w.changed)
	}
}

// TestAKeyThatIsNotSaved lasts as long as the program.
func TestAKeyThatIsNotSaved(t *testing.T) {
	w := newWorld(t, settings.Uninitialized, settings.ModeNone)
	w.want(w.InitializeKey(subject, keyText, false), "")
	if bytes.Contains(w.vault.content, []byte(subject)) {
		t.Error("it was saved")
	}
	w.restart()
	_, err := w.Credentials()
	w.wantPrecondition(err)
}

func TestWhatIsNotConfiguredIsRefused(t *testing.T) {
	for _, tt := range []struct {
		authentication, mode string
		ways                 string // that are open
	}{
		{settings.PreSharedKey, settings.ModeNone, "key"},
		{settings.X509, settings.ModeNone, "self"},
		{settings.X509, settings.UserAgent, "browser"},
		{settings.Uninitialized, settings.ModeNone, "key self browser"},
	} {
		for _, way := range []string{"key", "self", "browser"} {
			w := newWorld(t, tt.authentication, tt.mode)
			_ = w.Reset()
			var err error
			switch way {
			case "key":
				err = w.InitializeKey(subject, keyText, false)
			case "self":
				err = w.InitializeSelf(t.Context(), w.token())
			default:
				_, err = w.Challenge(t.Context(), w.hub.JWKS(), w.token())
			}
			want := dps.CodeInvalid
			if strings.Contains(tt.ways, way) {
				want = ""
			}
			if dps.CodeOf(err) != want {
				t.Errorf("%s %s, %s: %v", tt.authentication, tt.mode, way, err)
			}
		}
	}
}

// TestADiskThatIsFull changes nothing.
func TestADiskThatIsFull(t *testing.T) {
	w := newWorld(t, settings.PreSharedKey, settings.ModeNone)
	before, _ := w.Credentials()
	w.vault.broken = true
	w.want(w.Reset(), dps.CodeUnavailable)
	if after, err := w.Credentials(); err != nil || *after.PSK != *before.PSK {
		t.Error("the client forgot what its vault did not")
	}
	_, err := member.Open(member.Options{Config: w.o.Config, Vault: &memory{broken: true}, HTTP: w.hub.Client()})
	w.want(err, dps.CodeUnavailable)
}

func TestContradictions(t *testing.T) {
	w := newWorld(t, settings.PreSharedKey, settings.ModeNone)
	for name, change := range map[string]func(o *member.Options){
		"another kind": func(o *member.Options) { o.Config = config(w.hub, settings.X509, settings.UserAgent) },
		"rubbish":      func(o *member.Options) { o.Vault = &memory{content: []byte(`{"version":1,"way":"self"}`)} },
		"newer":        func(o *member.Options) { o.Vault = &memory{content: []byte(`{"version":9}`)} },
	} {
		o := w.o
		change(&o)
		if _, err := member.Open(o); dps.CodeOf(err) != dps.CodeConflict && dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
