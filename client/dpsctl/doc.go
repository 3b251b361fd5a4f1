// Package dpsctl is the operator's tool: it brings enrollment groups, hubs and their secrets to the service's store, in the
// cloud or in one file, shows what is there and what happens to devices, and turns plgd's configuration into ours.
package dpsctl
