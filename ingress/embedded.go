package ingress

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"dps/functions/enroll"
	"dps/functions/record"
	"dps/functions/sign"
	"dps/functions/token"
	"dps/ingress/recorder"
	"dps/shared/apply"
	"dps/shared/certauthority"
	"dps/shared/config"
	"dps/shared/invoke"
	"dps/shared/oauth"
	"dps/shared/secrets/file"
	"dps/shared/store/bolt"
)

// configSource names the configuration file in the store's manifest: what it no longer lists goes.
const configSource = "config"

// openEmbedded puts the functions into this process, over one database file; secrets and spool lie beside it. Groups and
// hubs of the configuration are written to the store before anything is served.
func openEmbedded(ctx context.Context, cfg config.Config, o Options, count func(name, reason string)) (*backend, error) {
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
	tokens := oauth.New(secrets, o.Now, oauth.Options{Count: count})
	authorities := certauthority.New(secrets, certauthority.Options{Count: count})
	fetcher := enroll.NewFetcher(enroll.FetcherOptions{Now: o.Now})
	return &backend{
		functions: &invoke.InProcess{
			EnrollHandler: enroll.New(store, fetcher, o.Log).Handle,
			TokenHandler:  token.New(store, tokens, o.Now).Handle,
			SignHandler:   sign.New(store, tokens, authorities, secrets, o.Now, sign.Options{Count: count}).Handle,
			RecordHandler: record.New(store).Handle,
		},
		store: store,
		spool: spool,
		close: func() error {
			fetcher.Close()
			return errors.Join(tokens.Close(), authorities.Close(), store.Close())
		},
	}, nil
}

func writeConfigured(ctx context.Context, cfg config.Config, store *bolt.Store, secrets *file.Store, o Options) error {
	objects, err := cfg.Objects()
	if err != nil {
		return err
	}
	result, err := apply.Apply(ctx, store, secrets, configSource, objects)
	if err != nil {
		return fmt.Errorf("enrollmentGroups: %w", err)
	}
	o.Log.Info("configured groups and hubs are stored", "result", result.String())
	return nil
}
