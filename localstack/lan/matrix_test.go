package lan_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"dps/client/d2d/reach"
	"dps/client/device/local"
	"dps/localstack/lan"
	"dps/localstack/stack"
	"dps/shared/pki"
)

// The ways of the seed document "Client Initialization", in its own order.
var ways = []struct {
	name       string
	initialize func(c *client, owner string)
	byKey      bool
}{
	{"pre-shared key", func(c *client, owner string) { c.byKey(owner, c.domain.key(c.t)) }, true},
	{"own request", func(c *client, owner string) { c.bySelf(owner) }, false},
	{"mediated by browser", func(c *client, owner string) { c.byBrowser(owner) }, false},
}

// transports limit where a device can be reached.
var transports = []struct {
	name  string
	limit func(*local.Config)
	byKey bool
}{
	{"UDP (DTLS)", func(c *local.Config) { c.NoTCP = true }, true},
	{"TCP (TLS)", func(c *local.Config) { c.NoUDP = true }, false},
}

// peers are who asks, and whom.
var peers = []struct {
	name   string
	owner  string
	device int                      // of devices
	spoil  func(*reach.Credentials) // what is shown to the device; nil: what the client got
	want   reach.Reason
	noKey  bool // a pre-shared key has nothing of the sort
}{
	{name: "right", owner: stack.Owner},
	{name: "wrong owner", owner: stranger, want: reach.ReasonNotOurs},
	{name: "other CA", owner: stack.Owner, device: ofOtherCA, want: reach.ReasonNotOurs},
	{name: "wrong key", owner: stack.Owner, spoil: wrongKey, want: reach.ReasonNotOurs},
	{name: "expired", owner: stack.Owner, device: afterExpiry, want: reach.ReasonNotOurs, noKey: true},
}

// The devices of each transport.
const (
	usual       = iota
	ofOtherCA   // of another service with another hub, for an owner of the same name
	afterExpiry // its clock says that the client's certificate has ended
)

// wrongKey is what a thief of the certificate has, or who guesses a key.
func wrongKey(c *reach.Credentials) {
	if c.PSK != nil {
		c.PSK = &reach.PSK{SubjectID: c.PSK.SubjectID, Key: [16]byte{1}}
		return
	}
	key, err := pki.NewKey()
	if err != nil {
		panic(err) // there is no randomness
	}
	stolen := *c.Identity
	stolen.PrivateKey = key
	c.Identity = &stolen
}

// TestMatrix initializes clients in each of the three ways at the real service, has them switch lights that it provisioned, and
// prints who could.
func TestMatrix(t *testing.T) {
	here, elsewhere := newDomain(t), newDomain(t)
	var devices [2][3]*lan.Device
	for i, over := range transports {
		devices[i] = [3]*lan.Device{
			usual:     here.provision(t, "light "+over.name, over.limit),
			ofOtherCA: elsewhere.provision(t, "foreign "+over.name, over.limit),
			afterExpiry: here.provision(t, "late "+over.name, over.limit, func(c *local.Config) {
				c.Clock = func() time.Time { return time.Now().AddDate(30, 0, 0) }
			}),
		}
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "WAY\tTRANSPORT\tCLIENT\tDEVICE")
	for _, way := range ways {
		for i, over := range transports {
			for _, peer := range peers {
				result := "–  (keys do not expire)"
				if !way.byKey || !peer.noKey {
					t.Run(way.name+", "+over.name+", "+peer.name, func(t *testing.T) {
						want := peer.want
						if way.byKey && !over.byKey { // whatever the key: Go has no TLS with pre-shared keys, and the device says so
							want = reach.ReasonNoCredentials
						}
						c := here.newClient(t, peer.spoil)
						way.initialize(c, peer.owner)
						got := c.use(devices[i][peer.device])
						if got != want {
							t.Errorf("%q, want %q", got, want)
						}
						if result = "refused: " + string(got); got == "" {
							result = "reads and switches"
						}
					})
				}
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", way.name, over.name, peer.name, result)
			}
		}
	}
	_ = table.Flush()
	t.Log("\n" + b.String())
}
