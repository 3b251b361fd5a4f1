/** Comparing objects of the API: what a form changed, and what somebody else did meanwhile. */

import { isObject, type Json, type JsonObject } from '@shared/lib/json'

export type { Json, JsonObject }

/** isEmpty: the API leaves out what is empty, so that nothing, "", false, 0 and [] are the same. */
function isEmpty(v: Json | undefined): boolean {
  return (
    v === undefined ||
    v === null ||
    v === '' ||
    v === false ||
    v === 0 ||
    (Array.isArray(v) && v.length === 0) ||
    (isObject(v) && Object.values(v).every(isEmpty))
  )
}

/** same compares as the API would: what is empty equals what is left out. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b)
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => same(v, b[i]))
  if (isObject(a) && isObject(b)) return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((k) => same(a[k], b[k]))
  return a === b
}

/** mergePatch gives the merge patch (RFC 7396) that turns base into wanted, as far as wanted speaks; undefined where nothing changes. */
export function mergePatch(base: JsonObject, wanted: JsonObject): JsonObject | undefined {
  const patch: JsonObject = {}
  for (const [name, value] of Object.entries(wanted)) {
    const old = base[name]
    if (same(old, value)) continue
    if (isObject(value) && isObject(old)) {
      const inner = mergePatch(old, value)
      if (inner) patch[name] = inner
    } else {
      patch[name] = isEmpty(value) ? null : value
    }
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

/** at gives the value under a dotted path. */
export function at(object: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((v, name) => (isObject(v) ? v[name] : undefined), object)
}

/** differences names the fields, as dotted paths, in which two objects differ; lists count as a whole. */
export function differences(a: Json | undefined, b: Json | undefined, path = ''): string[] {
  const left = isObject(a) ? a : {}
  const right = isObject(b) ? b : {}
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].sort().flatMap((name) => {
    const full = path ? `${path}.${name}` : name
    if (same(left[name], right[name])) return []
    return isObject(left[name]) || isObject(right[name]) ? differences(left[name], right[name], full) : [full]
  })
}
