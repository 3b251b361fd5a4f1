import { isObject } from '@shared/lib/json'

/** claimOf reads a claim of a token, for people to see whose it is. Nobody checks it here: the client does. */
export function claimOf(token: string | undefined, claim: string): string {
  const payload = token?.split('.')[1]
  if (!payload) return ''
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))))
    const value = isObject(claims) ? claims[claim] : undefined
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}
