import type { ComponentChildren } from 'preact'
import { messageOf } from '../api/problem'
import { formatAgo, formatDateTime, formatTime } from '../lib/format'
import { Icon, type IconName } from './icons'

export type Tone = 'ok' | 'failed' | 'pending' | 'warning' | 'plain'

const toneIcons: Record<Tone, IconName> = { ok: 'ok', failed: 'failed', pending: 'pending', warning: 'warning', plain: 'open' }

/** Badge says a state in a word; the colour only repeats it. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={toneIcons[tone]} size={14} />
      {children}
    </span>
  )
}

/** Notice is a message in its place. An alert is read out at once. */
export function Notice({
  tone,
  title,
  alert = false,
  children,
}: {
  tone: Tone
  title?: string
  alert?: boolean
  children?: ComponentChildren
}) {
  return (
    <div class={`notice ${tone}`} role={alert ? 'alert' : undefined}>
      <Icon name={toneIcons[tone]} size={18} />
      <div>
        {title && <p class="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  )
}

/** Failure shows what went wrong with an action; nothing where nothing did. */
export function Failure({ error, title }: { error: unknown; title?: string }) {
  if (!error) return null
  return (
    <Notice tone="failed" alert title={title ?? 'That did not work'}>
      <p>{messageOf(error)}</p>
    </Notice>
  )
}

/** Loading stands in the place of what is not there yet, or did not come. */
export function Loading({ error, retry, what }: { error: unknown; retry: () => void; what: string }) {
  if (error) {
    return (
      <Notice tone="failed" alert title={`${what} cannot be shown`}>
        <p>{messageOf(error)}</p>
        <p>
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        </p>
      </Notice>
    )
  }
  return (
    <p class="loading" role="status">
      Loading…
    </p>
  )
}

/** When shows a time, and how long ago that was. */
export function When({ at, brief = false }: { at: Date | undefined; brief?: boolean }) {
  if (!at) return <span class="muted">–</span>
  return (
    <time dateTime={at.toISOString()} title={formatDateTime(at)}>
      {brief ? formatAgo(at) : `${formatDateTime(at)} (${formatAgo(at)})`}
    </time>
  )
}

/** LiveBar says how fresh the page is, and lets it rest (WCAG 2.2.2). */
export function LiveBar({
  live,
  setLive,
  at,
  error,
  every,
}: {
  live: boolean
  setLive: (live: boolean) => void
  at: Date | undefined
  error: unknown
  every: number
}) {
  return (
    <div class={`livebar${error ? ' stale' : ''}`}>
      <span class={`pulse${live && !error ? ' on' : ''}`} aria-hidden="true" />
      <span>
        {error ? 'The server does not answer. ' : ''}
        {at ? `${error ? 'Shown as of' : 'Updated'} ${formatTime(at)}` : 'Loading…'}
        {!error && live ? `, every ${every / 1000} s` : ''}
        {!live ? ', paused' : ''}
      </span>
      <button type="button" class="button small" aria-label={live ? 'Pause updates' : 'Resume updates'} onClick={() => setLive(!live)}>
        <Icon name={live ? 'pause' : 'play'} size={14} />
        {live ? 'Pause' : 'Resume'}
      </button>
      <span class="hidden" role="status">
        {error ? 'The server does not answer. What is shown may be old.' : ''}
      </span>
    </div>
  )
}
