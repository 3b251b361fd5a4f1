import { formatAgo, fromRFC3339 } from '@shared/lib/format'
import type { Identity, Status } from '../api/types'
import type { WayName } from './ways'

/** Standing is how it is with the client's credentials, in a sentence. */
export interface Standing {
  tone: 'ok' | 'warning' | 'failed'
  text: string
  more: string
}

const ok: Record<WayName, string> = {
  key: 'Devices know this client by its pre-shared key.',
  self: 'Devices know this client by its identity certificate, which it gets and renews by itself.',
  browser: 'Devices know this client by its identity certificate, which a browser fetched for it.',
}

/** isOver tells whether the certificate has ended. */
export const isOver = (identity: Identity, now = new Date()): boolean => (fromRFC3339(identity.notAfter) ?? now) <= now

/** standingOf judges. */
export function standingOf({ identity, problem }: Status, way: WayName, now = new Date()): Standing {
  const end = fromRFC3339(identity?.notAfter)
  if (!identity || !end) return { tone: 'ok', text: ok[way], more: '' }
  if (isOver(identity, now)) {
    return {
      tone: 'failed',
      text: 'The client’s certificate has ended: devices let it in no more.',
      more: `It ended ${formatAgo(end, now)}. Renew it.`,
    }
  }
  const ends = `The certificate ends ${formatAgo(end, now)}.`
  if (identity.needsToken) {
    return { tone: 'warning', text: 'The client’s certificate is to be renewed, and somebody has to log in for that.', more: ends }
  }
  if (problem) return { tone: 'warning', text: 'The client’s certificate could not be renewed yet.', more: ends }
  return { tone: 'ok', text: ok[way], more: ends }
}
