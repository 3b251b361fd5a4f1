import { toBase64 } from '@shared/lib/pem'

/** size is that of a pre-shared key, in bytes: what devices take. */
const size = 16

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

/** newUUID makes a random one (RFC 9562 §5.4); crypto.randomUUID is missing where the page is not served over HTTPS. */
export function newUUID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** newKey makes a random key, as the API takes it. */
export const newKey = (): string => `data:;base64,${toBase64(crypto.getRandomValues(new Uint8Array(size)))}`

/** idFault says what is wrong with a subject id; undefined: nothing. */
export function idFault(text: string): string | undefined {
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text.trim()) || /^[0-]+$/.test(text.trim())) {
    return 'The id has to be a UUID, such as 98be12de-3991-4567-aeea-edd9a656e6df: the one that devices know their owner by.'
  }
  return undefined
}

/** keyFault says what is wrong with a key, without repeating it; undefined: nothing. */
export function keyFault(text: string): string | undefined {
  const length = bytesOf(text)
  if (length === undefined) return 'The key begins with data: but does not go on with base64: write data:;base64, and the 16 bytes.'
  if (length !== size) {
    return `The key has ${length} ${length === 1 ? 'byte' : 'bytes'}, devices take ${size}: write ${size} characters, or data:;base64, and ${size} bytes.`
  }
  return undefined
}

/** bytesOf counts a key's bytes; undefined where it cannot be read. */
function bytesOf(text: string): number | undefined {
  if (!text.startsWith('data:')) return new TextEncoder().encode(text).length
  const encoded = /^data:[^,]*;base64,(.*)$/.exec(text)?.[1]
  try {
    return encoded === undefined ? undefined : atob(encoded).length
  } catch {
    return undefined
  }
}
