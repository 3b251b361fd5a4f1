import type { CRL, Group, MatchList } from '../api/types'
import type { JsonObject } from './diff'
import { toDataURI, toText } from '@shared/lib/pem'

/** ListDraft is an allow or deny list as it is typed: one entry a line. */
export interface ListDraft {
  commonNames: string
  serials: string
  keyIds: string
}

/** GroupDraft is an enrollment group as a form holds it. */
export interface GroupDraft {
  name: string
  pem: string
  lead: string
  hubIds: string[]
  expired: boolean
  eku: boolean
  psk: string
  removePsk: boolean
  reprovisioning: string
  allow: ListDraft
  deny: ListDraft
  crls: CRL[]
  disabled: boolean
}

/** policies are the words for reprovisioning; what a newer server adds goes by its own name. */
export const policies: Record<string, string> = {
  allow: 'A device may come again as often as it likes',
  sameDeviceId: 'A device may come again, but not under another device id',
  once: 'Who was provisioned may not come again until its record is deleted',
}

const joined = (list: MatchList | undefined): ListDraft => ({
  commonNames: (list?.commonNames ?? []).join('\n'),
  serials: (list?.serials ?? []).join('\n'),
  keyIds: (list?.keyIds ?? []).join('\n'),
})

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean)

const split = (list: ListDraft): JsonObject => ({
  commonNames: lines(list.commonNames),
  serials: lines(list.serials),
  keyIds: lines(list.keyIds),
})

/** draftOf gives the form's contents for a group; for none, an empty form. */
export function draftOf(group: Group | undefined): GroupDraft {
  const x509 = group?.attestationMechanism?.x509
  return {
    name: group?.name ?? '',
    pem: toText(x509?.certificateChain),
    lead: x509?.leadCertificateName ?? '',
    hubIds: group?.hubIds ?? [],
    expired: x509?.expiredCertificateEnabled ?? false,
    eku: x509?.requireClientAuthEKU ?? false,
    psk: '',
    removePsk: false,
    reprovisioning: group?.reprovisioning ?? '',
    allow: joined(x509?.allow),
    deny: joined(x509?.deny),
    crls: x509?.crls ?? [],
    disabled: group?.disabled ?? false,
  }
}

/** wantedOf gives the group as the form would have it. A secret that is not touched is not in it: it stays. */
export function wantedOf(d: GroupDraft, base?: Group): JsonObject {
  const chain = base?.attestationMechanism?.x509?.certificateChain
  const wanted: JsonObject = {
    name: d.name.trim(),
    hubIds: d.hubIds,
    disabled: d.disabled,
    attestationMechanism: {
      x509: {
        certificateChain: chain && toText(chain) === d.pem ? chain : toDataURI(d.pem),
        leadCertificateName: d.lead,
        expiredCertificateEnabled: d.expired,
        requireClientAuthEKU: d.eku,
        allow: split(d.allow),
        deny: split(d.deny),
        crls: d.crls.map((c): JsonObject => ({ ...c })),
      },
    },
  }
  if (d.reprovisioning) wanted['reprovisioning'] = d.reprovisioning
  if (d.psk) wanted['preSharedKey'] = toDataURI(d.psk)
  else if (d.removePsk) wanted['preSharedKey'] = ''
  return wanted
}

/** faultsOf says what the form still lacks, by field. */
export function faultsOf(d: GroupDraft): Partial<Record<'pem' | 'hubIds' | 'psk', string>> {
  const faults: ReturnType<typeof faultsOf> = {}
  if (!d.pem.trim()) faults.pem = 'Add at least one certificate: that of the authority that issued your devices’ certificates.'
  if (d.hubIds.length === 0) faults.hubIds = 'Choose at least one hub: devices have to go somewhere.'
  const bytes = new TextEncoder().encode(d.psk).length
  if (d.psk && bytes !== 16) faults.psk = `Has ${bytes} bytes. Devices take exactly 16.`
  return faults
}
