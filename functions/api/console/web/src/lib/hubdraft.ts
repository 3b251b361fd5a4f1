import type { Hub, TLS } from '../api/types'
import type { JsonObject } from './diff'
import { toDataURI, toText } from '@shared/lib/pem'

/** TLSDraft is how a client identifies itself and whom it trusts, as a form holds it. */
export interface TLSDraft {
  caPool: string
  cert: string
  key: string
  removeKey: boolean
  system: boolean
}

/** HubDraft is a hub as a form holds it. */
export interface HubDraft {
  name: string
  hubId: string
  gateways: string
  caPool: string
  address: string
  authorityTLS: TLSDraft
  providerName: string
  authority: string
  clientId: string
  clientSecret: string
  removeSecret: boolean
  scopes: string
  audience: string
  ownerClaim: string
  deviceIdClaim: string
  providerTLS: TLSDraft
}

const pool = (values: string[] | undefined): string => (values ?? []).map((v) => toText(v).trim()).join('\n')

const tlsDraft = (tls: TLS | undefined): TLSDraft => ({
  caPool: pool(tls?.caPool),
  cert: toText(tls?.cert),
  key: '',
  removeKey: false,
  system: tls?.useSystemCaPool ?? false,
})

const usualOwnerClaim = 'https://plgd.dev/owner' // of plgd's own deployments

/** draftOf gives the form's contents for a hub; for none, a form with what is usual. */
export function draftOf(hub: Hub | undefined): HubDraft {
  const grpc = hub?.certificateAuthority?.grpc
  const provider = hub?.authorization?.provider
  return {
    name: hub?.name ?? '',
    hubId: hub?.hubId ?? '',
    gateways: (hub?.gateways ?? []).join('\n'),
    caPool: pool(hub?.caPool),
    address: grpc?.address ?? '',
    authorityTLS: tlsDraft(grpc?.tls),
    providerName: provider?.name ?? '',
    authority: provider?.authority ?? '',
    clientId: provider?.clientId ?? '',
    clientSecret: '',
    removeSecret: false,
    scopes: (provider?.scopes ?? []).join(' '),
    audience: provider?.audience ?? '',
    ownerClaim: hub ? (hub.authorization?.ownerClaim ?? '') : usualOwnerClaim,
    deviceIdClaim: hub?.authorization?.deviceIdClaim ?? '',
    providerTLS: tlsDraft(provider?.http?.tls),
  }
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** poolOf keeps the stored form where the text is what it was: the same certificates are no change. */
const poolOf = (text: string, base: string[] | undefined): string[] =>
  text.trim() === pool(base) ? (base ?? []) : text.trim() ? [toDataURI(text)] : []

function tlsOf(d: TLSDraft, base: TLS | undefined): JsonObject {
  const out: JsonObject = {
    caPool: poolOf(d.caPool, base?.caPool),
    cert: d.cert === toText(base?.cert) ? (base?.cert ?? '') : toDataURI(d.cert),
    useSystemCaPool: d.system,
  }
  if (d.key.trim()) out['key'] = toDataURI(d.key)
  else if (d.removeKey) out['key'] = ''
  return out
}

/** wantedOf gives the hub as the form would have it. Secrets that are not touched are not in it: they stay. */
export function wantedOf(d: HubDraft, base?: Hub): JsonObject {
  const provider: JsonObject = {
    name: d.providerName.trim(),
    authority: d.authority.trim(),
    clientId: d.clientId.trim(),
    scopes: words(d.scopes),
    audience: d.audience.trim(),
    http: { tls: tlsOf(d.providerTLS, base?.authorization?.provider?.http?.tls) },
  }
  if (d.clientSecret) provider['clientSecret'] = toDataURI(d.clientSecret)
  else if (d.removeSecret) provider['clientSecret'] = ''
  return {
    name: d.name.trim(),
    hubId: d.hubId.trim(),
    gateways: words(d.gateways),
    caPool: poolOf(d.caPool, base?.caPool),
    certificateAuthority: { grpc: { address: d.address.trim(), tls: tlsOf(d.authorityTLS, base?.certificateAuthority?.grpc?.tls) } },
    authorization: { ownerClaim: d.ownerClaim.trim(), deviceIdClaim: d.deviceIdClaim.trim(), provider },
  }
}

type Faults = Partial<Record<'hubId' | 'gateways' | 'address' | 'providerName' | 'authority' | 'clientId' | 'ownerClaim', string>>

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** faultsOf says what the form still lacks, by field; the server checks the rest. */
export function faultsOf(d: HubDraft): Faults {
  const faults: Faults = {}
  if (!uuid.test(d.hubId.trim())) faults.hubId = 'The hub id has to be a UUID, such as d03a1bb4-0a77-428c-b78c-1c46efe6a38e.'
  const wrong = words(d.gateways).find((g) => !/^coaps?(\+tcp)?:\/\/[^/\s]+$/.test(g))
  if (words(d.gateways).length === 0) faults.gateways = 'Give at least one gateway.'
  else if (wrong) faults.gateways = `${wrong} is not of the form coaps+tcp://HOST:PORT.`
  if (!/^\S+:\d+$/.test(d.address.trim())) faults.address = 'The certificate authority’s address has to be of the form HOST:PORT.'
  if (!d.providerName.trim()) faults.providerName = 'Give the OAuth provider’s name, by which devices know it.'
  if (!/^https?:\/\/\S+$/.test(d.authority.trim())) faults.authority = 'The OAuth server’s address has to begin with https:// or http://.'
  if (!d.clientId.trim()) faults.clientId = 'Give the client id at the OAuth server.'
  if (!d.ownerClaim.trim()) faults.ownerClaim = 'Give the claim that names the owner.'
  else if (d.ownerClaim.trim() === 'sub')
    faults.ownerClaim =
      '“sub” is the OAuth client itself in tokens of this kind. Have the OAuth server put the owner in a claim of its own.'
  return faults
}
