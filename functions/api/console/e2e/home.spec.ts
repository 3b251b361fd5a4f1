import { expect, expectFaults, review, test } from './fixtures'

test('a device that comes appears without reload', async ({ owner: page, stack }) => {
  const count = page.getByTestId('count-ok')
  await expect(count).toHaveText(/^\d+$/)
  const before = Number(await count.textContent())
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  stack.provision(1)
  await expect(count).toHaveText(String(before + 1))
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
})

test('an error leads from home to the device, and to what to do about it', async ({ owner: page, stack }) => {
  stack.refuse()
  const error = page.locator('#errors a').first()
  await expect(error).toContainText('belongs to another manufacturer key')
  await error.click()
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  const step = page.locator('.step.failed')
  await expect(step).toContainText('4.03 Forbidden')
  await expect(step).toContainText('another manufacturer key already holds')
  await expect(step).toContainText('After a repair that changed the board: release the device id')
  await expect(page.locator('#audit')).toContainText('Device id denied')
  await expect(page.locator('#binding')).toContainText('Another manufacturer key holds this device id')
  await page.locator('#binding').getByRole('link').click()
  await expect(page.locator('#binding')).toContainText('Held by this device')
  await expect(page.locator('#audit')).toContainText('Certificate issued')
})

test('updates can be paused, and say when they last came', async ({ owner: page }) => {
  const bar = page.locator('.livebar')
  const updated = /Updated \d\d:\d\d:\d\d/
  await page.clock.install()
  await page.reload()
  await expect(bar).toContainText(updated)
  const first = (updated.exec(await bar.innerText()) ?? ['never'])[0]
  await page.clock.pauseAt(Date.now() + 30_000)
  await expect(bar).not.toContainText(first) // and now time stands still: no request comes by itself
  let asked = 0
  page.on('request', (r) => {
    if (r.url().includes('/statistics')) asked++
  })
  await page.getByRole('button', { name: 'Pause updates' }).click()
  await expect(bar).toContainText('paused')
  await page.clock.runFor(10_000)
  expect(asked).toBe(0)
  await page.getByRole('button', { name: 'Resume updates' }).click()
  await expect(bar).not.toContainText('paused')
  await page.clock.runFor(1_000)
  await expect.poll(() => asked).toBe(1)
})

test('when the server does not answer, the page says so and keeps what it has', async ({ owner: page }) => {
  await expect(page.locator('.livebar')).toContainText('Updated')
  expectFaults(page)
  await page.route('**/api/v1/statistics*', (route) => route.abort())
  await expect(page.locator('.livebar')).toContainText('The server does not answer. Shown as of')
  await expect(page.getByTestId('count-ok')).toBeVisible()
  await page.unrouteAll()
  await expect(page.locator('.livebar')).toContainText('Updated')
})

test('charts say the same in a table', async ({ owner: page }) => {
  await page.getByText('Last 14 days as a table').click()
  await expect(page.locator('.chart').nth(1).getByRole('table')).toContainText('provisioned')
})

test('the first steps lead to the first device', async ({ page, stack, owner }) => {
  expect(owner).toBe(page)
  const empty = { items: [], nextPageToken: '' }
  await page.route('**/api/v1/statistics*', (route) => route.fulfill({ json: { asOf: '2026-01-01T00:00:00Z' } }))
  await page.route('**/api/v1/hubs*', (route) => route.fulfill({ json: empty }))
  await page.route('**/api/v1/enrollment-groups*', (route) => route.fulfill({ json: empty }))
  await page.goto(stack.url)
  const first = page.locator('.first')
  await expect(first.getByRole('heading', { level: 3 })).toHaveText(['Create a hub', 'Create an enrollment group', 'Connect a device'])
  await first.getByRole('link', { name: 'Create a hub' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Create a hub' })).toBeFocused()
})

test('the verdict follows the last hour', async ({ owner: page, stack }) => {
  const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
  const busy = {
    asOf: at(0),
    total: { ok: 48_211, failed: 37, pending: 12 },
    minutes: Array.from({ length: 58 }, (_, i) => ({
      name: at(59 - i),
      ok: 20 + ((i * 7) % 31),
      ...(i % 9 === 4 && { failed: 3 }),
      ...(i > 54 && { pending: 4 }),
    })),
    days: Array.from({ length: 14 }, (_, i) => ({
      name: day(13 - i),
      ok: 2000 + ((i * 911) % 2300),
      failed: i * 3,
    })),
    groups: [
      {
        name: '98be12de-3991-4567-aeea-edd9a656e6df',
        ok: 40_000,
        failed: 30,
        pending: 12,
      },
      { name: 'ffffffff-0000-4000-8000-000000000000', ok: 8211, failed: 7 },
    ],
    lastErrors: [1, 2, 3].map((i) => ({
      time: at(i * 4),
      recordId: `r${i}`,
      deviceId: `0000000${i}-5544-4e5e-9a34-fd89f1816c72`,
      step: 'credential',
      coapCode: '5.03',
      errorMessage: 'the certificate authority cannot be reached',
    })),
  }
  let answer: object = busy
  await page.route('**/api/v1/statistics*', (route) => route.fulfill({ json: answer }))
  await page.goto(stack.url)
  const verdict = page.locator('.verdict')
  await expect(verdict).toContainText('Some devices do not get in')
  await expect(page.getByTestId('count-ok')).toHaveText('48,211')
  await review(page, 'home-busy')
  answer = { ...busy, minutes: [{ name: at(1), ok: 5 }] }
  await expect(verdict).toContainText('Devices are getting in')
  answer = { ...busy, minutes: [{ name: at(1), failed: 5 }] }
  await expect(verdict).toContainText('Devices are not getting in')
  answer = { ...busy, minutes: [] }
  await expect(verdict).toContainText('No device came in the last hour')
})
