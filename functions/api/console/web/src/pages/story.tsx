import type { ComponentChildren } from 'preact'
import type { DeviceRecord } from '../api/types'
import { adviseOn, comesAgain } from '../lib/advice'
import { named } from '../lib/coap'
import { formatDateTime } from '@shared/lib/format'
import { storyOf, type Step } from '../lib/story'
import { Badge } from '@shared/ui/feedback'
import { Icon } from '@shared/ui/icons'
import { Facts } from '@shared/ui/page'
import { CertificateBox } from './certificatebox'

const icons = { done: 'ok', failed: 'failed', open: 'open' } as const

/** Story tells a device's way step by step. */
export function Story({ record }: { record: DeviceRecord }) {
  return (
    <ol class="story">
      {storyOf(record).map((step) => (
        <li key={step.key} class={`step ${step.state}`} data-step={step.key}>
          <span class="step-mark">
            <Icon name={icons[step.state]} />
          </span>
          <div class="step-body">
            <div class="step-head">
              <h3>
                {step.name}
                {step.state === 'failed' && (
                  <>
                    {' '}
                    <Badge tone="failed">failed</Badge>
                  </>
                )}
                {step.state === 'open' && <span class="muted"> – {step.optional ? 'not asked for' : 'not yet'}</span>}
              </h3>
              {step.state !== 'open' && (
                <p class="step-when">
                  {step.code && <span class="mono">{named(step.code)}</span>}
                  {step.at && <time dateTime={step.at.toISOString()}>{formatDateTime(step.at)}</time>}
                </p>
              )}
            </div>
            <p class="muted">{step.what}</p>
            {step.state === 'failed' && <Help step={step} record={record} />}
            <Outcome step={step} record={record} />
          </div>
        </li>
      ))}
    </ol>
  )
}

/** Help says in plain words what an error means and what to do about it. */
function Help({ step, record }: { step: Step; record: DeviceRecord }) {
  const advice = adviseOn({ code: step.code, message: step.error })
  const group = record.enrollmentGroupId
  return (
    <div class="help">
      {step.error && <p class="help-error mono wrap">{step.error}</p>}
      <p>{advice.meaning}</p>
      <h4>What to do</h4>
      <ol>
        {advice.todo.map((t) => (
          <li key={t}>{t}</li>
        ))}
      </ol>
      {comesAgain(step.code) && <p>The device tries again by itself; this changes as soon as it gets further.</p>}
      <p class="help-links">
        {advice.release && record.deviceId && <a href="#binding">Who holds the device id</a>}
        {advice.where === 'group' && group && <a href={`/groups/${encodeURIComponent(group)}`}>Open the enrollment group</a>}
        {advice.where === 'hub' && <a href="/hubs">Open the hubs</a>}
      </p>
    </div>
  )
}

/** Outcome is what a step left behind. */
function Outcome({ step, record }: { step: Step; record: DeviceRecord }): ComponentChildren {
  switch (step.key) {
    case 'attestation':
      return <CertificateBox title="Manufacturer certificate" pem={record.attestation?.x509?.certificatePem} />
    case 'ownership':
      return <Facts items={[['Owner', record.ownership?.owner]]} />
    case 'cloud':
      return <CloudFacts record={record} />
    case 'credential':
      return (
        <>
          <CertificateBox title="Identity certificate" pem={record.credential?.identityCertificatePem} />
          <Facts
            items={[
              [
                'Pre-shared key for',
                record.credential?.preSharedKey?.subjectId && <code class="wrap">{record.credential.preSharedKey.subjectId}</code>,
              ],
              ['Credentials', record.credential?.credentials?.map((c) => (c.usage === 'NONE' ? c.type?.[0] : c.usage) ?? '').join(', ')],
            ]}
          />
        </>
      )
    case 'acl':
      return <AccessFacts record={record} />
    default:
      return null
  }
}

function CloudFacts({ record }: { record: DeviceRecord }) {
  const cloud = record.cloud
  const chosen = cloud?.selectedGateway ?? 0
  return (
    <Facts
      items={[
        ['Hub', cloud?.gateways?.[chosen]?.id && <code class="wrap">{cloud.gateways[chosen].id}</code>],
        [
          'Gateways',
          cloud?.gateways && (
            <ul class="plain-list">
              {cloud.gateways.map((g, i) => (
                <li key={`${g.uri ?? ''}${i}`}>
                  <code class="wrap">{g.uri}</code>
                  {i === chosen && <span class="muted"> (selected)</span>}
                </li>
              ))}
            </ul>
          ),
        ],
        ['Token from', cloud?.providerName],
      ]}
    />
  )
}

function AccessFacts({ record }: { record: DeviceRecord }) {
  const list = record.acl?.accessControlList ?? []
  if (list.length === 0) return null
  return (
    <details>
      <summary>{list.length} access rules</summary>
      <ul class="plain-list">
        {list.map((entry, i) => {
          const who =
            entry.deviceSubject?.deviceId ??
            entry.roleSubject?.role ??
            (entry.connectionSubject?.type === 'AUTH_CRYPT' ? 'anyone with a secure connection' : 'anyone')
          const what = entry.resources
            ?.map((r) => r.href || (r.wildcard === 'NONCFG_ALL' ? 'everything but configuration' : r.wildcard) || '*')
            .join(', ')
          return (
            <li key={i}>
              <code class="wrap">{who}</code>: {entry.permissions?.join(', ').toLowerCase()} – <span class="wrap">{what}</span>
            </li>
          )
        })}
      </ul>
    </details>
  )
}
