import { Problem } from '@shared/api/problem'
import { callJSON } from '@shared/api/request'
import type { Json, JsonObject } from '@shared/lib/json'
import type { Challenge, Configuration, Details, Device, Link, Status } from './types'

interface Begun {
  identityCertificateChallenge?: Challenge
}

const root = '/api/v1'
const segment = encodeURIComponent

/** resource gives a resource's path in the API; href begins with a slash. */
const resource = (id: string, href: string): string =>
  `${root}/devices/${segment(id)}/resources/${href.replace(/^\//, '').split('/').map(segment).join('/')}`

/** Client speaks to the d2d client's API. It never keeps what it reads. */
export class Client {
  /**
   * @param token gives the access token of the moment; undefined before log-in.
   * @param onUnauthorized is called when the client does not take the token, or wants one.
   */
  constructor(
    private readonly token: () => string | undefined,
    private readonly onUnauthorized: () => void,
  ) {}

  configuration = (): Promise<Configuration> => this.call('GET', '/.well-known/configuration')
  /** status does not report a refusal: whoever looks decides what it means. */
  status = (): Promise<Status> => callJSON('GET', `${root}/status`, { token: this.token() })

  initializeByKey = (subjectId: string, key: string, save: boolean): Promise<void> =>
    this.call('POST', `${root}/initialize`, { preSharedKey: { subjectId, key, save } })
  /** initializeSelf has the client ask the signing service by itself, with this person's token. */
  initializeSelf = (): Promise<void> => this.call('POST', `${root}/initialize`, {})
  /** challenge begins what the browser mediates. */
  challenge = async (jwks: JsonObject): Promise<Challenge> => challengeOf(await this.call<Begun>('POST', `${root}/initialize`, { jwks }))
  finish = (state: string, certificate: string): Promise<void> =>
    this.call('POST', `${root}/initialize/${segment(state)}`, { certificate, state })
  /** renew has the client renew its certificate; a challenge where the browser is to carry the request. */
  renew = async (): Promise<Challenge | undefined> =>
    (await this.call<Begun>('POST', `${root}/identity/renew`, {})).identityCertificateChallenge
  /** certificate is the identity certificate's chain, PEM in base64. */
  certificate = async (): Promise<string> => (await this.call<{ certificate: string }>('GET', `${root}/identity/certificate`)).certificate
  reset = (): Promise<void> => this.call('POST', `${root}/reset`, {})

  /** known are the devices that the last searches found. */
  known = (signal?: AbortSignal): Promise<Device[]> => this.devices('useCache=true', signal)
  /** discover looks at the addresses, or where there are none by multicast on every network. */
  discover = (addresses: string[], signal?: AbortSignal): Promise<Device[]> =>
    this.devices(addresses.map((a) => `endpointFilter=${segment(a)}`).join('&'), signal)
  device = (id: string, signal?: AbortSignal): Promise<Details> => this.call('GET', `${root}/devices/${segment(id)}`, undefined, signal)
  links = async (id: string, signal?: AbortSignal): Promise<Link[]> =>
    (await this.call<{ resources: Link[] }>('GET', `${root}/devices/${segment(id)}/resource-links`, undefined, signal)).resources
  own = (id: string): Promise<void> => this.call('POST', `${root}/devices/${segment(id)}/own`, {})
  disown = (id: string): Promise<void> => this.call('POST', `${root}/devices/${segment(id)}/disown`, {})

  /** read gives what a resource says, by one of its interfaces where one is named. */
  read = async (id: string, href: string, by = '', signal?: AbortSignal): Promise<Json> =>
    (await this.call<{ content: Json }>('GET', resource(id, href) + (by ? `?resourceInterface=${segment(by)}` : ''), undefined, signal))
      .content
  update = async (id: string, href: string, value: Json): Promise<Json> =>
    (await this.call<{ content: Json }>('PUT', resource(id, href), value)).content

  private async devices(query: string, signal?: AbortSignal): Promise<Device[]> {
    return (await this.call<{ devices: Device[] }>('GET', `${root}/devices${query && `?${query}`}`, undefined, signal)).devices
  }

  private async call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    try {
      return await callJSON<T>(method, path, { body, token: this.token(), signal })
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.onUnauthorized()
      throw error
    }
  }
}

function challengeOf(begun: Begun): Challenge {
  const challenge = begun.identityCertificateChallenge
  if (!challenge) throw new Problem(502, 'The client answered without a request for a certificate.')
  return challenge
}
