import type { ComponentChildren } from 'preact'
import { Icon } from '@shared/ui/icons'

/** Verdict says in a sentence how things stand. */
export function Verdict({ tone, text, children }: { tone: 'ok' | 'warning' | 'failed'; text: string; children?: ComponentChildren }) {
  return (
    <div class={`verdict ${tone}`}>
      <span class="verdict-icon">
        <Icon name={tone} size={22} />
      </span>
      <div>
        <p class="verdict-text">{text}</p>
        {children}
      </div>
    </div>
  )
}
