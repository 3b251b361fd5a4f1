/** One token of JSON (RFC 8259) and the blanks before it; the sticky flag keeps it where it is looked for. */
const token =
  /[ \t\n\r]*(?:([[\]{},:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y

/** Wanted is what may come next; after value is whatever the innermost bracket wants. */
type Wanted = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'after value'

/** kindOf tells brackets and marks from texts and other values. */
const kindOf = (mark: string | undefined, text: string | undefined): string => mark ?? (text === undefined ? 'value' : 'text')

/** next gives what is wanted after a token of the kind; undefined: it must not stand here. open are the brackets around it. */
function next(wanted: Wanted, kind: string, open: string[]): Wanted | undefined {
  const around = open.at(-1)
  const closes = kind === (around === '{' ? '}' : ']') && around !== undefined
  if (closes && (wanted === 'after value' || wanted.endsWith('or end'))) {
    open.pop()
    return 'after value'
  }
  switch (wanted) {
    case 'after value':
      return kind === ',' && around ? (around === '{' ? 'name' : 'value') : undefined
    case 'colon':
      return kind === ':' ? 'value' : undefined
    case 'name':
    case 'name or end':
      return kind === 'text' ? 'colon' : undefined
  }
  if (kind === '{' || kind === '[') {
    open.push(kind)
    return kind === '{' ? 'name or end' : 'value or end'
  }
  return kind === 'text' || kind === 'value' ? 'after value' : undefined
}

/** faultAt gives where a text stops being JSON, as the number of characters before; the whole length where something is missing. */
export function faultAt(text: string): number {
  const open: string[] = []
  let wanted: Wanted = 'value'
  for (let at = 0; ;) {
    const rest = at + (/^[ \t\n\r]*/.exec(text.slice(at))?.[0].length ?? 0)
    if (rest === text.length) return rest
    token.lastIndex = at
    const found = token.exec(text)
    const then: Wanted | undefined = found ? next(wanted, kindOf(found[1], found[2]), open) : undefined
    if (!found || !then) return rest
    at = token.lastIndex
    wanted = then
  }
}
