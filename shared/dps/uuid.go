package dps

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 9562 §5.5 defines version 5 by SHA-1; it names things, it protects nothing
	"encoding/hex"
	"strings"
)

// The name spaces of RFC 9562 §6.6 that the protocol uses.
const (
	namespaceURL  = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"
	namespaceX500 = "6ba7b814-9dad-11d1-80b4-00c04fd430c8"
)

// NilUUID is the UUID of zeros: what a device sends for "no gateway chosen yet".
const NilUUID = "00000000-0000-0000-0000-000000000000"

// ParseUUID gives s in its canonical lower-case form, and false where s is not a UUID in the 8-4-4-4-12 form.
func ParseUUID(s string) (string, bool) {
	if len(s) != len(NilUUID) {
		return "", false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return "", false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// NewUUID makes a random UUID, version 4 (RFC 9562 §5.4).
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails: it ends the process instead
	return formatUUID(b, 4)
}

// OwnerUUID is the owner's id on the wire: the owner itself where it is a non-nil UUID, else UUIDv5(URL, owner).
func OwnerUUID(owner string) string {
	if u, ok := ParseUUID(owner); ok && u != NilUUID {
		return u
	}
	return uuidV5(namespaceURL, []byte(owner))
}

// RecordID is the id of a device's provisioning record, and so of the manufacturer key behind it:
// UUIDv5(X500, DER of the certificate's SubjectPublicKeyInfo).
func RecordID(subjectPublicKeyInfo []byte) string {
	return uuidV5(namespaceX500, subjectPublicKeyInfo)
}

// ConfiguredHubID is the id of the hub that a configuration file lists under a group. Two groups may list one hub with
// different credentials, so the hub id alone would not do.
func ConfiguredHubID(groupID, hubID string) string {
	return uuidV5(groupID, []byte(hubID))
}

func uuidV5(namespace string, name []byte) string {
	ns, err := hex.DecodeString(strings.ReplaceAll(namespace, "-", ""))
	if err != nil {
		ns = []byte(namespace)
	}
	h := sha1.New() //nolint:gosec // see the import
	h.Write(ns)
	h.Write(name)
	return formatUUID([16]byte(h.Sum(nil)[:16]), 5)
}

func formatUUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
