import { test as base } from '@playwright/test'
import { expect, find, logIn, open, review, switchLight, verdict } from './fixtures'
import { guard } from '../../../../shared/web/e2e/look'
import { Stack } from './stack'
import { leaks, pointOf } from './leak'
import { Wire } from './wire'

/** Way 3 as it is meant: client and devices are in a network of their own that has no route to anything, and only the browser reaches the hub. */

const mayIsolate = process.getuid?.() === 0

const test = base.extend<{ wire: Wire }, { apart: Stack }>({
  apart: [
    async ({}, use) => {
      const stack = await Stack.start(true)
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  wire: async ({}, use) => {
    const wire = await Wire.start()
    await use(wire)
    wire.stop()
  },
  proxy: async ({ wire }, use) => use({ server: wire.server }),
})

if (!mayIsolate && process.env['NEED_NAMESPACE']) throw new Error('NEED_NAMESPACE is set, and a network namespace needs root')
test.skip(!mayIsolate || process.platform !== 'linux', 'NOT RUN: a network namespace needs Linux and root')

test('a client without a way to the hub becomes a member through the browser; its private key stays', async ({ page, apart, wire }) => {
  const faults: string[] = []
  guard(page, apart.origins, faults)
  await page.goto(apart.url)
  await expect(verdict(page)).toContainText('This client is nobody yet')
  await expect(page.locator('.way.closed')).toHaveCount(2)
  await review(page, 'nobody-one-way')
  await page.goto(`${apart.url}/join/self`)
  await expect(page.getByText('This way is closed')).toBeVisible()
  await page.goto(`${apart.url}/join/browser`)
  await logIn(page, '1')
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await expect(verdict(page)).toContainText('which a browser fetched for it')

  await expect(await find(page, apart, 'acme-lamp-TCP')).toContainText('Ours')
  await open(page, apart, 'acme-lamp-UDP')
  await switchLight(page, 55)

  const csr = wire.request()
  expect(leaks(wire.received, pointOf(csr))).toEqual([])
  expect(faults).toEqual([])
})
