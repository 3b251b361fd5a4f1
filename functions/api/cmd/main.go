// Command api is the function behind the HTTP API, on AWS Lambda. Its settings are environment variables: see wire.
package main

import (
	"os"

	"dps/shared/lambdahost"
)

func main() { os.Exit(lambdahost.Main(wire)) }
