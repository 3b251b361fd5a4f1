/** The API's objects as they come: whatever is empty, false or zero is left out. 64-bit numbers are text. */

export interface Page<T> {
  items: T[]
  nextPageToken: string
}

export interface Login {
  authority?: string
  audience?: string
  ownerClaim?: string
  webClientId?: string
  cliClientId?: string
  scopes?: string[]
}

export interface Me {
  owner?: string
  subject?: string
  name?: string
  scopes?: string[]
  access?: 'none' | 'read' | 'write' | 'admin'
  expiry?: string
}

export type State = 'pending' | 'ok' | 'failed'

export interface Status {
  date?: string
  coapCode?: number
  errorMessage?: string
}

export interface Gateway {
  uri?: string
  id?: string
}

export interface AccessControl {
  deviceSubject?: { deviceId?: string }
  roleSubject?: { authority?: string; role?: string }
  connectionSubject?: { type?: string }
  permissions?: string[]
  resources?: { href?: string; wildcard?: string }[]
}

export interface Credential {
  subject?: string
  type?: string[]
  usage?: string
}

export interface DeviceRecord {
  id: string
  deviceId?: string
  enrollmentGroupId?: string
  creationDate?: string
  updatedDate?: string
  owner?: string
  state?: State
  localEndpoints?: string[]
  attestation?: { date?: string; errorMessage?: string; x509?: { certificatePem?: string; commonName?: string } }
  plgdTime?: Status
  ownership?: { status?: Status; owner?: string }
  cloud?: { status?: Status; providerName?: string; gateways?: Gateway[]; selectedGateway?: number }
  credential?: { status?: Status; identityCertificatePem?: string; preSharedKey?: { subjectId?: string }; credentials?: Credential[] }
  acl?: { status?: Status; accessControlList?: AccessControl[] }
}

export interface MatchList {
  commonNames?: string[]
  serials?: string[]
  keyIds?: string[]
}

export interface CRL {
  inline?: string
  url?: string
}

export interface X509 {
  certificateChain?: string
  leadCertificateName?: string
  expiredCertificateEnabled?: boolean
  requireClientAuthEKU?: boolean
  allow?: MatchList
  deny?: MatchList
  crls?: CRL[]
}

export interface Group {
  id: string
  owner?: string
  name?: string
  attestationMechanism?: { x509?: X509 }
  hubIds?: string[]
  preSharedKey?: string
  disabled?: boolean
  pending?: boolean
  challenge?: string
  reprovisioning?: string
  version?: string
}

export interface TLS {
  caPool?: string[]
  key?: string
  cert?: string
  useSystemCaPool?: boolean
}

export interface Hub {
  id: string
  name?: string
  hubId?: string
  owner?: string
  gateways?: string[]
  caPool?: string[]
  certificateAuthority?: { grpc?: { address?: string; tls?: TLS } }
  authorization?: {
    ownerClaim?: string
    deviceIdClaim?: string
    provider?: {
      name?: string
      authority?: string
      clientId?: string
      clientSecret?: string
      audience?: string
      scopes?: string[]
      http?: { tls?: TLS }
    }
  }
  version?: string
}

export interface HubCheck {
  name?: string
  ok?: boolean
  detail?: string
  remedy?: string
  validUntil?: string
}

export interface HubTest {
  ok?: boolean
  checks?: HubCheck[]
}

export interface Certificate {
  index?: number
  subject?: string
  commonName?: string
  issuer?: string
  serial?: string
  notBefore?: string
  notAfter?: string
  keyAlgorithm?: string
  isCa?: boolean
  selfSigned?: boolean
  sha256?: string
  recordId?: string
  issuedBy?: number
  problem?: string
}

export interface Inspection {
  certificates?: Certificate[]
  problem?: string
  leadCertificateName?: string
}

export interface Tally {
  name?: string
  ok?: number
  failed?: number
  pending?: number
}

export interface LastError {
  time?: string
  recordId?: string
  deviceId?: string
  enrollmentGroupId?: string
  step?: string
  coapCode?: string
  errorMessage?: string
}

export interface Statistics {
  asOf?: string
  total?: Tally
  days?: Tally[]
  minutes?: Tally[]
  groups?: Tally[]
  lastErrors?: LastError[]
}

export interface AuditEntry {
  time?: string
  event?: string
  recordId?: string
  deviceId?: string
  enrollmentGroupId?: string
  hubId?: string
  serial?: string
  notBefore?: string
  notAfter?: string
  certificatePem?: string
  detail?: string
}

export interface Binding {
  deviceId?: string
  recordId?: string
  owner?: string
  enrollmentGroupId?: string
  created?: string
}

export interface Build {
  version?: string
  go?: string
}
