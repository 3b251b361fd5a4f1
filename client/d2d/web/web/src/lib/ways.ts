import type { Configuration, Way } from '../api/types'

/** WayName is a way as the page's paths have it: /join/key. */
export type WayName = 'key' | 'self' | 'browser'

/** Words say what a way is to somebody who has never heard of it. */
export interface Words {
  name: string
  title: string
  /** For which deployment. */
  suits: string
  /** How devices then know the client. */
  means: string
  /** What it costs when the credentials are lost. */
  lost: string
}

export const words: Record<WayName, Words> = {
  key: {
    name: 'Pre-shared key',
    title: 'By a pre-shared key',
    suits: 'One client alone talks to its devices, and nobody logs in anywhere.',
    means:
      'Devices know this client by a key of 16 bytes that they hold, too, under the id of their owner. Whoever reaches this page can use it.',
    lost: 'If the key is lost, by a broken disk or a new installation, devices let nobody in any more: each needs a factory reset, by its own button.',
  },
  self: {
    name: 'Certificate, asked for by the client',
    title: 'By a certificate that the client asks for itself',
    suits: 'A hub and any number of clients, and this client reaches the hub’s signing service.',
    means:
      'Devices know this client by an identity certificate of its owner, which the hub’s certificate authority signed. Only users of that owner can use this page.',
    lost: 'Nothing is lost with the certificate: log in again and get another.',
  },
  browser: {
    name: 'Certificate, carried by the browser',
    title: 'By a certificate that this browser fetches for it',
    suits: 'As before, but this client’s network has no way to the hub. This browser has one.',
    means:
      'Devices know this client by an identity certificate of its owner. A browser carries the client’s requests to the signing service; the private key never leaves the client. Only users of that owner can use this page.',
    lost: 'Nothing is lost with the certificate: log in again and get another.',
  },
}

const names: Record<Exclude<Way, ''>, WayName> = { preSharedKey: 'key', self: 'self', userAgent: 'browser' }

/** nameOf gives the way's name; undefined where the client is nobody. */
export const nameOf = (way: Way): WayName | undefined => (way === '' ? undefined : names[way])

/** Offer is a way, and why it cannot be gone; empty: it can. */
export interface Offer {
  way: WayName
  not: string
}

const settled = (setting: string): string => `The client’s configuration has settled on another way (${setting}).`

/** offersOf tells which ways the client's configuration leaves open. The client decides by the same rules in the end. */
export function offersOf({ deviceAuthenticationMode: mode, remoteProvisioning: remote }: Configuration): Offer[] {
  const authentication = 'clients.device.coap.tls.authentication'
  const byCertificate = (wanted: typeof remote.mode): string => {
    if (mode === 'PRE_SHARED_KEY') return settled(authentication)
    return mode === 'X509' && remote.mode !== wanted ? settled('remoteProvisioning.mode') : missingFor(remote)
  }
  return [
    { way: 'key', not: mode === 'X509' ? settled(authentication) : '' },
    { way: 'self', not: byCertificate('MODE_NONE') },
    { way: 'browser', not: byCertificate('USER_AGENT') },
  ]
}

/** missingFor names the setting that log-in and signing lack. */
function missingFor({ authority, certificateAuthority, webOauthClient }: Configuration['remoteProvisioning']): string {
  const missing = [
    !authority && 'remoteProvisioning.authority',
    !certificateAuthority && 'remoteProvisioning.certificateAuthority',
    !webOauthClient.clientId && 'remoteProvisioning.webOAuthClient.clientID',
  ].filter((name) => typeof name === 'string')
  return missing.length > 0 ? `Not set up: the client’s configuration lacks ${missing.join(', ')}.` : ''
}
