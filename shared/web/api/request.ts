import { problemOf, unreachable } from './problem'

/** send tells a request that was called off (by leaving a page) from a server that is silent. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw unreachable()
  }
}

export interface Call {
  body?: unknown
  /** Media type of the body; JSON where it is not said. */
  media?: string | undefined
  token?: string | undefined
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** callJSON sends and reads JSON; nothing is kept, no cookie goes along, no redirect is followed. Throws a Problem. */
export async function callJSON<T>(method: string, url: string, { body, media, token, headers, signal }: Call = {}): Promise<T> {
  const all = new Headers({ Accept: 'application/json', ...headers })
  if (token) all.set('Authorization', `Bearer ${token}`)
  if (body !== undefined) all.set('Content-Type', media ?? 'application/json')
  const init: RequestInit = { method, headers: all, cache: 'no-store', credentials: 'omit', redirect: 'error' }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal) init.signal = signal
  const response = await send(url, init)
  if (!response.ok) throw await problemOf(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}
