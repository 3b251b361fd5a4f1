// Package vault keeps the client's credentials on disk, encrypted: one file, sealed with AES-256-GCM under a key that is
// elsewhere.
//
//	keyring     32 random bytes in the operating system's keyring
//	passphrase  derived with argon2id (RFC 9106 §4) from what a person, or a secrets mount, provides
//	keyFile     32 random bytes in a file of mode 0600, made at the first start; keep it on another disk to gain anything
//
// A file that cannot be opened is never written over: what it holds may be the only key to devices in the field.
package vault
