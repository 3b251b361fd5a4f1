import type { Device, Ownership } from '../api/types'

/** State is what people are told of a device. */
export interface State {
  word: string
  tone: 'ok' | 'plain' | 'warning' | 'failed'
  means: string
}

const states: Record<Ownership, State> = {
  owned: { word: 'Ours', tone: 'ok', means: 'This client can use it.' },
  unowned: { word: 'Nobody’s', tone: 'plain', means: 'Fresh from the factory, or given up: it can be owned.' },
  ownedByOther: { word: 'Somebody else’s', tone: 'warning', means: 'It does not let this client in.' },
  unknown: { word: 'Not known', tone: 'plain', means: 'It does not say whose it is, or this client is nobody yet.' },
}

const noAnswer: State = { word: 'No answer', tone: 'failed', means: 'It was found before, and did not answer the last search.' }

/** stateOf says whose a device is; one that is silent says nothing. */
export const stateOf = (d: Device, silent = false): State => (silent ? noAnswer : states[d.ownership])

/**
 * silentAfter gives the ids of the devices that are silent after a search. everywhere: it was one of the whole network, so that whoever was
 * not found did not answer; a search at an address says nothing of the others.
 */
export function silentAfter(before: ReadonlySet<string>, known: Device[], found: Device[], everywhere: boolean): Set<string> {
  const silent = new Set(everywhere ? known.map((d) => d.id) : before)
  for (const d of found) silent.delete(d.id)
  return silent
}

/** sorted gives devices by name. */
export const sorted = (devices: Device[]): Device[] =>
  [...devices].sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '') || a.id.localeCompare(b.id))

/** nameOf is what people call a device. */
export const nameOf = (d: Device): string => d.name || `Device ${d.id}`

/** addressesOf takes apart what was typed: addresses, with spaces or commas between them. */
export const addressesOf = (text: string): string[] => text.split(/[\s,;]+/).filter((part) => part !== '')
