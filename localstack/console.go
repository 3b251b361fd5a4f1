package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"dps/client/device"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// shownRecords is how many records one command shows.
const shownRecords = 20

const help = `
Try next, here:
  100       provision 100 more devices
  refused   a device that asks for another one's id, and does not get it
  records   what the service has recorded
  config    the configuration it runs with
  quit      stop
or in another terminal:
%s`

// console takes commands while the stack is up. Where nobody can type, the stack stays up until it is stopped.
type console struct {
	world   *world
	printer *printer
	stdin   io.Reader
}

// serve obeys until quit or ctx's end; the end of the input alone does not stop the stack.
func (c *console) serve(ctx context.Context) error {
	c.printer.line(help, c.elsewhere())
	lines := make(chan string)
	go read(ctx, c.stdin, lines)
	for {
		select {
		case <-ctx.Done():
			return c.printer.err
		case line, ok := <-lines:
			if !ok {
				<-ctx.Done()
				return c.printer.err
			}
			if line == "quit" || line == "q" {
				return c.printer.err
			}
			if err := c.obey(ctx, line); err != nil {
				c.printer.line("error: %v", err)
			}
		}
	}
}

// read passes lines on. It may outlive serve: a read of a terminal cannot be called off, and the process ends with it.
func read(ctx context.Context, r io.Reader, lines chan<- string) {
	defer close(lines)
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		select {
		case lines <- strings.TrimSpace(scanner.Text()):
		case <-ctx.Done():
			return
		}
	}
}

func (c *console) obey(ctx context.Context, line string) error {
	n, err := strconv.Atoi(line)
	switch {
	case line == "":
		return nil
	case err == nil && n > 0:
		return c.fleet(ctx, n)
	case line == "records":
		return c.records(ctx)
	case line == "refused":
		return c.refused(ctx)
	case line == "config":
		c.printer.line("%s", shorten(c.world.Dir)+"/"+stack.FileConfig)
		return nil
	default:
		c.printer.line(help, c.elsewhere())
		return nil
	}
}

// fleet provisions n devices, over TCP and UDP in turns.
func (c *console) fleet(ctx context.Context, n int) error {
	const atOnce = 16
	summary, err := device.RunFleet(ctx, device.FleetConfig{
		Count: n, Concurrency: atOnce, ConnectToGateway: true, Progress: c.printer.w,
		NewDevice: func(i int) (device.Config, error) {
			return c.world.NewDevice([]string{"tcp", "udp"}[i%2], fmt.Sprintf("acme-lamp-%d", i))
		},
	})
	if summary != nil {
		c.printer.line("%s", summary)
	}
	return err
}

// refused has a device with a manufacturer key of its own ask for the id of one that is there already.
func (c *console) refused(ctx context.Context) error {
	if err := c.world.settle(ctx); err != nil {
		return err
	}
	page, _, err := c.world.store.ListRecords(ctx, stack.Owner, dps.Page{Size: 1})
	if err != nil {
		return err
	}
	if len(page) == 0 || page[0].DeviceID == "" {
		return errors.New("there is no device yet whose id it could ask for")
	}
	cfg, err := c.world.NewDevice("tcp", "acme-lamp-clone")
	if err != nil {
		return err
	}
	cfg.DeviceID, cfg.MaxAttempts, cfg.RetryDelay = page[0].DeviceID, 1, time.Millisecond
	d, err := device.New(cfg)
	if err != nil {
		return err
	}
	if _, err = d.Provision(ctx); err == nil {
		return fmt.Errorf("device id %s was given to a second manufacturer key", cfg.DeviceID)
	}
	c.printer.line("refused, as it should be: %v", err)
	if err := c.world.settle(ctx); err != nil {
		return err
	}
	c.printer.line("its story is in record %s", stack.RecordID(cfg))
	return nil
}

func (c *console) records(ctx context.Context) error {
	if err := c.world.settle(ctx); err != nil {
		return err
	}
	var all []dps.Record
	for token, more := "", true; more; more = token != "" {
		page, next, err := c.world.store.ListRecords(ctx, stack.Owner, dps.Page{Token: token})
		if err != nil {
			return err
		}
		all, token = append(all, page...), next
	}
	c.printer.line("%d records of owner %q", len(all), stack.Owner)
	c.printer.records(all[:min(len(all), shownRecords)])
	return nil
}

// elsewhere is what to type in another terminal.
func (c *console) elsewhere() string {
	dir := shorten(c.world.Dir)
	return fmt.Sprintf("  go run ./client/device/cmd --endpoint %s --ca %s/service-root.crt \\\n"+
		"     --manufacturer-ca-cert %s/manufacturer.crt --manufacturer-ca-key %s/manufacturer.key --gateway-ca %s/hub/hub-root.crt --count 100%s",
		c.world.Endpoint("tcp"), dir, dir, dir, dir, c.world.inside)
}
