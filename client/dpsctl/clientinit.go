package dpsctl

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/login"
	"dps/shared/dps"
)

func newClientInitialize(s *session, o *d2dOptions) *cobra.Command {
	cmd := group("initialize", "Make the client a member, in one of three ways",
		newClientKey(s, o), newClientSelf(s, o), newClientMediated(s, o))
	cmd.Aliases = []string{"init"}
	return cmd
}

func newClientKey(s *session, o *d2dOptions) *cobra.Command {
	var id, file string
	var forget bool
	cmd := &cobra.Command{
		Use: "key", Short: "By the pre-shared key that devices know their owner by", Args: cobra.NoArgs,
		Example: "  dpsctl client initialize key --subject-id b80c8fef-a677-5340-85fb-2c162d75df03 --key-file pre-shared-key",
		RunE: run(func(ctx context.Context, _ []string) error {
			key, err := readKey(file)
			if err != nil {
				return err
			}
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				return s.tell(d.InitializeKey(ctx, id, key, !forget), "Devices that know the key let %s in now: dpsctl client devices", clean(id))
			})
		}),
	}
	cmd.Flags().StringVar(&id, "subject-id", "", "`UUID` of the owner, as devices have it")
	cmd.Flags().StringVar(&file, "key-file", "", "`FILE` with the key, 16 bytes")
	cmd.Flags().BoolVar(&forget, "do-not-save", false, "forget the key when the client ends")
	return cmd
}

func newClientSelf(s *session, o *d2dOptions) *cobra.Command {
	return &cobra.Command{
		Use: "certificate", Short: "By an identity certificate that the client gets itself, with your token", Args: cobra.NoArgs,
		RunE: run(func(ctx context.Context, _ []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				return s.tell(d.InitializeSelf(ctx), "The client has its certificate: dpsctl client devices")
			})
		}),
	}
}

func newClientMediated(s *session, o *d2dOptions) *cobra.Command {
	return &cobra.Command{
		Use: "mediated", Short: "By an identity certificate that you fetch for a client which cannot reach the service", Args: cobra.NoArgs,
		Long: `mediated does what the user's browser would do: it takes the client's request to the service's API and the certificate back. The client's
key stays with the client.`,
		RunE: run(func(ctx context.Context, _ []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				return s.tell(s.mediate(ctx, d), "The client has its certificate: dpsctl client devices")
			})
		}),
	}
}

// mediate carries the client's request to the API, and the chain back.
func (s *session) mediate(ctx context.Context, d api.D2D) (err error) {
	b, err := s.openRemote(ctx, "client initialize mediated")
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }()
	c, err := d.Configuration(ctx)
	if err != nil {
		return err
	}
	keys, err := s.keySet(ctx, c.RemoteProvisioning.Authority)
	if err != nil {
		return err
	}
	challenge, err := d.Challenge(ctx, keys)
	if err != nil {
		return err
	}
	chain, err := b.api.SignIdentity(ctx, challenge.CSR)
	if err != nil {
		return err
	}
	return d.Finish(ctx, challenge.State, chain)
}

// maxKeySet bounds an OAuth server's key set, in bytes.
const maxKeySet = 64 << 10

// keySet fetches the OAuth server's keys.
func (s *session) keySet(ctx context.Context, authority string) (json.RawMessage, error) {
	web, disconnect, err := api.NewHTTPClient(s.target.tls)
	if err != nil {
		return nil, err
	}
	defer disconnect()
	provider, err := login.Discover(ctx, web, authority)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, provider.Keys, http.NoBody)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, authority+" names no address of its keys")
	}
	resp, err := web.Do(r)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, authority+" does not answer with its keys")
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet))
	if err != nil || resp.StatusCode != http.StatusOK || !json.Valid(data) {
		return nil, dps.Errorf(dps.CodeUnavailable, "%s does not answer with its keys (%d)", authority, resp.StatusCode)
	}
	return data, nil
}
