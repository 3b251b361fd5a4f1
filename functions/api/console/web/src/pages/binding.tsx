import { useState } from 'preact/hooks'
import { Problem } from '@shared/api/problem'
import type { DeviceRecord } from '../api/types'
import { formatDateTime, fromRFC3339 } from '@shared/lib/format'
import { useLoad } from '@shared/lib/hooks'
import { useSession } from '../lib/session'
import { Confirm } from '@shared/ui/dialog'
import { Loading, Notice } from '@shared/ui/feedback'
import { Section } from '@shared/ui/page'

/** Binding says which manufacturer key holds the device id, and lets it go. */
export function Binding({ record, deviceId }: { record: DeviceRecord; deviceId: string }) {
  const { api, canWrite, say } = useSession()
  const [releasing, setReleasing] = useState(false)
  const { data, error, reload } = useLoad(async () => {
    try {
      return { binding: await api.binding(deviceId) }
    } catch (e) {
      if (e instanceof Problem && e.isMissing) return { binding: undefined }
      throw e
    }
  }, [deviceId, record.updatedDate])
  const binding = data?.binding
  const mine = binding?.recordId === record.id
  const since = fromRFC3339(binding?.created)
  return (
    <Section
      title="Device id"
      id="binding"
      note="A device id belongs to the manufacturer key that first had it signed. No other key gets a certificate for it."
    >
      {!data ? (
        <Loading error={error} retry={reload} what="The binding" />
      ) : !binding ? (
        <p class="empty">Nobody holds this device id, or another owner does.</p>
      ) : mine ? (
        <p>Held by this device{since && <> since {formatDateTime(since)}</>}.</p>
      ) : (
        <Notice tone="warning" title="Another manufacturer key holds this device id">
          <p>
            It is that of{' '}
            <a href={`/devices/${encodeURIComponent(binding.recordId ?? '')}`}>
              record <code class="wrap">{binding.recordId}</code>
            </a>
            {since && <>, since {formatDateTime(since)}</>}.
          </p>
        </Notice>
      )}
      {binding && canWrite && (
        <p>
          <button type="button" class="button" onClick={() => setReleasing(true)}>
            Release device id…
          </button>
        </p>
      )}
      {releasing && (
        <Confirm
          title="Release this device id?"
          verb="Release device id"
          onClose={() => setReleasing(false)}
          action={async () => {
            await api.releaseBinding(deviceId)
            setReleasing(false)
            say('Device id released.')
            reload()
          }}
        >
          <p>
            The next manufacturer key that asks for <code class="wrap">{deviceId}</code> gets it, with an identity certificate for it. Do
            this after a repair that changed the board. Certificates that were issued so far stay valid until they end.
          </p>
        </Confirm>
      )}
    </Section>
  )
}
