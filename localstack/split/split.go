// Package split is the service in its deployed shape on one machine: the ingress calls the built functions over Lambda's
// REST API, the functions keep their data in DynamoDB and their secrets in Secrets Manager, or what stands for them at
// AWS_ENDPOINT_URL and its kin. The stand-in hub and the devices are the embedded stack's.
//
//	device ─▶ ingress ─▶ Invoke ─▶ localstack/lambda ─▶ processes ─▶ DynamoDB, Secrets Manager, stand-in hub
package split

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/client/dpsctl"
	"dps/localstack/lambda"
	"dps/localstack/stack"
	"dps/shared/awsclient"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/lambdahost"
	"dps/shared/secrets/secretsmanager"
	"dps/shared/store/dynamodb"
)

// endpointLambda is where the SDK looks for Lambda's REST API.
const endpointLambda = "AWS_ENDPOINT_URL_LAMBDA"

// drainTimeout bounds how long Stop waits for asynchronous events.
const drainTimeout = 30 * time.Second

// Options say what is started; Stack.Dir is required.
type Options struct {
	Stack stack.Options
	// Name is the deployment's: of its table, and what its functions' and secrets' names begin with. "": dps.
	Name string
	// Lambda is the harness; its Functions are filled in.
	Lambda lambda.Options
	// Concurrency is how many instances each function may have. 0: lambda.DefaultConcurrency.
	Concurrency int
	// Collector is the HOST:PORT of an OpenTelemetry collector on this machine, for ingress and functions. "": nobody traces.
	Collector string
	// Logf is told what is being done, which may take a minute. nil: nobody.
	Logf func(format string, args ...any)
}

// Split runs until it is stopped.
type Split struct {
	*stack.Stack
	Name    string
	Lambda  *lambda.Harness
	Store   *dynamodb.Store
	Secrets *secretsmanager.Store

	gateway *gateway
}

// APIURL is where the REST API is, behind what stands for API Gateway.
func (s *Split) APIURL() string { return s.gateway.url() }

// Start builds the functions, makes the table where there is none, brings the stack's group, hub and secrets to it, and
// starts everything. It sets AWS_ENDPOINT_URL_LAMBDA for this process. Errors: of the AWS environment, of what Start of the
// stack gives.
func Start(ctx context.Context, o Options) (*Split, error) {
	if o.Name == "" {
		o.Name = "dps"
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	s := &Split{Name: o.Name}
	if err := s.openData(ctx, o); err != nil {
		return nil, err
	}
	o.Stack.Configure = func(ctx context.Context, cfg *config.Config) error { return s.deploy(ctx, o, cfg) }
	var err error
	if s.Stack, err = stack.Start(ctx, o.Stack); err != nil {
		return nil, errors.Join(err, s.close()) //nolint:contextcheck // what ends has a time limit of its own
	}
	return s, nil
}

// close ends what deploy has started.
func (s *Split) close() error {
	var errs []error
	if s.gateway != nil {
		errs = append(errs, s.gateway.close())
	}
	if s.Lambda != nil {
		errs = append(errs, s.Lambda.Close())
	}
	s.Secrets.Close()
	return errors.Join(errs...)
}

func (s *Split) openData(ctx context.Context, o Options) error {
	cfg, err := awsclient.Config(ctx)
	if err != nil {
		return err
	}
	client := ddb.NewFromConfig(cfg)
	o.Logf("table %s", o.Name)
	if err := dynamodb.CreateTable(ctx, client, o.Name); err != nil && dps.CodeOf(err) != dps.CodeConflict {
		return fmt.Errorf("table %s: %w", o.Name, err)
	}
	s.Store = dynamodb.New(client, o.Name)
	s.Secrets = secretsmanager.New(sm.NewFromConfig(cfg), secretsmanager.Options{Prefix: o.Name})
	return nil
}

// apiEnvironment are the api function's settings, as the template makes them of its parameters.
func apiEnvironment(h config.HTTP) map[string]string {
	a := h.Authorization
	return map[string]string{
		"DPS_API_AUTHORITY": a.Authority, "DPS_API_AUDIENCE": a.Audience, "DPS_API_OWNER_CLAIM": a.OwnerClaim,
		"DPS_API_WEB_CLIENT_ID": a.WebClientID, "DPS_API_CLI_CLIENT_ID": a.CLIClientID, "DPS_API_SCOPES": strings.Join(a.Scopes, " "),
		"DPS_API_ALLOWED_ORIGINS": strings.Join(h.CORS.AllowedOrigins, " "), "DPS_API_PROOF_OF_POSSESSION": strconv.FormatBool(h.ProofOfPossession),
	}
}

// startFunctions gives each function the AWS environment of this process, and its own settings.
func (s *Split) startFunctions(ctx context.Context, o Options, api config.HTTP) error {
	env := awsEnvironment()
	maps.Copy(env, apiEnvironment(api))
	env[lambdahost.VarTable], env[lambdahost.VarSecretsPrefix] = o.Name, o.Name
	env[lambdahost.VarTokenFunction], env[lambdahost.VarSignFunction] = o.Name+"-token", o.Name+"-sign"
	if o.Collector != "" {
		env[lambdahost.VarCollector] = o.Collector
	}
	for _, name := range lambda.Names() {
		o.Logf("building function %s", name)
		binary, err := lambda.BuildFunction(ctx, name, "", filepath.Join(o.Stack.Dir, "functions"))
		if err != nil {
			return err
		}
		o.Lambda.Functions = append(o.Lambda.Functions, lambda.Function{
			Name: o.Name + "-" + name, Binary: binary, Env: with(env, "POWERTOOLS_SERVICE_NAME", name), Timeout: 20 * time.Second, Concurrency: o.Concurrency,
			Invokes: name == "sign" || name == "api", // for owners
		})
	}
	var err error
	if s.Lambda, err = lambda.New(ctx, o.Lambda); err != nil {
		return err
	}
	return os.Setenv(endpointLambda, s.Lambda.URL())
}

// with gives a copy of the environment with one variable more.
func with(env map[string]string, name, value string) map[string]string {
	more := maps.Clone(env)
	more[name] = value
	return more
}

// awsEnvironment is what an execution environment is given: region, credentials, endpoints.
func awsEnvironment() map[string]string {
	env := make(map[string]string)
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			env[name] = value
		}
	}
	return env
}

// deploy brings groups, hubs and secrets to the deployed data as an operator does. What is left of the configuration is the
// ingress's own.
func (s *Split) deploy(ctx context.Context, o Options, cfg *config.Config) error {
	if err := s.startFunctions(ctx, o, cfg.APIs.HTTP); err != nil {
		return err
	}
	var err error
	if s.gateway, err = openGateway(ctx, s.Lambda, o.Name+"-api", cfg.APIs.HTTP.Address, o.Stack.Log); err != nil {
		return err
	}
	var said bytes.Buffer
	code := dpsctl.Main(ctx, []string{
		"apply", "-f", filepath.Join(o.Stack.Dir, stack.FileConfig), "--yes", "--table", o.Name, "--secrets-prefix", o.Name,
	}, dpsctl.Console{In: strings.NewReader(""), Out: &said, Err: &said, Getenv: os.Getenv})
	if code != 0 {
		return fmt.Errorf("dpsctl apply ends with %d: %s", code, said.String())
	}
	o.Logf("dpsctl apply: %s", said.String())
	cfg.EnrollmentGroups = nil
	if g := &cfg.Clients.OpenTelemetryCollector; o.Collector != "" {
		g.GRPC.Enabled, g.GRPC.Address, g.SamplePercent = true, o.Collector, 100
	}
	cfg.Functions.Mode = config.ModeLambda
	cfg.Functions.Names = config.FunctionNames{Enroll: o.Name + "-enroll", Token: o.Name + "-token", Sign: o.Name + "-sign", Record: o.Name + "-record"}
	return nil
}

// Stop drains the ingress, then waits for the records under way, then ends the functions. Errors: what did not end well.
func (s *Split) Stop() error {
	err := s.Stack.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	return errors.Join(err, s.Lambda.Drain(ctx), s.close())
}

// Record gives a device's record. Errors: the store's.
func (s *Split) Record(ctx context.Context, recordID string) (dps.Record, error) {
	return s.Store.Record(ctx, recordID)
}
