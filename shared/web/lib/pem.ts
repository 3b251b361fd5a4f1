/** The API takes and gives certificates and secrets as data URIs; people read and write PEM. */

/** toText gives what a data URI holds, or the text itself where it is none. */
export function toText(value: string | undefined): string {
  if (!value?.startsWith('data:')) return value ?? ''
  const comma = value.indexOf(',')
  if (comma < 0) return ''
  const body = value.slice(comma + 1)
  if (!/;base64$/i.test(value.slice(0, comma))) return decodeURIComponent(body)
  return new TextDecoder().decode(Uint8Array.from(atob(body), (c) => c.charCodeAt(0)))
}

/** toBase64 encodes bytes; in pieces, because a call takes only so many arguments. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(binary)
}

/** toDataURI gives text as the API takes it; nothing stays nothing. */
export function toDataURI(text: string): string {
  return text === '' ? '' : `data:;base64,${toBase64(new TextEncoder().encode(text))}`
}

/** asPEM gives a certificate file as PEM text: as it is, or wrapped where it is DER. */
export function asPEM(bytes: Uint8Array, label = 'CERTIFICATE'): string {
  const text = new TextDecoder().decode(bytes)
  if (text.includes('-----BEGIN ')) return text
  if (bytes[0] !== 0x30) return text // no DER sequence: the server says what is wrong with it
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** isPrivateKey warns before a key is sent where a certificate is wanted. */
export const isPrivateKey = (text: string): boolean => /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text)
