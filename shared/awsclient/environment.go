package awsclient

import (
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"dps/shared/dps"
)

const endpointVariable = "AWS_ENDPOINT_URL" // and AWS_ENDPOINT_URL_<SERVICE>

// checkEndpoints names every endpoint variable whose value is no URL: the SDK would call an address that nobody meant.
func checkEndpoints() error {
	var bad []string
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" || name != endpointVariable && !strings.HasPrefix(name, endpointVariable+"_") {
			continue
		}
		if u, err := url.Parse(value); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			bad = append(bad, name)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return dps.Errorf(dps.CodeInvalid, "%s: not an http(s) URL: set it to one, for example http://localhost:4566, or unset it", strings.Join(bad, ", "))
}

// explain says which variable is behind an error of the SDK's. The SDK's text names files and profiles, no keys.
func explain(err error) error {
	var profile config.SharedConfigProfileNotExistError
	var file config.SharedConfigLoadError
	switch {
	case errors.As(err, &profile):
		return dps.Errorf(dps.CodeInvalid, "AWS_PROFILE: %w: set it to a profile of AWS_CONFIG_FILE (~/.aws/config), or unset it", profile)
	case errors.As(err, &file):
		return dps.Errorf(dps.CodeInvalid, "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE: %w", err)
	}
	return dps.Errorf(dps.CodeInvalid, "the AWS environment (variables AWS_…) cannot be used: %w", err)
}
