// Package config is the YAML configuration file: its types, its defaults, and the checks that turn a file into something
// the rest of the program may trust. Property names, defaults and units are those of plgd's device provisioning service,
// so that its operators' files keep working.
//
// The struct tags are the single source of everything known about a property: they drive decoding, defaults, bounds,
// redaction and docs/configuration.md.
//
//	yaml     its name                       default  the value where the file leaves it out
//	alias    other names, comma-separated   oneof    the values it may have, comma-separated
//	inline   a name whose value is the      min,max  bounds, inclusive; durations are never negative
//	         content, not a file            scalar   a list that may be written as one string
//	secret   never printed when inline      unit, doc, applies: for readers
package config

//go:generate go run ./gendoc ../../docs/configuration.md
