// Command cost estimates what the deployed service costs, term by term: quantity, price, where both come from.
//
//	go run ./infra/cost                                  a million devices in a month
//	go run ./infra/cost --devices 50000 --tasks 2 --azs 2
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(args []string, out io.Writer) error {
	u := Typical()
	f := flag.NewFlagSet("cost", flag.ContinueOnError)
	f.SetOutput(out)
	f.Float64Var(&u.Devices, "devices", u.Devices, "devices `N` provisioned in a month")
	f.Float64Var(&u.Renewals, "renewals", u.Renewals, "certificates `N` renewed in a month, for each device of --devices")
	f.Float64Var(&u.Refused, "refused", u.Refused, "handshakes `N` of strangers, for each device of --devices")
	f.Float64Var(&u.KeptMonths, "kept", u.KeptMonths, "`MONTHS` of such devices whose records are kept")
	f.Float64Var(&u.Tasks, "tasks", u.Tasks, "ingress tasks `N`, on average")
	f.Float64Var(&u.NATs, "nats", u.NATs, "NAT gateways `N`; the template makes none unless asked")
	f.Float64Var(&u.AZs, "azs", u.AZs, "availability zones `N`")
	f.Float64Var(&u.Secrets, "secrets", u.Secrets, "secrets `N`: two or three a hub, one a group with a pre-shared key, one TLS key")
	f.Float64Var(&u.HotInstances, "instances", u.HotInstances, "instances `N` of the token and of the sign function that are alive, on average; each reads its secrets again every 30 s")
	f.Float64Var(&u.WarmShare, "batch", u.WarmShare, "step results `N` in a batch of records, on average")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := u.check(); err != nil {
		return err
	}
	return report(out, u)
}

func report(out io.Writer, u Use) error {
	terms := u.Terms()
	var total float64
	if _, err := fmt.Fprintf(out, "%-42s %16s %-8s × %13s = %9s   %s\n", "", "quantity", "unit", "USD", "USD", "because"); err != nil {
		return err
	}
	for _, t := range terms {
		total += t.Cost()
		if _, err := fmt.Fprintf(out, "%-42s %16.1f %-8s × %13.9f = %9.2f   %s\n", t.Name, t.Quantity, t.Unit, t.Price, t.Cost(), t.Because); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%-42s %69.2f   %.1f millionths of a dollar a device; us-east-1 list prices without free tiers: check them for your region\n",
		"total in a month", total, total/u.Devices*1e6)
	return err
}
