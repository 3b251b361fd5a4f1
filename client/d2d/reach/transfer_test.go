package reach

import (
	"context"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// stubborn is a device that refuses its nth request, and notes what it is asked.
type stubborn struct {
	id     string
	refuse int
	asked  []request
}

func (d *stubborn) exchange(ctx context.Context, q request) (answer, error) {
	d.asked = append(d.asked, q)
	if ctx.Err() != nil {
		return answer{}, ctx.Err()
	}
	if len(d.asked)-1 == d.refuse {
		return answer{code: codes.BadRequest}, nil
	}
	body, err := cbor.Marshal(map[string]any{"deviceuuid": d.id, "dos": map[string]any{"s": ocf.StateRFPRO, "p": false}})
	return answer{code: codes.Changed, format: ocf.FormatOCFCBOR, body: body}, err
}
func (*stubborn) open() bool { return true }
func (*stubborn) close()     {}

// TestTransferIsUndone: whichever request fails, the device is told to forget everything, and the caller what failed.
func TestTransferIsUndone(t *testing.T) {
	c, err := New(Options{Credentials: func() (Credentials, error) { return Credentials{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tr := &transfer{client: c, id: dps.NewUUID(), key: PSK{SubjectID: dps.NewUUID()}}
	for name, part := range map[string]struct {
		requests int
		run      func(context.Context, link) error
	}{"taking over": {9, tr.steps}, "provisioning": {4, tr.provision}} {
		whole := &stubborn{id: tr.id, refuse: -1}
		if err := tr.undone(t.Context(), whole, part.run(t.Context(), whole)); err != nil || len(whole.asked) != part.requests {
			t.Errorf("%s: %d requests, want %d; %v", name, len(whole.asked), part.requests, err)
		}
		for n := range part.requests {
			d := &stubborn{id: tr.id, refuse: n}
			err := tr.undone(t.Context(), d, part.run(t.Context(), d))
			if dps.CodeOf(err) != dps.CodeInvalid || ReasonOf(err) != ReasonRefused {
				t.Errorf("%s, request %d refused: %v", name, n, err)
			}
			checkReset(t, d)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := &stubborn{id: tr.id, refuse: -1}
	if err := tr.undone(ctx, d, tr.steps(ctx, d)); ReasonOf(err) != ReasonNoAnswer {
		t.Errorf("cancelled: %v", err)
	}
	checkReset(t, d)
}

func checkReset(t *testing.T, d *stubborn) {
	t.Helper()
	last := d.asked[len(d.asked)-1]
	var u ocf.PstatUpdate
	if err := decodeInto(last.body, &u); err != nil || last.href != ocf.PathPstat || u.State == nil || u.State.State != ocf.StateReset {
		t.Errorf("the last request is %v %s, want a reset", last.method, last.href)
	}
}
