package dpsctl

import (
	"context"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/client/dpsctl/plgd"
	"dps/shared/apply"
	"dps/shared/config"
	"dps/shared/dps"
)

// load reads a file of groups into what the stores keep; every secret is inline or a reference into a secrets store.
func (s *session) load(ctx context.Context, o applyOptions) (apply.Objects, error) {
	data, err := s.read(o.file)
	if err != nil {
		return apply.Objects{}, err
	}
	if data, err = s.complete(data, o); err != nil {
		return apply.Objects{}, inFile(o.file, err)
	}
	if !namesGroups(data) {
		return apply.Objects{}, dps.Errorf(dps.CodeInvalid, "%s: no enrollmentGroups; to delete all that was applied before, write enrollmentGroups: []", o.file)
	}
	c, err := config.Parse(data)
	if err != nil {
		return apply.Objects{}, inFile(o.file, err)
	}
	if err := readSecrets(ctx, c.EnrollmentGroups); err != nil {
		return apply.Objects{}, inFile(o.file, err)
	}
	objects, err := c.Objects()
	if err != nil {
		return apply.Objects{}, inFile(o.file, err)
	}
	return objects, nil
}

// read gives a file's content, or that of standard input, up to config.MaxFileSize.
func (s *session) read(file string) ([]byte, error) {
	if file != "-" {
		return config.ReadFile(file)
	}
	data, err := io.ReadAll(io.LimitReader(s.In, config.MaxFileSize+1))
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "standard input cannot be read")
	}
	return data, nil // package config refuses what is too large
}

// complete turns a values file of plgd's chart into a configuration, and fills in what hubs leave out.
func (s *session) complete(data []byte, o applyOptions) ([]byte, error) {
	if plgd.IsHelm(data) {
		r, err := plgd.Import(data, plgd.Options{Globals: o.globals, KeyFile: plgd.DefaultKeyFile, CertFile: plgd.DefaultCertFile})
		if err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(s.Err, "%s is a values file of plgd's chart; dpsctl config import tells what becomes of each value\n", o.file)
		return r.YAML, nil
	}
	if o.globals == (plgd.Globals{}) {
		return data, nil
	}
	data, _, err := plgd.Complete(data, o.globals)
	return data, err
}

// namesGroups tells whether there is a list of groups at all: a wrong file must not delete everything.
func namesGroups(data []byte) bool {
	var sections map[string]yaml.Node
	if err := yaml.Unmarshal(data, &sections); err != nil {
		return true // package config says what is wrong
	}
	for name, section := range sections {
		if strings.EqualFold(name, "enrollmentGroups") {
			return section.ShortTag() != "!!null"
		}
	}
	return false
}

// inFile says which file an error is about.
func inFile(file string, err error) error {
	e := dps.AsError(err)
	return dps.Errorf(e.Code, "%s:\n%w", file, err)
}
