import { Icon } from '@shared/ui/icons'
import type { Progress } from '../lib/carry'
import type { Stage } from '../lib/mediate'

const stages: [Stage, string][] = [
  ['keys', 'fetch the OAuth server’s public keys'],
  ['request', 'have the client make a key and a request for a certificate'],
  ['sign', 'have the request signed'],
  ['finish', 'bring the certificate to the client'],
]

/** Carrying shows how far the browser has come with the client's request. */
export function Carrying({ progress, renewing = false }: { progress: Progress | undefined; renewing?: boolean }) {
  const shown = renewing ? stages.slice(1) : stages
  const now = shown.findIndex(([stage]) => stage === progress?.stage)
  return (
    <div class="carrying">
      <ul class="plain-list">
        {shown.map(([stage, text], i) => (
          <li key={stage} class={i < now ? 'done' : i === now ? 'now' : ''}>
            <Icon name={i < now ? 'ok' : i === now ? 'right' : 'pending'} />
            {text}
          </li>
        ))}
      </ul>
      <p class="hidden" role="status">
        {now >= 0 ? `Step ${now + 1} of ${shown.length}: ${shown[now]?.[1] ?? ''}` : ''}
      </p>
      {progress?.again && <p class="hint">That took longer than the client waits: once more, with a new request.</p>}
    </div>
  )
}
