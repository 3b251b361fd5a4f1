import { useEffect } from 'preact/hooks'
import { messageOf } from '@shared/api/problem'
import type { GroupDraft } from '../lib/groupdraft'
import { useLoad, useSettled } from '@shared/lib/hooks'
import { asPEM, isPrivateKey } from '@shared/lib/pem'
import { useSession } from '../lib/session'
import { Chain } from '../ui/certificates'
import { AreaField } from '@shared/ui/field'
import { FileDrop } from '@shared/ui/files'

interface Props {
  pem: string
  lead: string
  fault: string | undefined
  change: (to: Partial<GroupDraft>) => void
}

/** CertificateInput takes certificates by file, by dropping them, or typed, shows what they say, and lets the lead be picked. */
export function CertificateInput({ pem, lead, fault, change }: Props) {
  const { api } = useSession()
  const settled = useSettled(pem, 300)
  const secret = isPrivateKey(settled)
  const { data, error } = useLoad(
    async (signal) => (settled.trim() && !secret ? { text: settled, ...(await api.inspect(settled, signal)) } : undefined),
    [settled],
  )
  const fresh = !error && data?.text === settled ? data : undefined
  const certificates = fresh?.certificates
  useEffect(() => {
    if (!certificates || certificates.some((c) => lead && c.commonName === lead)) return
    change({ lead: fresh.leadCertificateName ?? '' })
  }, [certificates])
  const unreadable = secret
    ? 'There is a private key in this. Remove it: it must never leave its place.'
    : error
      ? `This cannot be read. ${messageOf(error)}`
      : undefined
  return (
    <fieldset>
      <legend>Certificates</legend>
      <p class="hint">
        Those of the authorities that issued your devices’ manufacturer certificates, the one nearest to the devices first, up to ten.
      </p>
      <FileDrop
        label="Choose files"
        accept=".pem,.crt,.cer,.der"
        multiple
        onFiles={(files) => change({ pem: files.map((f) => asPEM(f).trim()).join('\n') + '\n', lead: '' })}
      />
      <AreaField
        label="Certificates in PEM format"
        rows={6}
        value={pem}
        onInput={(text) => change({ pem: text })}
        placeholder="-----BEGIN CERTIFICATE-----"
        required
        error={unreadable ?? (pem.trim() ? undefined : fault)}
      />
      <div aria-live="polite">
        {certificates && (
          <Chain certificates={certificates} lead={lead} problem={fresh.problem ?? ''} onLead={(name) => change({ lead: name })} />
        )}
      </div>
    </fieldset>
  )
}
