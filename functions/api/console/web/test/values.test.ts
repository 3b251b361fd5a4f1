import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dotted, isError, named } from '../src/lib/coap'
import { formatAgo, fromNanos, fromRFC3339, hexPairs, plural } from '@shared/lib/format'
import { asPEM, isPrivateKey, toBase64, toDataURI, toText } from '@shared/lib/pem'
import { lastDays, lastHour, total } from '../src/lib/series'

test('CoAP codes', () => {
  assert.equal(dotted(69), '2.05')
  assert.equal(dotted(163), '5.03')
  assert.equal(dotted(0), '')
  assert.equal(named('4.03'), '4.03 Forbidden')
  assert.equal(named('7.31'), '7.31')
  assert.deepEqual(['2.05', '4.00', '5.03', ''].map(isError), [false, true, true, false])
})

test('times', () => {
  assert.equal(fromNanos('1700000000123456789')?.toISOString(), '2023-11-14T22:13:20.123Z')
  for (const none of [undefined, '', '0', '-1', 'x', '1'.repeat(30)]) assert.equal(fromNanos(none), undefined)
  assert.equal(fromRFC3339('never'), undefined)
  const now = new Date('2026-01-02T00:00:00Z')
  assert.equal(formatAgo(new Date('2026-01-01T23:59:30Z'), now), 'just now')
  assert.equal(formatAgo(new Date('2026-01-01T21:00:00Z'), now), '3 hours ago')
  assert.equal(formatAgo(new Date('2026-01-05T00:00:00Z'), now), 'in 3 days')
})

test('numbers and hexadecimal digits', () => {
  assert.equal(plural(1, 'device'), '1 device')
  assert.equal(plural(2, 'device'), '2 devices')
  assert.equal(hexPairs('a1b'), '0A:1B')
})

test('data URIs', () => {
  assert.equal(toText(toDataURI('grüße\n')), 'grüße\n')
  assert.equal(toDataURI(''), '')
  assert.equal(toText(undefined), '')
  assert.equal(toText('plain'), 'plain')
  assert.equal(toText('data:,a%20b'), 'a b')
  assert.equal(toBase64(new Uint8Array(20_000)).length, 26_668)
})

test('certificate files', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'
  assert.equal(asPEM(new TextEncoder().encode(pem)), pem)
  assert.match(asPEM(new Uint8Array([0x30, 1, 2])), /^-----BEGIN CERTIFICATE-----\nMAEC\n-----END CERTIFICATE-----\n$/)
  assert.equal(asPEM(new TextEncoder().encode('hello')), 'hello')
  assert.equal(isPrivateKey('-----BEGIN EC PRIVATE KEY-----'), true)
  assert.equal(isPrivateKey(pem), false)
})

test('series end now, and have a place for every minute and day', () => {
  const now = new Date('2026-01-31T12:30:40Z')
  const hour = lastHour(
    [
      { name: '2026-01-31T12:30:00Z', ok: 2 },
      { name: '2026-01-31T11:00:00Z', ok: 9 },
    ],
    now,
  )
  assert.equal(hour.length, 60)
  assert.deepEqual(hour.at(-1)?.tally, { name: '2026-01-31T12:30:00Z', ok: 2 })
  assert.deepEqual(total(hour.map((b) => b.tally)), { ok: 2, failed: 0, pending: 0 })
  const days = lastDays(
    [
      { name: '2026-01-18', failed: 1 },
      { name: '2026-01-31', ok: 3 },
    ],
    now,
  )
  assert.equal(days.length, 14)
  assert.equal(days[0]?.tally.failed, 1)
  assert.equal(days[13]?.tally.ok, 3)
})
