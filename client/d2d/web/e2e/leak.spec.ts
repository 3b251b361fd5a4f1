import { expect, test } from '@playwright/test'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { isPrivateKeyOf, leaks, pointOf } from './leak'
import { Wire } from './wire'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const { d = '', x = '', y = '' } = privateKey.export({ format: 'jwk' })
const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
const scalar = Buffer.from(d, 'base64url')
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const publicDER = publicKey.export({ type: 'spki', format: 'der' })

const forms: Record<string, { body: string | Buffer; headers?: Record<string, string> }> = {
  pem: { body: pkcs8 },
  'pem in JSON': { body: JSON.stringify({ key: pkcs8 }) },
  'pem in base64 in JSON': { body: JSON.stringify({ key: Buffer.from(pkcs8).toString('base64') }) },
  der: { body: privateKey.export({ type: 'sec1', format: 'der' }) },
  'der in base64': { body: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64') },
  jwk: { body: JSON.stringify({ kty: 'EC', d }) },
  raw: { body: Buffer.concat([Buffer.from('abc'), scalar, Buffer.from('def')]) },
  hex: { body: `serial: ${scalar.toString('hex')}` },
  'hex with colons': { body: scalar.toString('hex').replace(/(..)(?!$)/g, '$1:') },
  'in a header': { body: '', headers: { 'x-leak': d } },
  compressed: { body: gzipSync(pkcs8), headers: { 'content-encoding': 'gzip' } },
}

const harmless = 'the public key'

/** A watcher that finds nothing proves nothing: here it is shown a key in every dress, through a real browser. No stack is needed. */
test('the watcher finds a private key in whatever form a server lets it slip', async ({ browser }) => {
  expect(isPrivateKeyOf(scalar, point)).toBe(true)
  expect(pointOf(publicKey.export({ type: 'spki', format: 'pem' }).toString().replaceAll('PUBLIC', 'CERTIFICATE REQUEST'))).toEqual(point)
  const server = createServer((q, a) => {
    const name = decodeURIComponent(q.url ?? '').slice(1)
    const { body, headers = {} } = forms[name] ?? { body: name === harmless ? publicDER : 'a page' }
    a.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  for (const form of [...Object.keys(forms), harmless]) {
    const wire = await Wire.start()
    const page = await browser.newPage({ proxy: { server: wire.server } })
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page`)
    await page.evaluate(async (path) => (await fetch(path)).arrayBuffer(), `/${encodeURIComponent(form)}`)
    await page.close()
    wire.stop()
    expect(wire.received.length, 'the browser goes through the wire').toBeGreaterThan(0)
    expect(leaks(wire.received, point).length > 0, form).toBe(form !== harmless)
  }
  server.close()
  server.closeAllConnections()
})
