package oauth

import (
	"testing"
	"time"
)

func TestDeviceLogInsThatWaitAreBoundedAndForgottenWithTime(t *testing.T) {
	var d devices
	now := time.Unix(1000, 0)
	codes := make(map[string]bool)
	for i := range maxDevices {
		_, user, ok := d.add(Client{ID: "cli"}, now)
		if !ok {
			t.Fatalf("log-in %d of %d is refused", i+1, maxDevices)
		}
		codes[user] = true
	}
	if len(codes) != maxDevices {
		t.Errorf("%d user codes for %d log-ins", len(codes), maxDevices)
	}
	if _, _, ok := d.add(Client{}, now.Add(2*deviceLifetime-1)); ok {
		t.Error("one log-in too many is kept")
	}
	if _, _, ok := d.add(Client{}, now.Add(2*deviceLifetime)); !ok {
		t.Error("log-ins that have expired still take their place")
	}
	if len(d.waiting) != 1 {
		t.Errorf("%d log-ins wait, all but one have expired", len(d.waiting))
	}
}

func TestUserCodesAreTakenAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"BCDF-GHJK": "BCDFGHJK", "bcdf ghjk": "BCDFGHJK", " b.c.d.f_GHJK\n": "BCDFGHJK", "": "", "1234<script>": "SCRPT",
	} {
		if got := unspell(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if code := newUserCode(); len(code) != 8 || unspell(spell(code)) != code {
		t.Errorf("code %q is spelt %q", code, spell(code))
	}
}
