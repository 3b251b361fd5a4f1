// Package attestation judges a presented certificate chain against candidate enrollment groups: who made this device, and
// may it enter? It is pure: no I/O, no clock, no log. The same arguments always give the same answer.
//
//	CheckBounds ─▶ leaf usage ─▶ per group: paths (crypto/x509) ─▶ lead ─▶ leaf-most depth ─▶ that group's policy ─▶ Verdict
//
// Three principles:
//
//   - Names find, keys decide. Distinguished names and key ids choose what to try; only a verified signature, and a lead
//     certificate that is the same by name and key, lets anybody in.
//   - The leaf-most lead certificate chooses the group, and that group alone decides. A device that its own group refuses
//     (expired, denied, revoked) is not handed to a broader group above it, which may belong to another owner.
//   - What cannot be checked is refused: a revocation list that is stale, unreadable or signed by nobody on the path keeps
//     out everybody whom it could name.
package attestation
