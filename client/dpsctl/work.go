package dpsctl

import (
	"context"

	"dps/client/dpsctl/apiapply"
	"dps/shared/apply"
	"dps/shared/dps"
)

// work is a file's objects and what they are applied to.
type work struct {
	stores  apply.Stores
	secrets dps.SecretWriter
	source  string
	objects apply.Objects
	over    *apiapply.Target // nil over a store
}

// work prepares a file's objects for the backend. Errors: CodeInvalid for options that go with the other kind of backend.
func (b *backend) work(ctx context.Context, o applyOptions, objects apply.Objects) (*work, error) {
	if b.direct != nil {
		if o.prune {
			return nil, dps.Errorf(dps.CodeInvalid, "--prune is for the API (--server, --context): %s remembers what the file brought, and deletes what it no longer names", b.where)
		}
		return &work{stores: b.stores, secrets: b.secrets, source: o.source, objects: objects}, nil
	}
	if o.source != apply.SourceCLI {
		return nil, dps.Errorf(dps.CodeInvalid, "--source %s: the API remembers no sources: leave it out", o.source)
	}
	t := apiapply.New(b.api, b.me, o.prune)
	objects, err := t.Localize(ctx, objects)
	return &work{stores: t, secrets: t, source: o.source, objects: objects, over: t}, err
}

func (w *work) plan(ctx context.Context) (apply.Plan, error) {
	return apply.NewPlan(ctx, w.stores, w.secrets, w.source, w.objects)
}

func (w *work) apply(ctx context.Context) (apply.Result, error) {
	result, err := apply.Apply(ctx, w.stores, w.secrets, w.source, w.objects)
	if w.over == nil {
		return result, err
	}
	if refusal := w.over.Refusal(); dps.CodeOf(err) == dps.CodeConflict && refusal != nil {
		return result, dps.Errorf(dps.CodeConflict, "%w (the server: %s)", err, dps.AsError(refusal).Message)
	}
	if err == nil {
		err = w.over.Finish(ctx, w.objects)
	}
	return result, err
}

// waiting are the groups whose devices are refused for want of proof.
func (w *work) waiting() []string {
	if w.over == nil {
		return nil
	}
	return w.over.Waiting()
}
