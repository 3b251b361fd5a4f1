// Package settings is the d2d client's YAML file: its types, its defaults, and the checks that turn a file into something the
// rest may trust. Property names are those of plgd's client application where it has them. Everything has a default: without a
// file the client serves on the loopback address with a pre-shared key of its own.
//
// The struct tags are the single source of what is known about a property:
//
//	yaml   its name                      default  the value where the file leaves it out
//	oneof  what it may be                doc      for readers
//	secret never repeated in an error
package settings
