package main

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// DynamoDB Local 1.25.1, as Amazon's own npm package brings it: one archive, whose hash is pinned here.
const (
	dynamoDBPackage = "amplify-dynamodb-simulator"
	dynamoDBVersion = "2.9.30"
	dynamoDBHash    = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==" // SHA-512
)

var dynamoDBLocal = service{"DynamoDB Local", "AWS_ENDPOINT_URL_DYNAMODB", prepareDynamoDBLocal}

func prepareDynamoDBLocal(ctx context.Context, cache string, log io.Writer) (starter, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return starter{}, errors.New("it needs Java 11 or later, and no java is found: apt-get install default-jre-headless")
	}
	dir, err := cached(cache, "dynamodb-local-"+dynamoDBVersion, func(dir string) error {
		say(log, "fetching %s %s (57 MB, once)", dynamoDBPackage, dynamoDBVersion)
		return fetchDynamoDBLocal(ctx, dir)
	})
	if err != nil {
		return starter{}, err
	}
	return starter{dir, func(port string) []string {
		return []string{
			java, "-Xmx512m", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar",
			"-port", port, "-inMemory", "-sharedDb", "-disableTelemetry",
		}
	}}, nil
}

// fetchDynamoDBLocal has npm bring the archive, checks that it is the one we know, and unpacks the emulator alone: nothing of
// the package is run.
func fetchDynamoDBLocal(ctx context.Context, dir string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm fetches it, and no npm is found: apt-get install npm")
	}
	name := dynamoDBPackage + "@" + dynamoDBVersion
	cmd := exec.CommandContext(ctx, npm, "pack", "--silent", "--ignore-scripts", name) //nolint:gosec // fixed arguments
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack %s: %w: is the npm registry within reach?\n%s", name, err, out)
	}
	archive := filepath.Join(dir, dynamoDBPackage+"-"+dynamoDBVersion+".tgz")
	if err := checkHash(archive, dynamoDBHash); err != nil {
		return err
	}
	if err := unpack(archive, "package/emulator/", dir); err != nil {
		return err
	}
	return os.Remove(archive)
}

func checkHash(file, want string) error {
	f, err := os.Open(file) //nolint:gosec // in the cache folder
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was read
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has SHA-512 %s, want %s: it is not what was tested, and is not run", filepath.Base(file), got, want)
	}
	return nil
}
