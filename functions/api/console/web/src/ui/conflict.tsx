import { useEffect, useRef } from 'preact/hooks'
import { at, differences, same, type Json, type JsonObject } from '../lib/diff'
import { toText } from '@shared/lib/pem'
import { Icon } from '@shared/ui/icons'

interface Props {
  /** The object as it was when the form was opened, as it is now, and what the form would make of it. */
  base: JsonObject
  current: JsonObject
  wanted: JsonObject
  onReload: () => void
  onOverwrite: () => void
  busy: boolean
}

const hidden = new Set(['version', 'id', 'owner'])

/** Conflict shows what somebody else changed while a form was open, and offers both ways out. */
export function Conflict({ base, current, wanted, onReload, onOverwrite, busy }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const theirs = differences(base, current).filter((path) => !hidden.has(path))
  return (
    <section class="conflict" role="alert" aria-labelledby="conflict-title">
      <h2 id="conflict-title" ref={heading} tabIndex={-1}>
        <Icon name="warning" />
        Somebody else changed this meanwhile
      </h2>
      <p>Nothing of yours is saved yet. This is what the other one changed:</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="What changed">
        <table class="mini">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Was</th>
              <th scope="col">Is now</th>
              <th scope="col">You want</th>
            </tr>
          </thead>
          <tbody>
            {theirs.map((path) => {
              const mine = wanted[path.split('.')[0] ?? ''] === undefined ? at(base, path) : at(wanted, path)
              const untouched = same(mine, at(base, path)) || mine === undefined
              return (
                <tr key={path}>
                  <th scope="row">{path.replace('attestationMechanism.x509.', '')}</th>
                  <td>{show(at(base, path))}</td>
                  <td>{show(at(current, path))}</td>
                  <td>{untouched ? <span class="muted">(not touched)</span> : show(mine)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      <p>If you save yours over it, the fields you did not touch keep the other’s values.</p>
      <div class="form-actions">
        <button type="button" class="button" onClick={onReload}>
          Load theirs, drop mine
        </button>
        <button type="button" class="button danger" disabled={busy} onClick={onOverwrite}>
          Save mine over theirs
        </button>
      </div>
    </section>
  )
}

const longest = 120 // characters of a value

function show(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return '–'
  const text =
    typeof value === 'string'
      ? value.startsWith('data:')
        ? toText(value)
        : value
      : typeof value === 'boolean'
        ? value
          ? 'yes'
          : 'no'
        : JSON.stringify(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
