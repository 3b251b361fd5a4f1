/** The objects of the client's API, in its dialect for new clients. */

/** Way is how the client was initialized; empty: it is nobody yet. */
export type Way = '' | 'preSharedKey' | 'self' | 'userAgent'

/** Mode is what devices know the client by, or will. */
export type Mode = 'PRE_SHARED_KEY' | 'X509' | 'UNINITIALIZED'

export interface OAuthClient {
  clientId: string
  audience: string
  scopes: string[]
}

export interface RemoteProvisioning {
  jwtOwnerClaim: string
  /** The hub's id and its gateway for devices, for people to read. */
  id: string
  coapGateway: string
  /** The OAuth server whose users may initialize the client. */
  authority: string
  /** The signing service, without /api/v1/sign/identity-csr. */
  certificateAuthority: string
  webOauthClient: OAuthClient
  deviceOauthClient: OAuthClient
  mode: 'MODE_NONE' | 'USER_AGENT'
  /** Nanoseconds, as text. */
  userAgent: { csrChallengeStateExpiration: string }
}

/** Configuration is what anybody may know, before he logs in. */
export interface Configuration {
  isInitialized: boolean
  deviceAuthenticationMode: Mode
  owner: string
  remoteProvisioning: RemoteProvisioning
  buildInfo: { version: string }
}

export interface Identity {
  notBefore: string
  notAfter: string
  renewAt: string
  /** It is due, and somebody must log in. */
  needsToken: boolean
}

export interface Status {
  way: Way
  deviceAuthenticationMode: Mode
  subjectId?: string
  owner?: string
  identity?: Identity
  /** Where the client itself is to be logged in, and the code that is to be confirmed there. */
  login?: { page: string; code: string }
  problem?: string
  retryAt?: string
  /** Where the credentials are kept. */
  storage: string
}

/** Challenge is what the browser carries to the signing service. */
export interface Challenge {
  /** PEM in base64. */
  certificateSigningRequest: string
  state: string
}

/** Ownership says whose a device is: nobody's, ours, another's, or that it cannot be told. */
export type Ownership = 'unowned' | 'owned' | 'ownedByOther' | 'unknown'

export interface Device {
  id: string
  name?: string
  types: string[]
  ownership: Ownership
  ownerId?: string
  canOwn: boolean
  endpoints: string[]
}

export interface Link {
  href: string
  types: string[]
  interfaces: string[]
  observable: boolean
  endpoints?: string[]
}

/** Details are what a device tells in a session. */
export interface Details extends Device {
  manufacturer?: string
  platformId?: string
  permanentId?: string
  specification?: string
  dataModels?: string
  resources: Link[]
}
