import { expect, expectFaults, test } from './fixtures'

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
  await expect(bar).toContainText(/Updated \d\d:\d\d:\d\d/)
  await page.getByRole('button', { name: 'Pause updates' }).click()
  await expect(bar).toContainText('paused')
  let asked = 0
  page.on('request', (r) => {
    if (r.url().includes('/statistics')) asked++
  })
  await page.clock.install()
  await page.clock.runFor(10_000)
  expect(asked).toBe(0)
  await page.getByRole('button', { name: 'Resume updates' }).click()
  await expect(bar).not.toContainText('paused')
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
