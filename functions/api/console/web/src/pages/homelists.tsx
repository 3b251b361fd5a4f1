import type { Group, LastError, Tally } from '../api/types'
import { named } from '../lib/coap'
import { formatCount, fromRFC3339 } from '@shared/lib/format'
import { groupName } from '../lib/names'
import { stepNames } from '../lib/story'
import { Share } from '../ui/chart'
import { When } from '@shared/ui/feedback'
import { Section } from '@shared/ui/page'

/** LastErrors lists the latest errors; each leads to its device's story. */
export function LastErrors({ errors }: { errors: LastError[] }) {
  return (
    <Section title="Last errors" id="errors">
      {errors.length === 0 ? (
        <p class="empty">None. No device’s last step ended in an error.</p>
      ) : (
        <ul class="errors">
          {errors.map((e) => (
            <li key={`${e.recordId ?? ''}-${e.step ?? ''}`}>
              <a href={`/devices/${encodeURIComponent(e.recordId ?? '')}`}>
                <span class="errors-device mono">{e.deviceId || e.recordId}</span>
                <span class="errors-message">
                  {stepNames[e.step ?? ''] ?? e.step}: {e.errorMessage || named(e.coapCode ?? '')}
                </span>
                <span class="muted">
                  <When at={fromRFC3339(e.time)} brief />
                  {e.coapCode ? `, ${named(e.coapCode)}` : ''}
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** ByGroup tells how each enrollment group's devices fare. */
export function ByGroup({ tallies, groups }: { tallies: Tally[]; groups: Group[] }) {
  const names = new Map(groups.map((g) => [g.id, groupName(g)]))
  return (
    <Section title="By enrollment group" id="by-group">
      {tallies.length === 0 ? (
        <p class="empty">No device has come yet.</p>
      ) : (
        <ul class="shares">
          {tallies.map((t) => {
            const id = t.name ?? ''
            return (
              <li key={id}>
                <div class="shares-head">
                  {names.has(id) ? (
                    <a href={`/groups/${encodeURIComponent(id)}`}>{names.get(id)}</a>
                  ) : (
                    <span>
                      {id || 'no group'} <span class="muted">(deleted)</span>
                    </span>
                  )}
                  <span class="shares-counts">
                    <a href={`/devices?group=${encodeURIComponent(id)}`}>
                      {formatCount((t.ok ?? 0) + (t.failed ?? 0) + (t.pending ?? 0))} devices
                    </a>
                    {(t.failed ?? 0) > 0 && (
                      <>
                        ,{' '}
                        <a class="bad" href={`/devices?group=${encodeURIComponent(id)}&state=failed`}>
                          {formatCount(t.failed ?? 0)} failed
                        </a>
                      </>
                    )}
                  </span>
                </div>
                <Share tally={t} />
              </li>
            )
          })}
        </ul>
      )}
    </Section>
  )
}
