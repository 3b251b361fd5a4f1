package main

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"dps/localstack/lambda"
)

// settings let every function start; nothing is called while it does.
func settings() map[string]string {
	return map[string]string{
		"DPS_TABLE": "sizes", "DPS_SECRETS_PREFIX": "sizes", "DPS_TOKEN_FUNCTION": "sizes-token",
		"DPS_SIGN_FUNCTION": "sign", "DPS_API_AUTHORITY": "https://auth.example.com", "DPS_API_AUDIENCE": "api",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "sizes", "AWS_SECRET_ACCESS_KEY": "sizes", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
	}
}

// initTimes starts the function so many times, one after the other, and gives the median and the longest time.
func initTimes(ctx context.Context, runs int, name, binary string) (median, slowest time.Duration, err error) {
	h, err := lambda.New(ctx, lambda.Options{Functions: []lambda.Function{
		{Name: name, Binary: binary, Env: settings(), Concurrency: runs},
	}})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }() //nolint:contextcheck // also where ctx has ended
	times := make([]time.Duration, runs)
	for i := range times {
		if times[i], err = h.Provision(ctx, name); err != nil {
			return 0, 0, err
		}
	}
	slices.Sort(times)
	return times[runs/2], times[runs-1], nil
}

// weigh gives the bytes of the file, and of a zip archive with it alone, as it is uploaded.
func weigh(path string) (plain, zipped int64, err error) {
	f, err := os.Open(path) //nolint:gosec // built a moment ago
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	var count counter
	archive := zip.NewWriter(&count)
	entry, err := archive.Create(lambda.Bootstrap)
	if err != nil {
		return 0, 0, err
	}
	if plain, err = io.Copy(entry, f); err != nil {
		return 0, 0, err
	}
	err = archive.Close()
	return plain, int64(count), err
}

// counter counts what is written to it.
type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
