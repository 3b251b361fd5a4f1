package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"dps/functions/api"
	"dps/functions/api/console"
	"dps/functions/api/rest"
	"dps/functions/enroll"
	"dps/functions/record"
	"dps/functions/sign"
	"dps/functions/token"
	"dps/ingress/recorder"
	"dps/shared/apply"
	"dps/shared/bearer"
	"dps/shared/build"
	"dps/shared/certauthority"
	"dps/shared/config"
	"dps/shared/contract"
	"dps/shared/invoke"
	"dps/shared/oauth"
	"dps/shared/secrets/file"
	"dps/shared/store/bolt"
	"dps/shared/telemetry"
)

// configSource names the configuration file in the store's manifest: what it no longer lists goes.
const configSource = "config"

// openEmbedded puts the functions into this process, over one database file; secrets and spool lie beside it. Groups and
// hubs of the configuration are written to the store before anything is served.
func openEmbedded(ctx context.Context, cfg config.Config, o Options, m *telemetry.Metrics) (*backend, error) {
	path := cfg.Clients.Storage.Bolt.Path
	store, err := bolt.Open(path)
	if err != nil {
		return nil, fmt.Errorf("clients.storage.bolt.path: %w", err)
	}
	secrets := file.New(path + ".secrets")
	spool, err := recorder.OpenSpool(filepath.Join(path+".spool", "records.jsonl"))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := writeConfigured(ctx, cfg, store, secrets, o); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	tokens := oauth.New(secrets, o.Now, oauth.Options{Count: m.Count, Gauge: m.Gauge})
	authorities := certauthority.New(secrets, certauthority.Options{Count: m.Count, Gauge: m.Gauge})
	fetcher := enroll.NewFetcher(enroll.FetcherOptions{Now: o.Now})
	signer := sign.New(store, tokens, authorities, secrets, o.Now, sign.Options{Count: m.Count, Gauge: m.Gauge})
	functions := &invoke.InProcess{
		EnrollHandler:    enroll.New(store, fetcher, o.Log).Handle,
		TokenHandler:     token.New(store, tokens, o.Now).Handle,
		SignHandler:      signer.Handle,
		RecordHandler:    record.New(store).Handle,
		OwnerSignHandler: signer.HandleOwner,
		CheckHubHandler:  signer.HandleCheck,
	}
	return &backend{
		functions: functions,
		operators: func(verifier *bearer.Verifier) http.Handler {
			return operatorsAPI(cfg.APIs.HTTP, rest.Options{
				Store: store, Secrets: secrets, Verifier: verifier, Owner: functions, Log: o.Log, Now: o.Now,
				Candidates: func(ctx context.Context, s rest.CandidateStore, req contract.EnrollRequest) (contract.EnrollReply, error) {
					return enroll.New(s, fetcher, o.Log).Handle(ctx, req)
				},
			})
		},
		store: store,
		spool: spool,
		close: func() error {
			fetcher.Close()
			return errors.Join(tokens.Close(), authorities.Close(), store.Close())
		},
	}, nil
}

// operatorsAPI is what the api function serves in the cloud, by the settings of apis.http.
func operatorsAPI(h config.HTTP, ro rest.Options) http.Handler {
	a := h.Authorization
	ro.Version, ro.ProofOfPossession, ro.AllowedOrigins = build.Version(), h.ProofOfPossession, h.CORS.AllowedOrigins
	ro.Login = rest.Login{
		Authority: a.Authority, Audience: a.Audience, OwnerClaim: a.OwnerClaim, WebClientID: a.WebClientID, CLIClientID: a.CLIClientID,
		Scopes: slices.Clone(a.Scopes),
	}
	if !h.Console.Enabled {
		return api.New(rest.New(ro), nil)
	}
	return api.New(rest.New(ro), console.New(console.Options{ConnectSources: append(slices.Clone(h.Console.ConnectSources), a.Authority)}))
}

func writeConfigured(ctx context.Context, cfg config.Config, store *bolt.Store, secrets *file.Store, o Options) error {
	objects, err := cfg.Objects()
	if err != nil {
		return err
	}
	result, err := apply.OnlyChanged(ctx, store, secrets, configSource, objects)
	if err != nil {
		return fmt.Errorf("enrollmentGroups: %w", err)
	}
	o.Log.Info("configured groups and hubs are stored", "result", result.String())
	return nil
}
