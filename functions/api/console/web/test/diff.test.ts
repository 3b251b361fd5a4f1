import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, differences, mergePatch, same } from '../src/lib/diff'

test('what is empty equals what is left out', () => {
  for (const empty of [undefined, null, '', false, 0, [], {}, { a: '' }]) {
    assert.equal(same(empty, undefined), true)
    assert.equal(same('x', empty), false)
  }
  assert.equal(same({ a: 1, b: [] }, { a: 1 }), true)
  assert.equal(same([1, 2], [2, 1]), false)
})

test('a merge patch has only what changes', () => {
  const base = { name: 'a', x: { y: 1, z: [1] }, kept: true }
  assert.equal(mergePatch(base, { name: 'a', x: { y: 1, z: [1] } }), undefined)
  assert.deepEqual(mergePatch(base, { name: 'b', x: { y: 1, z: [1, 2] } }), { name: 'b', x: { z: [1, 2] } })
  assert.deepEqual(mergePatch(base, { name: '', x: { y: 0 } }), { name: null, x: { y: null } })
  assert.deepEqual(mergePatch({}, { x: { y: 1 } }), { x: { y: 1 } })
})

test('differences are dotted paths; lists count as a whole', () => {
  assert.deepEqual(differences({ a: 1, b: { c: [1], d: 2 } }, { a: 1, b: { c: [2], d: 2, e: 3 } }), ['b.c', 'b.e'])
  assert.deepEqual(differences(undefined, { a: { b: 1 } }), ['a.b'])
  assert.equal(at({ a: { b: 1 } }, 'a.b'), 1)
  assert.equal(at({ a: 1 }, 'a.b.c'), undefined)
})
