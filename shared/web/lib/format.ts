/** How values of the API are shown to people. Everything here is text; nothing is ever HTML. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const dayOnly = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
const numbers = new Intl.NumberFormat()

/** fromNanos reads nanoseconds since 1970, which come as text because they do not fit a number. */
export function fromNanos(nanos: string | undefined): Date | undefined {
  if (!nanos || !/^\d{1,19}$/.test(nanos) || /^0+$/.test(nanos)) return undefined
  return new Date(Number(BigInt(nanos) / 1_000_000n))
}

/** fromRFC3339 gives undefined for what is empty or no time. */
export function fromRFC3339(text: string | undefined): Date | undefined {
  if (!text) return undefined
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at
}

export const formatTime = (at: Date): string => clock.format(at)
export const formatDateTime = (at: Date): string => dayAndTime.format(at)
export const formatDay = (at: Date): string => dayOnly.format(at)
export const formatCount = (n: number): string => numbers.format(n)

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

/** formatAgo tells how far a time is from now: "3 minutes ago", "in 2 days"; within a minute of now, "just now". */
export function formatAgo(at: Date, now: Date = new Date()): string {
  const seconds = (at.getTime() - now.getTime()) / 1000
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return seconds > 5 ? relative.format(Math.trunc(seconds), 'second') : 'just now'
}

/** plural gives "1 device", "2 devices". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${formatCount(n)} ${n === 1 ? one : many}`

/** hexPairs sets a fingerprint or serial number as tools print it: AB:CD. */
export function hexPairs(hex: string): string {
  const even = hex.length % 2 ? `0${hex}` : hex
  return (even.match(/../g) ?? []).join(':').toUpperCase()
}
