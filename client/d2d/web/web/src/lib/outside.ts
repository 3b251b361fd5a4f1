import { Problem } from '@shared/api/problem'
import { callJSON } from '@shared/api/request'
import { isObject, type JsonObject } from '@shared/lib/json'

/** What the browser asks of others than the client: the OAuth server and the signing service. The page's policy allows these two alone. */

const signPath = '/api/v1/sign/identity-csr'
const signPrefix = '/certificate-authority' // that plgd's deployments have

const trimmed = (url: string): string => url.replace(/\/+$/, '')

function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url
  }
}

/** silent says what a browser does not: why a request to another origin got no answer. */
function silent(who: string, url: string): Problem {
  return new Problem(
    0,
    `${who} at ${originOf(url)} does not answer this browser. Either it cannot be reached from here, or it does not let pages of ${location.origin} ask.`,
    'unreachable',
  )
}

async function ask<T>(who: string, method: string, url: string, call: Parameters<typeof callJSON>[2] = {}): Promise<T> {
  try {
    return await callJSON<T>(method, url, call)
  } catch (error) {
    if (error instanceof Problem && error.status === 0) throw silent(who, url)
    if (error instanceof SyntaxError) throw new Problem(502, `${who} at ${originOf(url)} answers something else than JSON.`)
    throw error
  }
}

/** keySet gets the OAuth server's public keys (OpenID Connect Discovery 1.0 §4, RFC 7517 §5). */
export async function keySet(authority: string): Promise<JsonObject> {
  const who = 'The OAuth server'
  const document = await ask<unknown>(who, 'GET', `${trimmed(authority)}/.well-known/openid-configuration`)
  const at = isObject(document) ? document['jwks_uri'] : undefined
  if (typeof at !== 'string') throw new Problem(502, `${who} does not say where its keys are (jwks_uri).`)
  const keys = await ask<unknown>(who, 'GET', at)
  if (!isObject(keys) || !Array.isArray(keys['keys'])) throw new Problem(502, `${who} gives no key set at ${at}.`)
  return keys
}

/** sign has the signing service sign a request, PEM in base64, and gives the chain in the same form. */
export async function sign(certificateAuthority: string, certificateSigningRequest: string, token: string | undefined): Promise<string> {
  const base = trimmed(certificateAuthority)
  const post = (prefix: string): Promise<unknown> =>
    ask('The signing service', 'POST', base + prefix + signPath, { body: { certificateSigningRequest }, token })
  const answer = await post('').catch((error: unknown) => {
    const elsewhere = error instanceof Problem && (error.status === 404 || error.status === 405) && !base.endsWith(signPrefix)
    if (elsewhere) return post(signPrefix)
    throw error
  })
  const certificate = isObject(answer) ? answer['certificate'] : undefined
  if (typeof certificate !== 'string' || certificate === '') throw new Problem(502, 'The signing service answers without a certificate.')
  return certificate
}
