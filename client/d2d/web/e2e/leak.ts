import { createECDH, X509Certificate } from 'node:crypto'
import type { Piece } from './wire'

/** The size of a private key on P-256, in bytes. */
const size = 32

/**
 * leaks lists the pieces that hold the private key of a public key (an uncompressed point on P-256): as 32 bytes in a row anywhere, as
 * they came, or in what stands there in base64 or hexadecimal digits, or in base64 within that. Each window of 32 bytes is tried as a key.
 */
export function leaks(pieces: Piece[], publicKey: Buffer): string[] {
  const tried = new Set<string>()
  return pieces
    .filter(({ bytes }) => {
      const once = decoded(bytes)
      return [bytes, ...once, ...once.flatMap(decoded)].some((layer) => hasKey(layer, publicKey, tried))
    })
    .map(({ of }) => of)
}

/** decoded gives what stands in base64 (either alphabet), in PEM, or in hexadecimal digits in a text, as bytes. */
function decoded(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1').replaceAll('\\n', '\n')
  const encoded = (text.match(/[A-Za-z0-9+/_-]{24,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64')),
  )
  const pem = [...text.matchAll(/-----BEGIN [^-]+-----([\s\S]*?)-----END/g)].map(([, body = '']) => Buffer.from(body, 'base64'))
  const hex = (text.match(/(?:[0-9a-fA-F]{2}[:\s]?){32,}/g) ?? []).map((run) => Buffer.from(run.replace(/[:\s]/g, ''), 'hex'))
  return [...encoded, ...pem, ...hex]
}

/** hasKey tries each window of 32 bytes that was not tried yet. */
function hasKey(bytes: Buffer, publicKey: Buffer, tried: Set<string>): boolean {
  for (let at = 0; at + size <= bytes.length; at++) {
    const window = bytes.subarray(at, at + size)
    const name = window.toString('latin1')
    if (tried.has(name) || isText(window)) continue
    tried.add(name)
    if (isPrivateKeyOf(window, publicKey)) return true
  }
  return false
}

/** isText tells that 32 bytes are plain letters: a random key is that once in 2^45. */
const isText = (bytes: Buffer): boolean => bytes.every((b) => b === 0x0a || (b >= 0x20 && b < 0x7f))

export function isPrivateKeyOf(scalar: Buffer, publicKey: Buffer): boolean {
  const ecdh = createECDH('prime256v1')
  try {
    ecdh.setPrivateKey(scalar)
  } catch {
    return false // zero, or beyond the order of the curve
  }
  return ecdh.getPublicKey().equals(publicKey)
}

/** pointOf gives the public key's point in a CSR or certificate on P-256, PEM: 0x04 and two coordinates, after the curve's name. */
export function pointOf(pem: string): Buffer {
  const der = pem.includes('CERTIFICATE REQUEST')
    ? Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    : new X509Certificate(pem).raw
  const after = Buffer.from('06082a8648ce3d030107034200', 'hex') // prime256v1, then a bit string of 65 bytes
  const at = der.indexOf(after)
  if (at < 0) throw new Error('this has no key on P-256')
  return der.subarray(at + after.length, at + after.length + 65)
}
