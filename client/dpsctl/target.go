package dpsctl

import (
	"context"

	"github.com/spf13/pflag"

	"dps/shared/config"
	"dps/shared/dps"
)

// target is where the service keeps its data, as the flags say.
type target struct {
	config, database, table, prefix string
}

func (t *target) register(flags *pflag.FlagSet) {
	flags.StringVar(&t.config, "config", "", "the service's configuration `FILE`, which tells where its data is")
	flags.StringVar(&t.database, "database", "", "database `FILE` of the embedded mode")
	flags.StringVar(&t.table, "table", "", "`NAME` of the DynamoDB table (default $DPS_TABLE)")
	flags.StringVar(&t.prefix, "secrets-prefix", "", "`PREFIX` of the names of secrets in AWS Secrets Manager: the stack's name (default $DPS_SECRETS_PREFIX)")
}

// access is what a command is going to do.
type access int

const (
	reading  access = iota // what is there
	planning               // what would be written: no file is made
	writing
)

// backend is an open store, with its secrets.
type backend struct {
	store   dps.Store
	secrets dps.SecretWriter
	where   string   // for people
	owners  []string // whom the configuration file names
	// exclusive tells that nobody else can use the store meanwhile.
	exclusive bool
	close     func() error
}

// open opens the store. Errors: CodeInvalid where the flags name none or several; CodeNotFound where the file to read does
// not exist; CodeUnavailable.
func (s *session) open(ctx context.Context, a access) (*backend, error) {
	t := s.target
	if t.config == "" && t.database == "" && t.table == "" {
		t.table = s.getenv("DPS_TABLE")
	}
	switch n := count(t.config, t.database, t.table); {
	case n == 0:
		return nil, dps.Errorf(dps.CodeInvalid, "which service? Name its configuration (--config FILE), its database (--database FILE) or its table (--table NAME)")
	case n > 1:
		return nil, dps.Errorf(dps.CodeInvalid, "--config, --database and --table exclude each other: give one")
	case t.config != "":
		return s.openConfigured(ctx, t, a)
	case t.table != "":
		return s.openCloud(ctx, t.table, a)
	default:
		return openFile(t.database, a)
	}
}

// openConfigured opens the store that a configuration names.
func (s *session) openConfigured(ctx context.Context, t target, a access) (*backend, error) {
	c, err := config.Load(t.config)
	if err != nil {
		return nil, err
	}
	storage := c.Clients.Storage
	var b *backend
	switch {
	case storage.Use == config.StorageDynamoDB:
		b, err = s.openCloud(ctx, storage.DynamoDB.Table, a)
	case c.Functions.Mode == config.ModeLambda:
		return nil, dps.Errorf(dps.CodeInvalid, "%s: with functions.mode lambda the functions hold the storage: name its table with --table NAME --secrets-prefix STACK", t.config)
	default:
		b, err = openFile(storage.Bolt.Path, a)
	}
	if err != nil {
		return nil, err
	}
	for _, g := range c.EnrollmentGroups {
		b.owners = append(b.owners, g.Owner)
	}
	return b, nil
}

func count(values ...string) int {
	n := 0
	for _, v := range values {
		if v != "" {
			n++
		}
	}
	return n
}
