import type { ComponentChildren } from 'preact'
import { Icon } from '@shared/ui/icons'

/** Doing is how far a step has come. */
export type Doing = 'open' | 'next' | 'done' | 'failed'

/** Steps are what is to be done, one after the other. */
export function Steps({ children }: { children: ComponentChildren }) {
  return <ol class="steps">{children}</ol>
}

const said: Record<Doing, string> = { open: '', next: '', done: ' (done)', failed: ' (did not work)' }

/** Step is one of them: its number, or how it ended. */
export function Step({ n, doing, title, children }: { n: number; doing: Doing; title: string; children?: ComponentChildren }) {
  return (
    <li class={`step ${doing}`} aria-current={doing === 'next' ? 'step' : undefined}>
      <span class="step-mark" aria-hidden="true">
        {doing === 'done' ? <Icon name="ok" /> : doing === 'failed' ? <Icon name="failed" /> : n}
      </span>
      <div class="step-body">
        <h2>
          {title}
          <span class="hidden">{said[doing]}</span>
        </h2>
        {children}
      </div>
    </li>
  )
}
