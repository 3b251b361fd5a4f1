import { useState } from 'preact/hooks'
import { Problem } from '@shared/api/problem'
import type { Hub as HubObject, HubCheck, HubTest, TLS } from '../api/types'
import { fromRFC3339 } from '@shared/lib/format'
import { useAction, useLoad } from '@shared/lib/hooks'
import { hubName } from '../lib/names'
import { navigate } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { Confirm } from '@shared/ui/dialog'
import { Badge, Failure, Loading, Notice, When } from '@shared/ui/feedback'
import { Facts, PageHead, Section } from '@shared/ui/page'

/** Hub shows one hub, and tries it. */
export function Hub({ id }: { id: string }) {
  const { api, canWrite, say } = useSession()
  const [deleting, setDeleting] = useState(false)
  const { data, error, reload } = useLoad((signal) => api.hub(id, signal), [id])
  const over = <a href="/hubs">Hubs</a>
  if (!data) {
    return (
      <>
        <PageHead title="Hub" over={over} />
        {error instanceof Problem && error.isMissing ? (
          <p class="empty">There is no such hub. It may have been deleted.</p>
        ) : (
          <Loading error={error} retry={reload} what="The hub" />
        )}
      </>
    )
  }
  const name = hubName(data)
  const actions = canWrite && (
    <>
      <a class="button" href={`/hubs/${encodeURIComponent(data.id)}/edit`}>
        Edit
      </a>
      <button type="button" class="button danger quiet" onClick={() => setDeleting(true)}>
        Delete…
      </button>
    </>
  )
  return (
    <>
      <PageHead title={name} over={over} actions={actions} />
      {canWrite && <Test hub={data} />}
      <Details hub={data} />
      {deleting && (
        <Confirm
          title="Delete this hub?"
          verb="Delete hub"
          onClose={() => setDeleting(false)}
          action={async () => {
            await api.deleteHub(data.id)
            say(`Hub ${name} deleted.`)
            navigate('/hubs')
          }}
        >
          <p>
            <strong class="wrap">{name}</strong> goes, and with it its stored secrets. A hub that an enrollment group still names cannot be
            deleted.
          </p>
        </Confirm>
      )}
    </>
  )
}

function Test({ hub }: { hub: HubObject }) {
  const { api, say } = useSession()
  const [result, setResult] = useState<HubTest | undefined>()
  const { busy, error, run } = useAction()
  const test = (): Promise<void> =>
    run(async () => {
      setResult(undefined)
      const answer = await api.testHub(hub.id)
      setResult(answer)
      say(answer.ok ? 'The hub can be used.' : 'The hub cannot be used as it is.')
    })
  return (
    <Section
      title="Connection"
      id="connection"
      note="Tries what devices will need: a token is obtained and shown to the certificate authority. Nothing is signed."
      actions={
        <button type="button" class="button" disabled={busy} onClick={() => void test()}>
          {busy ? 'Testing…' : 'Test connection'}
        </button>
      }
    >
      <Failure error={error} title="The test could not be run" />
      {result && (
        <>
          <Notice
            tone={result.ok ? 'ok' : 'failed'}
            title={result.ok ? 'Devices can use this hub now' : 'Devices cannot use this hub as it is'}
          />
          <ul class="checks">
            {(result.checks ?? []).map((c, i) => (
              <Check key={`${c.name ?? ''}${i}`} check={c} />
            ))}
          </ul>
        </>
      )}
    </Section>
  )
}

const checkNames: Record<string, string> = {
  token: 'Access token',
  authority: 'Certificate authority',
  clientCertificate: 'Client certificate',
}

function Check({ check }: { check: HubCheck }) {
  const until = fromRFC3339(check.validUntil)
  return (
    <li>
      <p>
        <Badge tone={check.ok ? 'ok' : 'failed'}>{check.ok ? 'OK' : 'Failed'}</Badge>{' '}
        <strong>{checkNames[check.name ?? ''] ?? check.name}</strong>
      </p>
      <p class="wrap">{check.detail}</p>
      {until && (
        <p class="muted">
          Valid until <When at={until} />
        </p>
      )}
      {check.remedy && <p class="wrap">What to do: {check.remedy}</p>}
    </li>
  )
}

const trust = (tls: TLS | undefined): string =>
  [tls?.caPool?.length ? 'uploaded authorities' : '', tls?.useSystemCaPool ? 'the system’s authorities' : '']
    .filter(Boolean)
    .join(' and ') || 'the default authorities'

function Details({ hub }: { hub: HubObject }) {
  const ca = hub.certificateAuthority?.grpc
  const provider = hub.authorization?.provider
  return (
    <>
      <Section title="Hub" id="hub">
        <Facts
          items={[
            ['Hub id', <code class="wrap">{hub.hubId}</code>],
            ['Entry id', <code class="wrap">{hub.id}</code>],
            ['Owner', hub.owner],
            [
              'Gateways',
              <ul class="plain-list">
                {(hub.gateways ?? []).map((g) => (
                  <li key={g}>
                    <code class="wrap">{g}</code>
                  </li>
                ))}
              </ul>,
            ],
            ['Roots given to devices', hub.caPool?.length ? 'uploaded' : 'those that the certificate authority answers with'],
          ]}
        />
      </Section>
      <Section title="Certificate authority" id="authority">
        <Facts
          items={[
            ['Address', <code class="wrap">{ca?.address}</code>],
            ['Trusts', trust(ca?.tls)],
            ['Client certificate', ca?.tls?.cert ? 'stored' : 'none'],
            ['Its key', ca?.tls?.key ? 'stored (never shown)' : 'none'],
          ]}
        />
      </Section>
      <Section title="OAuth server" id="oauth">
        <Facts
          items={[
            ['Name', provider?.name],
            ['Authority', <code class="wrap">{provider?.authority}</code>],
            ['Client id', provider?.clientId],
            ['Client secret', provider?.clientSecret ? 'stored (never shown)' : 'none'],
            ['Scopes', provider?.scopes?.join(' ')],
            ['Audience', provider?.audience],
            ['Owner claim', hub.authorization?.ownerClaim],
            ['Device id claim', hub.authorization?.deviceIdClaim],
            ['Trusts', trust(provider?.http?.tls)],
          ]}
        />
      </Section>
    </>
  )
}
