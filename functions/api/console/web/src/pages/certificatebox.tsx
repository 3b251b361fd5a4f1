import { useLoad } from '@shared/lib/hooks'
import { useSession } from '../lib/session'
import { CertificateFacts } from '../ui/certificates'
import { Copy } from '@shared/ui/files'

/** CertificateBox has the server read a certificate, and shows what it says. */
export function CertificateBox({ title, pem }: { title: string; pem: string | undefined }) {
  const { api, say } = useSession()
  const { data, error } = useLoad(async () => (pem ? await api.inspectOne(pem) : undefined), [pem])
  if (!pem) return null
  return (
    <details class="certbox">
      <summary>
        {title}
        {data?.commonName ? (
          <>
            : <strong class="wrap">{data.commonName}</strong>
          </>
        ) : (
          ''
        )}
      </summary>
      {error ? <p class="muted">It cannot be read.</p> : data && <CertificateFacts c={data} />}
      <Copy text={pem} what={`the ${title.toLowerCase()} in PEM format`} say={say} />
    </details>
  )
}
