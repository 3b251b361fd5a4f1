package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"dps/client/device"
)

const usage = `Provisions simulated devices and signs them in at their gateway, as strictly as the real device does.

One device that has a certificate:

  go run ./client/device/cmd --ca dps-root.pem --cert device.pem --key device.key

A hundred devices, sixteen at once, each with a key of its own under a manufacturer's CA:

  go run ./client/device/cmd --ca dps-root.pem \
    --manufacturer-ca-cert vendor.pem --manufacturer-ca-key vendor.key --count 100 --concurrency 16

The same over DTLS, without going on to the gateway, and for another program to read:

  go run ./client/device/cmd … --protocol udp --connect=false --json

The exit code is 0 if every device made it, 1 if any failed, 2 if the command line is wrong.

`

// options is the command line.
type options struct {
	endpoint, protocol              string
	ca, gatewayCA                   string
	cert, key                       string
	manufacturerCert                string
	manufacturerKey                 string
	deviceID                        string
	count, concurrency, attempts    int
	retryDelay                      time.Duration
	tls13, oldOrder, connect, renew bool
	silent                          bool
	verbose, json                   bool
}

// parseOptions reads and checks the command line. Errors: flag.ErrHelp, or every problem at once.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("device", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage); flags.PrintDefaults() }
	o.define(flags)
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no option; see --help", flags.Arg(0))
	}
	return o, o.check()
}

func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.endpoint, "endpoint", "coaps+tcp://127.0.0.1:5688", "`URI` of the service: coaps+tcp://HOST:PORT or coaps://HOST:PORT")
	f.StringVar(&o.protocol, "protocol", "", "tcp or udp: overrides the `SCHEME` of --endpoint")
	f.StringVar(&o.ca, "ca", "", "PEM `FILE` with the certificates that the service's chain ends in (required)")
	f.StringVar(&o.gatewayCA, "gateway-ca", "", "PEM `FILE` of certificates trusted at the gateway beside the provisioned ones")
	f.StringVar(&o.cert, "cert", "", "PEM `FILE`: the device's manufacturer certificate, then its intermediates")
	f.StringVar(&o.key, "key", "", "PEM `FILE`: the key of --cert")
	f.StringVar(&o.manufacturerCert, "manufacturer-ca-cert", "", "PEM `FILE`: a manufacturer's CA, then what is above it; each device gets a certificate under it")
	f.StringVar(&o.manufacturerKey, "manufacturer-ca-key", "", "PEM `FILE`: the key of --manufacturer-ca-cert")
	f.StringVar(&o.deviceID, "device-id", "", "`UUID` of the one device (default random)")
	f.IntVar(&o.count, "count", 1, "how many devices")
	f.IntVar(&o.concurrency, "concurrency", 1, "how many of them at once")
	f.IntVar(&o.attempts, "attempts", 1, "full provisionings before a device gives up")
	f.DurationVar(&o.retryDelay, "retry-delay", device.DefaultRetryDelay, "wait before starting over, and before a step again without Max-Age")
	f.BoolVar(&o.tls13, "tls13", false, "offer TLS 1.3 alone (default: TLS 1.2 alone, as the real device)")
	f.BoolVar(&o.oldOrder, "old-order", false, "ask for credentials and ACLs before the cloud configuration, as older devices do")
	f.BoolVar(&o.connect, "connect", true, "go on to sign up, sign in and publish at the gateway")
	f.BoolVar(&o.renew, "renew", false, "renew the identity certificate at the end")
	f.BoolVar(&o.silent, "silent", false, "leave the service's GET /oic/res unanswered")
	f.BoolVar(&o.verbose, "v", false, "log every step of every device to standard error")
	f.BoolVar(&o.json, "json", false, "write JSON: a line for each device, then one with the summary")
}

func (o *options) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.ca == "" {
		bad("--ca is missing: give the PEM file with the certificates that the service's chain ends in")
	}
	own, issued := o.cert != "" || o.key != "", o.manufacturerCert != "" || o.manufacturerKey != ""
	switch {
	case own == issued:
		bad("give either --cert and --key, or --manufacturer-ca-cert and --manufacturer-ca-key")
	case own && (o.cert == "" || o.key == ""):
		bad("--cert and --key go together: one of them is missing")
	case issued && (o.manufacturerCert == "" || o.manufacturerKey == ""):
		bad("--manufacturer-ca-cert and --manufacturer-ca-key go together: one of them is missing")
	}
	if o.count < 1 || o.concurrency < 1 || o.attempts < 1 {
		bad("--count %d, --concurrency %d, --attempts %d: each is at least 1", o.count, o.concurrency, o.attempts)
	}
	if o.count > 1 && (own || o.deviceID != "") {
		bad("--count %d with --cert, --key or --device-id: each device needs its own; use --manufacturer-ca-cert and --manufacturer-ca-key", o.count)
	}
	if o.protocol != "" && o.protocol != "tcp" && o.protocol != "udp" {
		bad("--protocol %q is neither tcp nor udp", o.protocol)
	}
	return errors.Join(errs...)
}
