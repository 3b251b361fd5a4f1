import type { Json } from '@shared/lib/json'
import { faultAt } from './jsonplace'

/** Parsed is a value, or what is wrong with its text. */
export type Parsed = { value: Json; fault?: undefined } | { value?: undefined; fault: string }

/** parse reads what a person wrote; the fault says where it is. Browsers do not agree on telling that. */
export function parse(text: string): Parsed {
  if (text.trim() === '') return { fault: 'Write the new value, such as {"state": true}.' }
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    const at = faultAt(text)
    const before = text.slice(0, at).split('\n')
    const place =
      at >= text.trimEnd().length
        ? 'something is missing at its end'
        : `look at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
    return { fault: `This is no JSON: ${place}. Names and texts stand in double quotes, and no comma before a bracket.` }
  }
}

/** print writes a value for people. */
export const print = (value: Json): string => JSON.stringify(value, null, 2)

/** ownNames are what describes a resource; it is not changed. */
const ownNames = new Set(['rt', 'if', 'p', 'n', 'id', 'di', 'piid', 'icv', 'dmv'])

/** editable gives what of a resource's value may be changed: where that is nothing, all of it. */
export function editable(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const rest = Object.entries(value).filter(([name]) => !ownNames.has(name))
  return rest.length > 0 ? Object.fromEntries(rest) : value
}
