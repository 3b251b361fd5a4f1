package dpsctl

import (
	"context"

	"github.com/spf13/pflag"

	"dps/client/dpsctl/api"
	"dps/shared/config"
	"dps/shared/dps"
)

// target is where the service keeps its data, or its API, as the flags say.
type target struct {
	config, database, table, prefix string
	server, context                 string
	tls                             api.TLS
}

func (t *target) register(flags *pflag.FlagSet) {
	flags.StringVar(&t.server, "server", "", "`URL` of the service's API (default $DPS_SERVER)")
	flags.StringVar(&t.context, "context", "", "`NAME` of a context that dpsctl login made (default $DPS_CONTEXT, or the current one)")
	flags.StringVar(&t.tls.CA, "ca", "", "`FILE` of the authorities of the API's certificate, beside the system's")
	flags.StringVar(&t.tls.Cert, "cert", "", "`FILE` of your own certificate, for an API that demands one")
	flags.StringVar(&t.tls.Key, "key", "", "`FILE` of the certificate's key")
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

// open opens the store or the API. Errors: CodeInvalid where the flags name none or several; CodeNotFound where the file to read
// does not exist; CodeDenied where nobody is logged in; CodeUnavailable.
func (s *session) open(ctx context.Context, a access) (*backend, error) {
	t := s.target
	if count(t.config, t.database, t.table, t.server, t.context) == 0 {
		t = s.fromEnvironment(t)
	}
	switch n := count(t.config, t.database, t.table, t.server, t.context); {
	case n > 1:
		return nil, dps.Errorf(dps.CodeInvalid, "--server, --context, --config, --database and --table exclude each other: give one")
	case t.config != "":
		return s.openConfigured(ctx, t, a)
	case t.table != "":
		return s.openCloud(ctx, t.table, a)
	case t.database != "":
		return openFile(t.database, a)
	default:
		return s.openAPI(ctx, t)
	}
}

// fromEnvironment gives the target that the environment names: the API first.
func (s *session) fromEnvironment(t target) target {
	switch {
	case s.getenv("DPS_SERVER") != "":
		t.server = s.getenv("DPS_SERVER")
	case s.getenv("DPS_CONTEXT") != "":
		t.context = s.getenv("DPS_CONTEXT")
	default:
		t.table = s.getenv("DPS_TABLE")
	}
	return t
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
