// Package apply brings the groups and hubs of a configuration into the stores: created, updated, left alone, or deleted
// when the source no longer names them. It may be stopped anywhere and run again; running it twice changes nothing.
package apply
