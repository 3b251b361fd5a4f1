import { useEffect, useState } from 'preact/hooks'
import type { AuditEntry } from '../api/types'
import { formatDay, fromRFC3339, hexPairs } from '@shared/lib/format'
import { useAction, useLoad } from '@shared/lib/hooks'
import { useSession } from '../lib/session'
import { Badge, Failure, When } from '@shared/ui/feedback'
import { Section } from '@shared/ui/page'
import { CertificateBox } from './certificatebox'

/** Audit lists what was ever issued to a manufacturer key, and what it was denied. mark changes when there may be more. */
export function Audit({ id, mark }: { id: string; mark: string }) {
  const { api } = useSession()
  const { data, error } = useLoad(() => api.audit(id), [id, mark])
  const [more, setMore] = useState<{ items: AuditEntry[]; token: string } | undefined>()
  const { busy, error: moreError, run } = useAction()
  useEffect(() => setMore(undefined), [data])
  if (!data) return error ? null : <p class="loading">Loading the audit…</p>
  const items = [...data.items, ...(more?.items ?? [])]
  const token = more ? more.token : data.nextPageToken
  const loadMore = (): Promise<void> =>
    run(async () => {
      const next = await api.audit(id, token)
      setMore({ items: [...(more?.items ?? []), ...next.items], token: next.nextPageToken })
    })
  return (
    <Section
      title="Issuance audit"
      id="audit"
      note="Every identity certificate that was issued to this manufacturer key, and every device id it was denied. It outlives the record."
    >
      {items.length === 0 ? (
        <p class="empty">Nothing was issued or denied yet.</p>
      ) : (
        <ol class="audit">
          {items.map((e, i) => (
            <Entry key={`${e.time ?? ''}-${i}`} entry={e} />
          ))}
        </ol>
      )}
      <Failure error={moreError} />
      {token && (
        <button type="button" class="button" disabled={busy} onClick={() => void loadMore()}>
          Show more
        </button>
      )}
    </Section>
  )
}

const events: Record<string, string> = {
  issued: 'Certificate issued',
  binding_denied: 'Device id denied',
  reprovisioning_denied: 'Coming again denied',
}

/** Entry is one line. A denial is kept once an hour, however often the device comes. */
function Entry({ entry }: { entry: AuditEntry }) {
  const issued = entry.event === 'issued'
  const at = fromRFC3339(entry.time)
  const until = fromRFC3339(entry.notAfter)
  return (
    <li>
      <p class="audit-head">
        <Badge tone={issued ? 'ok' : 'failed'}>{events[entry.event ?? ''] ?? entry.event}</Badge>
        {issued ? (
          <When at={at} />
        ) : (
          at && (
            <span>
              in the hour from <When at={at} />
            </span>
          )
        )}
      </p>
      <p class="muted wrap">
        Device <code>{entry.deviceId}</code>
        {entry.serial && (
          <>
            , serial <code>{hexPairs(entry.serial)}</code>
          </>
        )}
        {until && <>, valid until {formatDay(until)}</>}
        {entry.detail && <>, {entry.detail}</>}
      </p>
      <CertificateBox title="Certificate" pem={entry.certificatePem} />
    </li>
  )
}
