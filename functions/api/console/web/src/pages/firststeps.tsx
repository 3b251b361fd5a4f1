import type { Group, Hub } from '../api/types'
import { useSession } from '../lib/session'
import { Icon } from '@shared/ui/icons'

/** FirstSteps leads a new installation to its first device. */
export function FirstSteps({ groups, hubs }: { groups: Group[]; hubs: Hub[] }) {
  const { canWrite } = useSession()
  const closed = groups.length > 0 && groups.every((g) => g.pending || g.disabled)
  const steps = [
    {
      done: hubs.length > 0,
      title: 'Create a hub',
      text: 'Where devices go once they are provisioned: its gateways, its certificate authority, its OAuth server.',
      to: '/hubs/new',
      verb: 'Create a hub',
    },
    {
      done: groups.length > 0 && !closed,
      title: closed ? 'Open the enrollment group' : 'Create an enrollment group',
      text: closed
        ? 'Your enrollment group is disabled, or nobody has proven yet to hold its lead certificate.'
        : 'Which devices get in: those whose manufacturer certificate leads back to a certificate you upload.',
      to: closed ? `/groups/${groups[0]?.id ?? ''}` : '/groups/new',
      verb: closed ? 'Open it' : 'Create a group',
    },
    {
      done: false,
      title: 'Connect a device',
      text: 'Point a device at this service’s CoAP address. It appears here by itself, step by step.',
      to: '',
      verb: '',
    },
  ]
  const next = steps.findIndex((s) => !s.done)
  return (
    <section class="first" aria-labelledby="first-title">
      <h2 id="first-title">No device has come yet. Three steps to the first one</h2>
      <ol>
        {steps.map((s, i) => (
          <li key={s.title} class={s.done ? 'done' : i === next ? 'next' : ''}>
            <span class="first-mark" aria-hidden="true">
              {s.done ? <Icon name="ok" /> : i + 1}
            </span>
            <div>
              <h3>
                {s.title}
                {s.done && <span class="muted"> – done</span>}
              </h3>
              <p class="muted">{s.text}</p>
              {i === next && s.to && canWrite && (
                <p>
                  <a class="button primary" href={s.to}>
                    {s.verb}
                  </a>
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
