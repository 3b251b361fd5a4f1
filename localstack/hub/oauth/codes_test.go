package oauth

import (
	"strconv"
	"testing"
	"time"
)

func TestCodesThatWaitAreBoundedAndForgottenWithTime(t *testing.T) {
	var c codes
	now := time.Unix(1000, 0)
	for i := range maxCodes {
		if !c.add(strconv.Itoa(i), grantedCode{redirect: "1"}, now) {
			t.Fatalf("code %d of %d is refused", i+1, maxCodes)
		}
	}
	if c.add("one more", grantedCode{}, now.Add(codeLifetime-1)) {
		t.Error("one code too many is kept")
	}
	if g, ok := c.take("0", now); !ok || g.redirect != "1" {
		t.Error("a flood has pushed out a code that is good")
	}
	now = now.Add(codeLifetime)
	if !c.add("one more", grantedCode{}, now) {
		t.Error("codes that have expired still take their place")
	}
	if len(c.waiting) != 1 {
		t.Errorf("%d codes wait, all but one have expired", len(c.waiting))
	}
}
