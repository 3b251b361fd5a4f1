//go:build aws

package dpsctl_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	dynamodbsdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	secretsmanagersdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/client/dpsctl"
	"dps/shared/awsclient"
	"dps/shared/dps"
	"dps/shared/secrets/secretsmanager"
	"dps/shared/store/dynamodb"
)

// cloud is a table and a prefix of its own, in emulators.
type cloud struct {
	*tool
	store   dps.Store
	secrets *secretsmanagersdk.Client
	prefix  string
	flags   []string
}

func newCloud(t *testing.T) cloud {
	t.Helper()
	for _, name := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		if os.Getenv(name) == "" {
			t.Fatalf("%s is not set: run this by `make test-aws`, which starts the emulators", name)
		}
	}
	cfg, err := awsclient.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	cfg.HTTPClient = &http.Client{Transport: transport}
	client, table := dynamodbsdk.NewFromConfig(cfg), "dpsctl-"+dps.NewUUID()
	if err := dynamodb.CreateTable(t.Context(), client, table); err != nil {
		t.Fatal(err)
	}
	prefix := "prefix-" + dps.NewUUID()
	return cloud{newTool(t), dynamodb.New(client, table), secretsmanagersdk.NewFromConfig(cfg), prefix, []string{"--table", table, "--secrets-prefix", prefix}}
}

// wantSecret reads past every cache; "" is none.
func (c cloud) wantSecret(name, want string) {
	c.Helper()
	s := secretsmanager.New(c.secrets, secretsmanager.Options{Prefix: c.prefix})
	defer s.Close()
	value, err := s.Secret(c.Context(), dps.SecretRef("secret:"+name))
	if string(value) != want || err != nil && (want != "" || dps.CodeOf(err) != dps.CodeNotFound) {
		c.Errorf("secret %s is %q, error %v; want %q", name, value, err, want)
	}
}

func (c cloud) with(args ...string) []string { return append(args, c.flags...) }

func TestApplyToTheCloud(t *testing.T) {
	c := newCloud(t)
	c.answers("y\n")
	if out := c.ok(c.with("apply", "-f", "groups.yaml")...); !strings.HasSuffix(out, "Done: 2 created, 0 updated, 0 deleted.\n") {
		t.Errorf("got %s", out)
	}
	g, err := c.store.Group(t.Context(), groupID)
	if err != nil || g.PreSharedKey != "secret:psk/"+groupID {
		t.Errorf("pre-shared key %s, error %v", g.PreSharedKey, err)
	}
	c.wantSecret("psk/"+groupID, "0123456789012345")
	c.wantSecret("oauth/"+hubID+"/clientSecret", "test")
	if out := c.ok(c.with("apply", "-f", "groups.yaml")...); !strings.HasPrefix(out, "Nothing to change in table ") {
		t.Errorf("the second time: %s", out)
	}
	c.edit("groups.yaml", "0123456789012345", "5432109876543210")
	if out := c.ok(c.with("apply", "-f", "groups.yaml", "--yes")...); !strings.Contains(out, "preSharedKey: (secret, changed)\n") {
		t.Errorf("a rotated secret: %s", out)
	}
	c.wantSecret("psk/"+groupID, "5432109876543210")
	c.golden("get-groups-table.txt", c.ok(c.with("get", "groups")...))
	c.put("groups.yaml", "enrollmentGroups: []\n")
	c.ok(c.with("apply", "-f", "groups.yaml", "--yes")...)
	c.wantSecret("psk/"+groupID, "")
	c.wantSecret("oauth/"+hubID+"/clientSecret", "")
	c.fails(dpsctl.ExitNotFound, nil, c.with("get", "groups", groupID)...)
}

func TestTheCloudNeedsAPrefixForSecrets(t *testing.T) {
	c := newCloud(t)
	c.fails(dpsctl.ExitUsage, []string{"--secrets-prefix is not set"}, "apply", "-f", "groups.yaml", c.flags[0], c.flags[1])
	c.env = map[string]string{"DPS_TABLE": c.flags[1], "DPS_SECRETS_PREFIX": c.prefix}
	c.ok("apply", "-f", "groups.yaml", "--yes")
	c.ok("get", "groups")
}

// screen is an output that tells when something is on it.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	seen func(text string)
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(p)
	s.seen(s.text.String())
	return n, err
}

// TestWatchTheCloud: the watcher, looking every second, shows the steps that are recorded while it runs.
func TestWatchTheCloud(t *testing.T) {
	c := newCloud(t)
	c.ok(c.with("apply", "-f", "groups.yaml", "--yes")...)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &screen{seen: func(text string) {
		if strings.Contains(text, string(dps.StepACLs)) {
			interrupt()
		}
	}}
	done := make(chan int, 1)
	go func() {
		done <- dpsctl.Main(t.Context(), c.with("records", "watch", "--interval", "1s"), dpsctl.Console{
			Out: out, Err: out, Getenv: func(string) string { return "" },
			Interruptible: func(context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		})
	}()
	// The first look only learns, so what happens is told anew until the watcher has seen it happen.
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for minute := 0; ctx.Err() == nil; minute++ {
		if _, err := c.store.MergeResults(t.Context(), []dps.StepResult{result("11111111-0000-4000-8000-000000000001", "1", dps.StepACLs, minute)}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
	if code := <-done; code != dpsctl.ExitOK {
		t.Errorf("exit code %d: %s", code, out.text.String())
	}
}
