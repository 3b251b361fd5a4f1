// Package build tells what a program was built from.
package build

import (
	"runtime"
	"runtime/debug"
)

// Version is the module's version and commit, such as "v1.2.3 (0123456789ab)"; "development" where the build does not know.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	version, commit := info.Main.Version, ""
	if version == "" || version == "(devel)" {
		version = "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = " (" + s.Value[:min(len(s.Value), 12)] + ")"
		}
	}
	return version + commit
}

// Line is what a program answers to --version.
func Line(program string) string { return "dps " + program + " " + Version() + " " + runtime.Version() }
