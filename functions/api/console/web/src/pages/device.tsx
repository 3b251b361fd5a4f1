import { useState } from 'preact/hooks'
import { Problem } from '@shared/api/problem'
import type { DeviceRecord } from '../api/types'
import { formatDateTime, fromNanos } from '@shared/lib/format'
import { useLoad } from '@shared/lib/hooks'
import { navigate } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { stateWords } from '../lib/story'
import { Confirm } from '@shared/ui/dialog'
import { Badge, LiveBar, Loading, Notice, When } from '@shared/ui/feedback'
import { Facts, PageHead, Section } from '@shared/ui/page'
import { Audit } from './audit'
import { Binding } from './binding'
import { Story } from './story'

const every = 3000 // milliseconds between refreshes

/** Device is one device's story. */
export function Device({ id }: { id: string }) {
  const { api, canWrite, say } = useSession()
  const [live, setLive] = useState(true)
  const [deleting, setDeleting] = useState(false)
  const { data, error, at, reload } = useLoad((signal) => api.record(id, signal), [id], live ? every : 0)
  const group = useLoad(
    async (signal) => (data?.enrollmentGroupId ? await api.group(data.enrollmentGroupId, signal) : undefined),
    [data?.enrollmentGroupId],
  )
  const missing = error instanceof Problem && error.isMissing
  const over = <a href="/devices">Devices</a>
  if (!data) {
    return (
      <>
        <PageHead title="Device" over={over} />
        {missing ? (
          <p class="empty">
            There is no such record. It may have been deleted. <a href="/devices">All devices</a>
          </p>
        ) : (
          <Loading error={error} retry={reload} what="The device" />
        )}
        {missing && <Audit id={id} mark="" />}
      </>
    )
  }
  const state = data.state ?? 'pending'
  const title = data.attestation?.x509?.commonName || data.deviceId || data.id
  return (
    <>
      <PageHead
        title={title}
        over={over}
        actions={
          <>
            <LiveBar live={live} setLive={setLive} at={at} error={missing ? undefined : error} every={every} />
            {canWrite && (
              <button type="button" class="button danger quiet" onClick={() => setDeleting(true)}>
                Delete record…
              </button>
            )}
          </>
        }
      >
        <Badge tone={state}>{stateWords[state]}</Badge>
      </PageHead>
      {missing && <Notice tone="warning" alert title="This record has been deleted meanwhile" />}
      <Overview record={data} groupName={group.data?.name} groupKnown={group.data !== undefined} />
      <Section title="What happened" id="story">
        <Story record={data} />
      </Section>
      {data.deviceId && <Binding record={data} deviceId={data.deviceId} />}
      <Audit id={id} mark={data.updatedDate ?? ''} />
      {deleting && (
        <Confirm
          title="Delete this record?"
          verb="Delete record"
          onClose={() => setDeleting(false)}
          action={async () => {
            await api.deleteRecord(data.id)
            say(`Record of ${title} deleted.`)
            navigate('/devices')
          }}
        >
          <p>
            The record of <strong class="wrap">{title}</strong> goes. The device keeps what it has, its device id stays bound to its key,
            and the issuance audit stays. If the device comes again, a new record begins.
          </p>
        </Confirm>
      )}
    </>
  )
}

function Overview({ record, groupName, groupKnown }: { record: DeviceRecord; groupName: string | undefined; groupKnown: boolean }) {
  const created = fromNanos(record.creationDate)
  const groupId = record.enrollmentGroupId
  return (
    <Facts
      items={[
        ['Device id', record.deviceId ? <code class="wrap">{record.deviceId}</code> : <span class="muted">not known yet</span>],
        ['Record id (manufacturer key)', <code class="wrap">{record.id}</code>],
        [
          'Enrollment group',
          groupId &&
            (groupKnown ? (
              <a href={`/groups/${encodeURIComponent(groupId)}`}>{groupName || groupId}</a>
            ) : (
              <code class="wrap">{groupId}</code>
            )),
        ],
        ['Owner', record.owner],
        ['First seen', created && formatDateTime(created)],
        ['Last change', <When at={fromNanos(record.updatedDate)} />],
        ['Local endpoints', record.localEndpoints && <span class="wrap mono">{record.localEndpoints.join(', ')}</span>],
      ]}
    />
  )
}
