import { useEffect, useRef } from 'preact/hooks'
import { messageOf } from '@shared/api/problem'
import { Failure } from '@shared/ui/feedback'
import { adviseOn, type Advice } from '../lib/advice'
import { reasonOf } from '../lib/reasons'

/** Help says what an error means and what to do, and in whose words it was told. */
function Help({ title, advice, error }: { title: string; advice: Advice; error: unknown }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [error])
  return (
    <div class="help" role="alert" ref={box}>
      <p class="help-title">{title}</p>
      <p>{advice.meaning}</p>
      <p class="help-todo">What to do:</p>
      <ul>
        {advice.todo.map((todo) => (
          <li key={todo}>{todo}</li>
        ))}
      </ul>
      <p class="help-error">
        <span class="muted">In its own words:</span> {messageOf(error)}
      </p>
    </div>
  )
}

/** JoinFailure explains what went wrong on the way to credentials; nothing where nothing did. */
export function JoinFailure({ error, title }: { error: unknown; title: string }) {
  if (!error) return null
  return <Help title={title} advice={adviseOn(error)} error={error} />
}

/** DeviceFailure explains why a device does not let the client in, or do what was asked. */
export function DeviceFailure({ error, title }: { error: unknown; title: string }) {
  const reason = reasonOf(error)
  if (!error) return null
  if (!reason) return <Failure error={error} title={title} />
  return <Help title={reason.title} advice={reason} error={error} />
}
