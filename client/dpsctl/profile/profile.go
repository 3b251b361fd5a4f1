// Package profile keeps what dpsctl remembers between runs: contexts, which name an API and how to log in to it, in config.yaml, and
// the tokens of the sessions there, apart from them in credentials.yaml.
//
// Both files are for their owner's eyes alone: they are written with mode 0600, and not read where others can read them.
package profile

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// The files, in the profile's folder.
const (
	fileConfig      = "config.yaml"
	fileCredentials = "credentials.yaml"
)

// Context is an API, and how to log in to it. It holds no secret.
type Context struct {
	Name      string   `yaml:"name"`
	Server    string   `yaml:"server"`
	TLS       api.TLS  `yaml:"tls,omitempty"`
	Authority string   `yaml:"authority"` // the OAuth server, as the API named it at log-in
	Audience  string   `yaml:"audience,omitempty"`
	Scopes    []string `yaml:"scopes,omitempty,flow"`
	ClientID  string   `yaml:"clientID"`
	Program   bool     `yaml:"program,omitempty"` // client credentials, no person
	// ClientSecretFile holds the program's secret; "": it comes from the environment.
	ClientSecretFile string `yaml:"clientSecretFile,omitempty"`
}

// Session is the tokens of a log-in.
type Session struct {
	AccessToken  string    `yaml:"accessToken"`
	RefreshToken string    `yaml:"refreshToken,omitempty"`
	Expiry       time.Time `yaml:"expiry,omitempty"`
}

// config is what config.yaml holds.
type config struct {
	Current  string    `yaml:"currentContext,omitempty"`
	Contexts []Context `yaml:"contexts,omitempty"`
}

// credentials is what credentials.yaml holds: sessions by context.
type credentials struct {
	Sessions map[string]Session `yaml:"sessions,omitempty"`
}

// Profile is a folder of both files; neither need exist.
type Profile struct{ dir string }

// Open names the folder: $XDG_CONFIG_HOME/dps, else $HOME/.config/dps. Errors: CodeInvalid where neither is set.
func Open(getenv func(string) string) (Profile, error) {
	base := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) { // others are to be ignored, says the XDG base directory specification
		home := getenv("HOME")
		if home == "" {
			return Profile{}, dps.Errorf(dps.CodeInvalid, "there is no folder for dpsctl's profile: set HOME or XDG_CONFIG_HOME")
		}
		base = filepath.Join(home, ".config")
	}
	return Profile{filepath.Join(base, "dps")}, nil
}

// contextName is what a context can be called: it is a word on the command line.
var contextName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// CheckName tells whether a context can have the name. Errors: CodeInvalid.
func CheckName(name string) error {
	if !contextName.MatchString(name) {
		return dps.Errorf(dps.CodeInvalid, "%.80q is no name of a context: write 1 to 63 letters, digits, '.', '_', '-'", name)
	}
	return nil
}

// DefaultName is a context's name where its user gives none: the server's host.
func DefaultName(host string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if contextName.MatchString("a" + string(r)) {
			return r
		}
		return '-'
	}, host), "-._")
}

// Contexts gives all contexts, ordered by name, and the name of the current one, "" for none. Errors: CodeInvalid for a file that is
// damaged or that others can read.
func (p Profile) Contexts() ([]Context, string, error) {
	var c config
	if err := p.read(fileConfig, &c); err != nil {
		return nil, "", err
	}
	slices.SortFunc(c.Contexts, func(a, b Context) int { return strings.Compare(a.Name, b.Name) })
	return c.Contexts, c.Current, nil
}

// Context gives one; "" is the current one. Errors: CodeNotFound, with the remedy; as Contexts.
func (p Profile) Context(name string) (Context, error) {
	all, current, err := p.Contexts()
	if err != nil {
		return Context{}, err
	}
	if name == "" {
		name = current
	}
	i := slices.IndexFunc(all, func(c Context) bool { return c.Name == name })
	switch {
	case name == "":
		return Context{}, dps.Errorf(dps.CodeNotFound, "no context is in use: dpsctl login SERVER makes one, dpsctl context use NAME chooses one")
	case i < 0:
		return Context{}, dps.Errorf(dps.CodeNotFound, "there is no context %.80q: dpsctl context list shows those that are, dpsctl login SERVER makes one", name)
	}
	return all[i], nil
}
