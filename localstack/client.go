package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"dps/client/d2d"
	d2dsettings "dps/client/d2d/settings"
	"dps/client/device"
	"dps/localstack/hub"
	"dps/localstack/lan"
	"dps/localstack/stack"
	"dps/shared/config"
	"dps/shared/dps"
)

// fileClient is the d2d client's configuration, in the stack's folder; its credentials lie beside it.
const fileClient = "d2d.yaml"

// neighbourhood is the local network: the devices that were provisioned, one that nobody owns, and the d2d client.
type neighbourhood struct {
	lan      *lan.LAN
	listener net.Listener   // the page's
	apart    *lan.Namespace // nil: the client shares this machine's network
	stop     context.CancelFunc
	done     chan error
}

// newNeighbourhood opens the socket of the d2d client's page, so that the service can be told its origin. Where isolated is true client
// and devices are in a network of their own, without a way out: what the page needs of the hub, the browser must bring.
func newNeighbourhood(ctx context.Context, port string, isolated bool, log *slog.Logger) (*neighbourhood, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("--client-port: %w", err)
	}
	n := &neighbourhood{lan: lan.New(lan.Options{Multicast: !isolated, Log: log}), listener: l}
	if isolated {
		if n.apart, err = lan.NewNamespace(); err != nil {
			return nil, errors.Join(fmt.Errorf("--isolated: %w", err), l.Close())
		}
	}
	return n, nil
}

// url is where the page is.
func (n *neighbourhood) url() string { return "http://" + n.listener.Addr().String() }

// allow lets the page have its requests signed by the service.
func (n *neighbourhood) allow(_ context.Context, c *config.Config) error {
	c.APIs.HTTP.CORS.AllowedOrigins = append(c.APIs.HTTP.CORS.AllowedOrigins, n.url())
	return nil
}

// clientFile is the d2d client's configuration: none of the three ways is settled, so that all can be tried.
const clientFile = `# Written by the local stack at each start: a configuration as the d2d client takes it.
# docs/client-initialization.md explains the ways; "go run ./client/d2d/cmd --describe" names every property.
apis:
  http:
    address: %s
clients:
  device:
    coap:
      tls:
        authentication: %s
      ownershipTransfer:
        manufacturerCertificate:
          tls:
            caPool: [%s]
remoteProvisioning:
  authority: %s
  certificateAuthority: %s
  ownerClaim: %s
  mode: %s
  caPool: [%s]
  webOAuthClient:
    clientID: %s
    audience: %s
    scopes: [openid, profile, "dps:write"]
storage:
  path: %s
  protection: keyFile
`

// start starts the client beside the stack.
func (n *neighbourhood) start(ctx context.Context, s *stack.Stack, log *slog.Logger) error {
	c, err := n.writeConfig(s)
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	n.stop, n.done = stop, make(chan error, 1)
	if n.apart != nil {
		return n.startApart(run, filepath.Join(s.Dir, fileClient))
	}
	client, err := d2d.Open(ctx, d2d.ServerOptions{Config: c, Listener: n.listener, Log: log})
	if err != nil {
		n.done <- nil
		return fmt.Errorf("d2d client: %w", err)
	}
	go func() { n.done <- client.Run(run) }()
	return nil
}

// clientArgument as first argument makes this program the d2d client: a network of its own needs a process of its own.
const clientArgument = "d2d"

// addressApart is where the page is in the network of its own; the relay leads to it.
const addressApart = "127.0.0.1:8080"

// startApart starts the client as a process in the network without a way out.
func (n *neighbourhood) startApart(ctx context.Context, file string) error {
	self, err := os.Executable()
	if err != nil {
		n.done <- nil
		return err
	}
	c := exec.CommandContext(ctx, self, clientArgument, "--config", file) //nolint:gosec // this program
	c.Stderr, c.Cancel = os.Stderr, func() error { return c.Process.Signal(os.Interrupt) }
	if err := n.apart.Start(c); err != nil {
		n.done <- nil
		return fmt.Errorf("d2d client: %w", err)
	}
	n.apart.Relay(n.listener, addressApart) //nolint:contextcheck // it ends with the network
	go func() {
		err := c.Wait()
		if ctx.Err() != nil && c.ProcessState.Success() {
			err = nil // it was told to end
		}
		n.done <- err
	}()
	return nil
}

// runClient is the process of startApart.
func runClient(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return d2d.Main(ctx, args, stdout, stderr)
}

// within does what opens sockets in the client's network.
func (n *neighbourhood) within(f func() error) error {
	if n.apart == nil {
		return f()
	}
	return n.apart.Do(f)
}

func (n *neighbourhood) writeConfig(s *stack.Stack) (d2dsettings.Config, error) {
	path := func(parts ...string) string {
		return strconv.Quote(filepath.Join(append([]string{s.Dir}, parts...)...))
	}
	address, authentication, mode := n.listener.Addr().String(), d2dsettings.Uninitialized, d2dsettings.ModeNone
	if n.apart != nil {
		address, authentication, mode = addressApart, d2dsettings.X509, d2dsettings.UserAgent
	}
	text := fmt.Sprintf(clientFile, address, authentication, path(stack.FileManufacturerRoot), s.Hub.PeopleURL(), s.Service.APIURL(), strconv.Quote(hub.DefaultOwnerClaim),
		mode, strconv.Quote(s.Hub.Path(hub.FileRoot, ".crt")), hub.D2DClientID, hub.DefaultPeopleAudience, path("d2d", "credentials"))
	if err := os.WriteFile(filepath.Join(s.Dir, fileClient), []byte(text), 0o600); err != nil {
		return d2dsettings.Config{}, err
	}
	return d2dsettings.Parse([]byte(text))
}

// welcome has a device that was provisioned answer on the local network.
func (n *neighbourhood) welcome(name string, c device.Config, d *device.Device, r *device.Result) error {
	return n.within(func() error {
		_, err := n.lan.Add(name, c.Manufacturer, d, r)
		return err
	})
}

// stray puts a device into the network that nobody owns.
func (n *neighbourhood) stray(s *stack.Stack) error {
	c, err := s.NewDevice("tcp", "acme-lamp-unowned")
	if err != nil {
		return err
	}
	return n.within(func() error {
		_, err := n.lan.AddUnowned("acme-lamp-unowned", c.Manufacturer)
		return err
	})
}

// close ends client and devices.
func (n *neighbourhood) close() error {
	var err error
	if n.stop != nil {
		n.stop()
		err = <-n.done
	}
	n.lan.Close()
	err = errors.Join(err, ignoreClosed(n.listener.Close()))
	if n.apart != nil {
		err = errors.Join(err, n.apart.Close())
	}
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ways tells how to try each of the three in the page.
func (p *printer) ways(n *neighbourhood, s *stack.Stack) {
	if n.apart != nil {
		p.line("\nThe local network has no way to the hub. Open %s/ and log in as owner %q: your browser has", n.url(), stack.Owner)
		p.devices(n)
		return
	}
	p.line("\nThe local network: open %s/ and become a member, in any of three ways", n.url())
	p.item("by key", "id %s, key in %s", dps.OwnerUUID(stack.Owner), shorten(filepath.Join(s.Dir, stack.FileKey)))
	p.item("by itself", "log in as owner %q: the client has its certificate signed", stack.Owner)
	p.item("by browser", "log in as owner %q: the browser carries the request, the key stays", stack.Owner)
	p.devices(n)
}

func (p *printer) devices(n *neighbourhood) {
	for _, d := range n.lan.Devices() {
		p.item("device", "%s  %s", d.Address, d.Name)
	}
}
