// Command gendoc writes the reference of all configuration properties, in Markdown, to the file it is given.
package main

import (
	"fmt"
	"os"

	"dps/shared/config"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendoc FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], render(config.Properties()), 0o644); err != nil { //nolint:gosec // documentation is for everybody
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
