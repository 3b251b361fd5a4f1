package dpsctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// maxCertificateFile bounds what is sent to be diagnosed, in bytes.
const maxCertificateFile = 64 << 10

// diagnoseOptions are the flags of diagnose: a file, or whose record.
type diagnoseOptions struct {
	record, device string
	form           string
}

func newDiagnose(s *session) *cobra.Command {
	var o diagnoseOptions
	cmd := &cobra.Command{
		Use: "diagnose [FILE]", Short: "Explain whether a device gets in, or why not and what to do", Args: cobra.MaximumNArgs(1),
		Long: `diagnose asks the service what would become of a device now: whether it would be let in, by which of your groups, or which rule refuses it
and what to change. The decision is the one that the service itself takes at the device's next connection.

FILE holds what the device presents, PEM, its own certificate first; - is the standard input. Instead, --device or --record takes the
certificate of a device that has come before, and tells which of its steps failed last.

The exit code is 0 where the device would be let in and its last steps went well, else 1.`,
		Example: "  dpsctl diagnose device.crt\n  dpsctl diagnose --device 24a61a57-772d-4c40-833c-c334a760782b",
		RunE:    run(func(ctx context.Context, args []string) error { return s.diagnose(ctx, args, o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.device, "device", "", "`ID` of a device that has come before")
	f.StringVar(&o.record, "record", "", "`ID` of its provisioning record")
	f.StringVarP(&o.form, "output", "o", formTable, "`FORM` of the output: text for people is table, or json")
	return cmd
}

// diagnosed is a diagnosis beside what the record tells.
type diagnosed struct {
	api.Diagnosis
	Record *dps.Record     `json:"-"`
	Failed *dps.StepResult `json:"lastFailure,omitempty"`
}

func (s *session) diagnose(ctx context.Context, args []string, o diagnoseOptions) (err error) {
	if count(strings.Join(args, ""), o.device, o.record) != 1 {
		return dps.Errorf(dps.CodeInvalid, "name one: FILE with what the device presents, --device ID or --record ID")
	}
	if err := checkForm(o.form, formTable, formJSON); err != nil {
		return err
	}
	b, err := s.openRemote(ctx, "diagnose")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	d := diagnosed{}
	certificates, err := s.presented(ctx, b, args, o, &d)
	if err != nil {
		return err
	}
	if d.Diagnosis, err = b.api.Diagnose(ctx, certificates); err != nil {
		return err
	}
	if err := s.showDiagnosis(d, o.form); err != nil {
		return err
	}
	if !d.LetIn || d.Failed != nil {
		return dps.Errorf(dps.CodeDenied, "the device does not get through")
	}
	return nil
}

// presented gives what the device presents: a file, or what its record kept.
func (s *session) presented(ctx context.Context, b *backend, args []string, o diagnoseOptions, d *diagnosed) (string, error) {
	if len(args) == 1 {
		return s.readCertificates(args[0])
	}
	id := o.record
	if o.device != "" {
		id = o.device
	}
	id, err := keyOf(ctx, b.store, id)
	if err != nil {
		return "", err
	}
	r, err := b.store.Record(ctx, id)
	if err != nil {
		return "", err
	}
	d.Record, d.Failed = &r, lastFailure(r)
	attested := r.Steps[dps.StepAttestation].Attestation
	if attested == nil || attested.CertificatePEM == "" {
		return "", dps.Errorf(dps.CodeNotFound, "record %s has kept no certificate: give the device's file instead", clean(id))
	}
	return attested.CertificatePEM, nil
}

func (s *session) readCertificates(file string) (string, error) {
	in := s.In
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // the file that the operator names
		if err != nil {
			return "", dps.Errorf(dps.CodeNotFound, "%s cannot be read: %w", file, err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxCertificateFile+1))
	if err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "%s cannot be read: %w", file, err)
	}
	if len(data) > maxCertificateFile {
		return "", dps.Errorf(dps.CodeInvalid, "%s has more than %d bytes: give the device's certificates alone", file, maxCertificateFile)
	}
	return string(data), nil
}

// lastFailure is the latest step that failed, of those that are not over; nil: none.
func lastFailure(r dps.Record) *dps.StepResult {
	var last *dps.StepResult
	for _, step := range r.Steps {
		if step.Failed() && (last == nil || step.Time.After(last.Time)) {
			last = &step
		}
	}
	return last
}

// showDiagnosis writes it for people, or for programs.
func (s *session) showDiagnosis(d diagnosed, form string) error {
	if form == formJSON {
		data, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return dps.Wrap(dps.CodeInternal, err, "the diagnosis cannot be written")
		}
		_, err = fmt.Fprintln(s.Out, string(data))
		return err
	}
	var t strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&t, "  %-11s %s\n", name, clean(fmt.Sprintf(format, args...)))
	}
	switch {
	case d.LetIn:
		t.WriteString("✓ the device would be let in\n")
	default:
		fmt.Fprintf(&t, "✗ the device would be refused, by the rule %s\n", clean(d.Rule))
	}
	for i, c := range d.Certificates {
		line([]string{"certificate", "with"}[min(i, 1)], "%s, by %s, valid %.10s to %.10s", c.Subject, c.Issuer, c.NotBefore, c.NotAfter)
	}
	if d.GroupID != "" {
		line("group", "%s  %s", d.GroupID, d.GroupName)
	}
	if !d.LetIn {
		line("means", "%s", d.Means)
		if d.Detail != "" {
			line("seen", "%s", d.Detail)
		}
		line("do", "%s", d.Remedy)
	}
	if d.Record == nil {
		line("record", "%s, if it has come before", d.RecordID)
	} else {
		line("record", "%s, device %s", d.RecordID, d.Record.DeviceID)
	}
	if d.Failed != nil {
		fmt.Fprintf(&t, "✗ its step %s failed on %s with %s\n", clean(string(d.Failed.Step)), when(d.Failed.Time), clean(d.Failed.CoAPCode))
		line("seen", "%s", d.Failed.ErrorMessage)
		line("do", "%s", adviceOnCode(d.Failed.CoAPCode))
	}
	_, err := fmt.Fprint(s.Out, t.String())
	return err
}

// adviceOnCode is what a step's code asks of the operator (docs/operations.md, "A device does not get in").
func adviceOnCode(code string) string {
	switch {
	case code == "4.03":
		return "See dpsctl audit: another manufacturer key may hold the device id (dpsctl release), or the group lets no device come again."
	case strings.HasPrefix(code, "4."):
		return "The device asks for what it should not: have its maker look at what it sends."
	default:
		return "Something that the step needs did not answer; the device comes again by itself. Try the hub: dpsctl get hubs, and its test in the console."
	}
}
