import type { Tally } from '../api/types'
import type { Bar } from '../ui/chart'

const minute = 60_000
const short = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' })

/** lastHour lays the minutes in which something happened on the sixty up to now. */
export function lastHour(minutes: Tally[], now: Date): Bar[] {
  const counts = new Map(minutes.map((t) => [Math.floor(Date.parse(t.name ?? '') / minute), t]))
  const end = Math.floor(now.getTime() / minute)
  return Array.from({ length: 60 }, (_, i) => {
    const at = end - 59 + i
    return { label: short.format(new Date(at * minute)), tally: counts.get(at) ?? {} }
  })
}

/** lastDays lays the days (UTC, as the server counts) on the fourteen up to now. */
export function lastDays(days: Tally[], now: Date): Bar[] {
  const counts = new Map(days.map((t) => [t.name ?? '', t]))
  return Array.from({ length: 14 }, (_, i) => {
    const at = new Date(now.getTime() - (13 - i) * 24 * 60 * minute)
    return { label: day.format(at), tally: counts.get(at.toISOString().slice(0, 10)) ?? {} }
  })
}

/** total adds up tallies. */
export function total(tallies: Tally[]): Required<Omit<Tally, 'name'>> {
  return tallies.reduce<Required<Omit<Tally, 'name'>>>(
    (sum, t) => ({ ok: sum.ok + (t.ok ?? 0), failed: sum.failed + (t.failed ?? 0), pending: sum.pending + (t.pending ?? 0) }),
    { ok: 0, failed: 0, pending: 0 },
  )
}
