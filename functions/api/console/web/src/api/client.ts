import type { JsonObject } from '../lib/diff'
import { Problem } from '@shared/api/problem'
import { callJSON } from '@shared/api/request'
import type {
  AuditEntry,
  Binding,
  Build,
  Certificate,
  DeviceRecord,
  Group,
  Hub,
  HubTest,
  Inspection,
  Login,
  Me,
  Page,
  Statistics,
} from './types'

/** Query is a search string in the making; what is empty is left out. */
export type Query = Record<string, string | number | undefined>

interface Call {
  query?: Query
  body?: unknown
  patch?: boolean
  version?: string | undefined
  signal?: AbortSignal | undefined
}

const root = '/api/v1'

function search(query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return text ? `?${text}` : ''
}

const segment = encodeURIComponent

function byName<T extends { name?: string; id: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '') || a.id.localeCompare(b.id))
}

/** Client speaks to the API as one person. It never keeps what it reads. */
export class Client {
  /**
   * @param token gives the access token of the moment; undefined before log-in.
   * @param onUnauthorized is called when the server no longer takes the token.
   */
  constructor(
    private readonly token: () => string | undefined,
    private readonly onUnauthorized: () => void,
  ) {}

  login = (): Promise<Login> => this.call('GET', '/login')
  me = (): Promise<Me> => this.call('GET', '/me')
  build = (): Promise<Build> => this.call('GET', '/version')
  openAPI = (): Promise<JsonObject> => this.call('GET', '/openapi.json')
  statistics = (signal?: AbortSignal): Promise<Statistics> => this.call('GET', '/statistics', { signal })

  records = (query: Query, signal?: AbortSignal): Promise<Page<DeviceRecord>> =>
    this.call('GET', '/provisioning-records', { query, signal })
  record = (id: string, signal?: AbortSignal): Promise<DeviceRecord> => this.call('GET', `/provisioning-records/${segment(id)}`, { signal })
  audit = (id: string, pageToken?: string): Promise<Page<AuditEntry>> =>
    this.call('GET', `/provisioning-records/${segment(id)}/audit`, { query: { pageToken } })
  deleteRecord = (id: string): Promise<void> => this.call('DELETE', `/provisioning-records/${segment(id)}`)
  binding = (deviceId: string): Promise<Binding> => this.call('GET', `/device-bindings/${segment(deviceId)}`)
  releaseBinding = (deviceId: string): Promise<void> => this.call('DELETE', `/device-bindings/${segment(deviceId)}`)

  /** groups are all of them, by name. */
  groups = async (signal?: AbortSignal): Promise<Group[]> => byName(await this.all<Group>('/enrollment-groups', signal))
  group = (id: string, signal?: AbortSignal): Promise<Group> => this.call('GET', `/enrollment-groups/${segment(id)}`, { signal })
  createGroup = (body: JsonObject): Promise<Group> => this.call('POST', '/enrollment-groups', { body })
  changeGroup = (id: string, body: JsonObject, version?: string): Promise<Group> =>
    this.call('PATCH', `/enrollment-groups/${segment(id)}`, { body, patch: true, version })
  deleteGroup = (id: string, version?: string): Promise<void> => this.call('DELETE', `/enrollment-groups/${segment(id)}`, { version })
  proveGroup = (id: string, certificate: string): Promise<Group> =>
    this.call('POST', `/enrollment-groups/${segment(id)}/proof`, { body: { certificate } })
  vouchForGroup = (id: string): Promise<Group> => this.call('POST', `/enrollment-groups/${segment(id)}/vouch`)

  /** hubs are all of them, by name. */
  hubs = async (signal?: AbortSignal): Promise<Hub[]> => byName(await this.all<Hub>('/hubs', signal))
  hub = (id: string, signal?: AbortSignal): Promise<Hub> => this.call('GET', `/hubs/${segment(id)}`, { signal })
  createHub = (body: JsonObject): Promise<Hub> => this.call('POST', '/hubs', { body })
  changeHub = (id: string, body: JsonObject, version?: string): Promise<Hub> =>
    this.call('PATCH', `/hubs/${segment(id)}`, { body, patch: true, version })
  deleteHub = (id: string, version?: string): Promise<void> => this.call('DELETE', `/hubs/${segment(id)}`, { version })
  testHub = (id: string): Promise<HubTest> => this.call('POST', `/hubs/${segment(id)}/test`)

  inspect = (certificates: string, signal?: AbortSignal): Promise<Inspection> =>
    this.call('POST', '/inspections/certificates', { body: { certificates }, signal })

  /** inspectOne tells what one certificate says; undefined where it cannot be read. */
  async inspectOne(pem: string): Promise<Certificate | undefined> {
    return (await this.inspect(pem)).certificates?.[0]
  }

  private async all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
    const items: T[] = []
    for (let pageToken = '', first = true; first || pageToken; first = false) {
      const page: Page<T> = await this.call('GET', path, { query: { pageSize: 1000, pageToken }, signal })
      items.push(...page.items)
      pageToken = page.nextPageToken
    }
    return items
  }

  private async call<T>(method: string, path: string, { query, body, patch, version, signal }: Call = {}): Promise<T> {
    try {
      return await callJSON<T>(method, `${root}${path}${search(query)}`, {
        body,
        media: patch ? 'application/merge-patch+json' : undefined,
        token: this.token(),
        headers: version ? { 'If-Match': `"${version}"` } : {},
        signal,
      })
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.onUnauthorized()
      throw error
    }
  }
}
