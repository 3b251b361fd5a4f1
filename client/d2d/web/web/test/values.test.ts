import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimOf } from '../src/lib/claims'
import { addressesOf, silentAfter, sorted, stateOf } from '../src/lib/found'
import { faultAt } from '../src/lib/jsonplace'
import { editable, parse } from '../src/lib/jsontext'
import { idFault, keyFault, newKey, newUUID } from '../src/lib/keys'
import type { Device } from '../src/api/types'

test('new ids and keys are what the client takes, and differ', () => {
  const ids = Array.from({ length: 50 }, newUUID)
  assert.equal(new Set(ids).size, 50)
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(idFault(id), undefined)
  }
  const keys = Array.from({ length: 50 }, newKey)
  assert.equal(new Set(keys).size, 50)
  for (const key of keys) assert.equal(keyFault(key), undefined)
})

test('ids', () => {
  for (const good of ['98be12de-3991-4567-aeea-edd9a656e6df', ' 98BE12DE-3991-4567-AEEA-EDD9A656E6DF '])
    assert.equal(idFault(good), undefined)
  for (const bad of ['', 'owner', '98be12de39914567aeeaedd9a656e6df', '00000000-0000-0000-0000-000000000000'])
    assert.match(idFault(bad) ?? '', /UUID/)
})

test('keys: 16 bytes, as text or in base64; a fault never repeats the key', () => {
  for (const good of [
    '0123456789abcdef',
    'ä'.repeat(8),
    'data:;base64,MDEyMzQ1Njc4OWFiY2RlZg==',
    'data:x/y;base64,MDEyMzQ1Njc4OWFiY2RlZg==',
  ])
    assert.equal(keyFault(good), undefined, good)
  assert.match(keyFault('') ?? '', /0 bytes/)
  assert.match(keyFault('x') ?? '', /1 byte,/)
  assert.match(keyFault('ä'.repeat(16)) ?? '', /32 bytes/)
  assert.match(keyFault('data:;base64,c2VjcmV0') ?? '', /6 bytes/)
  for (const bad of ['data:secret', 'data:;base64,?secret?']) {
    assert.match(keyFault(bad) ?? '', /base64/)
    assert.doesNotMatch(keyFault(bad) ?? '', /secret/)
  }
})

test('JSON: the value, or where it is wrong', () => {
  assert.deepEqual(parse('{"state": true}'), { value: { state: true } })
  assert.deepEqual(parse('0'), { value: 0 })
  assert.deepEqual(parse('null'), { value: null })
  assert.match(parse('  ').fault ?? '', /Write the new value/)
  const places: [string, RegExp][] = [
    ['{\n  "state": on\n}', /line 2, column 12/],
    ['{"state": true', /missing at its end/],
    ['{"state": ', /missing at its end/],
    ['{state: true}', /line 1, column 2/],
    ['{"a": 1,}', /line 1, column 9/],
    ['[1,\n 2,\n ]', /line 3, column 2/],
    ['[1 2]', /line 1, column 4/],
    ['{"a" 1}', /line 1, column 6/],
    ['{"a": 1} x', /line 1, column 10/],
    ['[}', /line 1, column 2/],
    ['"\t"', /line 1, column 1/],
    ['01', /line 1, column 2/],
    ["{'a': 1}", /line 1, column 2/],
    [']', /line 1, column 1/],
  ]
  for (const [text, want] of places) assert.match(parse(text).fault ?? '', want, text)
})

test('a place is found exactly where reading fails', () => {
  for (const good of ['{}', '[]', ' {"a": [1, -2.5e+3, {"b": null}], "c": "\\u00e4\\n"} ', 'true', '0', '[[],{}]']) {
    JSON.parse(good)
    assert.equal(faultAt(good), good.length, good)
    for (let i = 0; i < good.length; i++) {
      const cut = good.slice(0, i) + '\u0001' + good.slice(i)
      assert.ok(faultAt(cut) <= i && faultAt(cut) < cut.length, JSON.stringify(cut))
    }
  }
})

test('what may be changed of a value: not what describes the resource', () => {
  assert.deepEqual(editable({ rt: ['x'], if: ['oic.if.rw'], state: true, power: 5 }), { state: true, power: 5 })
  assert.deepEqual(editable({ n: 'lamp', rt: [] }), { n: 'lamp', rt: [] })
  assert.deepEqual(editable([1]), [1])
  assert.equal(editable(null), null)
})

const device = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  types: [],
  ownership: 'owned',
  canOwn: false,
  endpoints: [],
  ...more,
})

test('who is silent after a search', () => {
  const known = [device('a'), device('b'), device('c')]
  const everywhere = silentAfter(new Set(), known, [device('b'), device('d')], true)
  assert.deepEqual([...everywhere].sort(), ['a', 'c'])
  assert.deepEqual([...silentAfter(everywhere, known, [device('a')], false)], ['c'])
  assert.deepEqual([...silentAfter(everywhere, known, known, true)], [])
})

test('whose a device is, in words', () => {
  assert.equal(stateOf(device('a')).word, 'Ours')
  assert.equal(stateOf(device('a'), true).word, 'No answer')
  assert.equal(stateOf(device('a', { ownership: 'unowned' })).word, 'Nobody’s')
  assert.equal(stateOf(device('a', { ownership: 'ownedByOther' })).word, 'Somebody else’s')
  assert.equal(stateOf(device('a', { ownership: 'unknown' })).word, 'Not known')
  assert.deepEqual(
    sorted([device('b', { name: 'x' }), device('c', { name: 'lamp' }), device('a', { name: 'x' })]).map((d) => d.id),
    ['c', 'a', 'b'],
  )
})

test('addresses as they are typed', () => {
  assert.deepEqual(addressesOf(' 192.168.1.20, [fe80::1]:5683\n10.0.0.1:5683;'), ['192.168.1.20', '[fe80::1]:5683', '10.0.0.1:5683'])
  assert.deepEqual(addressesOf('  '), [])
})

test('a token’s claim', () => {
  const token = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`
  assert.equal(claimOf(token({ 'https://x/owner': 'Jürgen?~' }), 'https://x/owner'), 'Jürgen?~')
  assert.equal(claimOf(token({ sub: 5 }), 'sub'), '')
  for (const bad of [undefined, '', 'opaque', 'a.b.c', 'a.!.c']) assert.equal(claimOf(bad, 'sub'), '')
})
