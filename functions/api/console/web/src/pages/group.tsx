import { useState } from 'preact/hooks'
import { Problem } from '@shared/api/problem'
import type { Group as GroupObject, Hub, MatchList } from '../api/types'
import { toText } from '@shared/lib/pem'
import { useAction, useLoad } from '@shared/lib/hooks'
import { groupName, hubName } from '../lib/names'
import { policies } from '../lib/groupdraft'
import { navigate } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { Chain } from '../ui/certificates'
import { Confirm } from '@shared/ui/dialog'
import { Failure, Loading } from '@shared/ui/feedback'
import { Facts, PageHead, Section } from '@shared/ui/page'
import { GroupBadge } from './groups'
import { Proof } from './proof'

/** Group shows one enrollment group. */
export function Group({ id }: { id: string }) {
  const { api } = useSession()
  const { data, error, reload } = useLoad((signal) => api.group(id, signal), [id])
  const hubs = useLoad((signal) => api.hubs(signal), [])
  const over = <a href="/groups">Enrollment groups</a>
  if (!data) {
    return (
      <>
        <PageHead title="Enrollment group" over={over} />
        {error instanceof Problem && error.isMissing ? (
          <p class="empty">There is no such group. It may have been deleted.</p>
        ) : (
          <Loading error={error} retry={reload} what="The group" />
        )}
      </>
    )
  }
  return (
    <>
      <PageHead title={groupName(data)} over={over} actions={<Actions group={data} reload={reload} />}>
        <GroupBadge group={data} />
      </PageHead>
      {data.pending && <Proof group={data} done={reload} />}
      <Overview group={data} hubs={hubs.data ?? []} />
      <Certificates group={data} />
      <Restrictions group={data} />
    </>
  )
}

function Actions({ group, reload }: { group: GroupObject; reload: () => void }) {
  const { api, canWrite, say } = useSession()
  const [deleting, setDeleting] = useState(false)
  const { busy, error, run } = useAction()
  const name = groupName(group)
  if (!canWrite)
    return (
      <a class="button" href={`/devices?group=${encodeURIComponent(group.id)}`}>
        Its devices
      </a>
    )
  const toggle = (): Promise<void> =>
    run(async () => {
      await api.changeGroup(group.id, { disabled: !group.disabled })
      say(group.disabled ? 'Enabled: its devices get in.' : 'Disabled: its devices are refused.')
      reload()
    })
  return (
    <>
      <a class="button" href={`/devices?group=${encodeURIComponent(group.id)}`}>
        Its devices
      </a>
      <a class="button" href={`/groups/${encodeURIComponent(group.id)}/edit`}>
        Edit
      </a>
      <button type="button" class="button" disabled={busy} onClick={() => void toggle()}>
        {group.disabled ? 'Enable' : 'Disable'}
      </button>
      <button type="button" class="button danger quiet" onClick={() => setDeleting(true)}>
        Delete…
      </button>
      <Failure error={error} />
      {deleting && (
        <Confirm
          title="Delete this enrollment group?"
          verb="Delete group"
          onClose={() => setDeleting(false)}
          action={async () => {
            await api.deleteGroup(group.id)
            say(`Group ${name} deleted.`)
            navigate('/groups')
          }}
        >
          <p>
            <strong class="wrap">{name}</strong> goes, and with it its stored pre-shared key. Its devices are refused from their next step
            on; those that are provisioned keep what they have, and their records stay.
          </p>
          <p class="muted">To keep devices out for a while, disable the group instead.</p>
        </Confirm>
      )}
    </>
  )
}

function Overview({ group, hubs }: { group: GroupObject; hubs: Hub[] }) {
  const x509 = group.attestationMechanism?.x509
  const chosen = (group.hubIds ?? []).map((id, i) => {
    const hub = hubs.find((h) => h.id === id) ?? hubs.find((h) => h.hubId === id)
    return (
      <li key={id}>
        {hub ? <a href={`/hubs/${encodeURIComponent(hub.id)}`}>{hubName(hub)}</a> : <code class="wrap">{id}</code>}
        {i === 0 && (group.hubIds?.length ?? 0) > 1 && <span class="muted"> (default)</span>}
      </li>
    )
  })
  return (
    <Facts
      items={[
        ['Id', <code class="wrap">{group.id}</code>],
        ['Owner', group.owner],
        ['Hubs', <ul class="plain-list">{chosen}</ul>],
        ['Pre-shared key', group.preSharedKey ? 'stored (never shown)' : 'none'],
        ['Expired device certificates', x509?.expiredCertificateEnabled ? 'forgiven' : 'refused'],
        ['Extended key usage clientAuth', x509?.requireClientAuthEKU ? 'demanded' : 'not demanded'],
        ['Provisioning again', group.reprovisioning && (policies[group.reprovisioning] ?? group.reprovisioning)],
      ]}
    />
  )
}

function Certificates({ group }: { group: GroupObject }) {
  const { api } = useSession()
  const x509 = group.attestationMechanism?.x509
  const { data, error, reload } = useLoad((signal) => api.inspect(toText(x509?.certificateChain), signal), [x509?.certificateChain])
  return (
    <Section title="Certificates" id="certificates">
      {data ? (
        <Chain certificates={data.certificates ?? []} lead={x509?.leadCertificateName ?? ''} problem={data.problem ?? ''} />
      ) : (
        <Loading error={error} retry={reload} what="The certificates" />
      )}
    </Section>
  )
}

function Restrictions({ group }: { group: GroupObject }) {
  const x509 = group.attestationMechanism?.x509
  if (!x509?.allow && !x509?.deny && !x509?.crls?.length) return null
  return (
    <Section title="Restrictions" id="restrictions">
      <Facts
        items={[
          ['Allowed, nobody else', x509.allow && <Names list={x509.allow} />],
          ['Denied', x509.deny && <Names list={x509.deny} />],
          [
            'Revocation lists',
            x509.crls && (
              <ul class="plain-list">
                {x509.crls.map((c, i) => (
                  <li key={i}>{c.url ? <code class="wrap">{c.url}</code> : 'uploaded list'}</li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </Section>
  )
}

function Names({ list }: { list: MatchList }) {
  const all: [string, string[]][] = [
    ['Name', list.commonNames ?? []],
    ['Serial', list.serials ?? []],
    ['Record', list.keyIds ?? []],
  ]
  return (
    <ul class="plain-list">
      {all.flatMap(([kind, values]) =>
        values.map((v) => (
          <li key={kind + v}>
            <span class="muted">{kind}</span> <code class="wrap">{v}</code>
          </li>
        )),
      )}
    </ul>
  )
}
