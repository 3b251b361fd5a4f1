import type { Tally } from '../api/types'
import { formatCount, plural } from '@shared/lib/format'

const kinds = ['ok', 'pending', 'failed'] as const
const words = { ok: 'provisioned', pending: 'under way', failed: 'failed' }

export interface Bar {
  label: string
  tally: Tally
}

const sum = (t: Tally): number => (t.ok ?? 0) + (t.pending ?? 0) + (t.failed ?? 0)

/** Bars draws counts over time; the table below it says the same in text. */
export function Bars({ title, bars, unit }: { title: string; bars: Bar[]; unit: string }) {
  const width = 600
  const height = 96
  const top = Math.max(1, ...bars.map((b) => sum(b.tally)))
  const slot = width / bars.length
  const total = bars.reduce((n, b) => n + sum(b.tally), 0)
  const failed = bars.reduce((n, b) => n + (b.tally.failed ?? 0), 0)
  const busy = bars.filter((b) => sum(b.tally) > 0)
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <span class="muted">
          {plural(total, 'device')}
          {failed > 0 ? `, ${formatCount(failed)} failed` : ''}; at most {formatCount(busy.length ? top : 0)} a {unit}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height + 1}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${plural(total, 'device')}, ${formatCount(failed)} failed. The table after this chart has the numbers.`}
      >
        <line class="axis" x1="0" x2={width} y1={height + 0.5} y2={height + 0.5} />
        {bars.map((b, i) => {
          let y = height
          return kinds.map((kind) => {
            const n = b.tally[kind] ?? 0
            if (n === 0) return null
            const h = Math.max(3, (n / top) * (height - 4))
            y -= h
            return (
              <rect
                key={`${b.label}-${kind}`}
                class={`bar ${kind}`}
                x={i * slot + slot * 0.12}
                y={Math.max(0, y)}
                width={slot * 0.76}
                height={h}
              />
            )
          })
        })}
      </svg>
      <div class="chart-ends muted" aria-hidden="true">
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
      <details>
        <summary>{title} as a table</summary>
        {busy.length === 0 ? (
          <p class="muted">Nothing in this time.</p>
        ) : (
          <table class="mini">
            <thead>
              <tr>
                <th scope="col">{unit}</th>
                {kinds.map((k) => (
                  <th key={k} scope="col" class="number">
                    {words[k]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {busy.map((b) => (
                <tr key={b.label}>
                  <th scope="row">{b.label}</th>
                  {kinds.map((k) => (
                    <td key={k} class="number">
                      {formatCount(b.tally[k] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </details>
    </figure>
  )
}

/** Share shows how one group fares, as a bar of three parts. */
export function Share({ tally }: { tally: Tally }) {
  const parts = kinds.map((kind) => ({ kind, n: tally[kind] ?? 0 }))
  const least = sum(tally) / 60 // few failures among many devices can still be seen
  const widths = parts.map((p) => (p.n > 0 ? Math.max(p.n, least) : 0))
  const total = Math.max(
    1,
    widths.reduce((a, b) => a + b, 0),
  )
  let x = 0
  return (
    <svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rest" x="0" y="0" width="100" height="6" />
      {parts.map(({ kind }, i) => {
        const w = ((widths[i] ?? 0) / total) * 100
        const rect = <rect key={kind} class={`bar ${kind}`} x={x} y="0" width={w} height="6" />
        x += w
        return rect
      })}
    </svg>
  )
}
