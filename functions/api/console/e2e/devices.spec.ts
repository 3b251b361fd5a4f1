import type { Page } from '@playwright/test'
import { expect, review, test } from './fixtures'

const rows = (page: Page) => page.locator('.table tbody tr')

test('search and filters are in the address, and survive a reload', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/devices`)
  await expect(rows(page).first()).toBeVisible()
  const id = (await rows(page).first().locator('.device-link .mono').textContent()) ?? ''
  await page.getByLabel('Search').fill(id.slice(0, 8).toUpperCase())
  await expect(page).toHaveURL(new RegExp(`q=${id.slice(0, 8).toUpperCase()}`))
  await expect(rows(page).first()).toContainText(id)
  await page.getByLabel('State', { exact: true }).selectOption('ok')
  await page.getByLabel('Changed').selectOption('24h')
  await expect(page).toHaveURL(/state=ok/)
  await expect(page).toHaveURL(/since=24h/)
  await page.reload()
  await expect(page.getByLabel('Search')).toHaveValue(id.slice(0, 8).toUpperCase())
  await expect(page.getByLabel('State', { exact: true })).toHaveValue('ok')
  await page.getByLabel('Search').fill('no such device')
  await expect(page.locator('.empty')).toContainText('No device matches')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(rows(page).first()).toBeVisible()
  await expect(page).toHaveURL(/\/devices$/)
})

test('the list refreshes itself without taking the focus away', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/devices`)
  const link = rows(page).last().getByRole('link')
  const name = await link.textContent()
  await link.focus()
  const before = await rows(page).count()
  stack.provision(1)
  await expect(rows(page)).toHaveCount(before + 1)
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name)
})

test('pages: older and newer', async ({ owner: page, stack }) => {
  const item = (n: number) => ({
    id: `record-${n}`,
    deviceId: `device-${n}`,
    state: 'ok',
    updatedDate: '1700000000000000000',
  })
  await page.route('**/api/v1/provisioning-records?*', (route) => {
    const second = new URL(route.request().url()).searchParams.get('pageToken') === 'next'
    return route.fulfill({
      json: second ? { items: [item(2)], nextPageToken: '' } : { items: [item(1)], nextPageToken: 'next' },
    })
  })
  await page.goto(`${stack.url}/devices`)
  await expect(rows(page)).toContainText('device-1')
  await page.getByRole('button', { name: 'Older' }).click()
  await expect(rows(page)).toContainText('device-2')
  await expect(page.getByRole('button', { name: 'Older' })).toBeDisabled()
  await page.getByRole('button', { name: 'Newer' }).click()
  await expect(rows(page)).toContainText('device-1')
  await page.goBack()
  await expect(rows(page)).toContainText('device-2')
})

test('a device’s story: every step, with its certificates', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/devices?state=ok`)
  await rows(page).first().getByRole('link').click()
  const story = page.locator('.story')
  await expect(story.getByRole('heading', { level: 3 })).toContainText([
    'Attestation',
    'Time',
    'Ownership',
    'Cloud configuration',
    'Credentials',
    'Access control',
  ])
  await expect(story.locator('.step.failed')).toHaveCount(0)
  await expect(story).toContainText('2.05 Content')
  const manufacturer = story.getByText('Manufacturer certificate: acme-lamp')
  await manufacturer.click()
  await expect(page.locator('[data-step="attestation"]')).toContainText('ECDSA P-256')
  await expect(page.locator('[data-step="attestation"]')).toContainText('CN=Acme Devices factory 1')
  await page.locator('[data-step="attestation"]').getByRole('button', { name: /^Copy/ }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('-----BEGIN CERTIFICATE-----')
})

test('releasing a device id and deleting a record ask first, and name the thing', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/devices?state=ok`)
  await rows(page).last().getByRole('link').click()
  await expect(page.locator('.page-head .badge')).toBeVisible()
  const name = (await page.getByRole('heading', { level: 1 }).textContent()) ?? ''
  const address = page.url()
  await page.getByRole('button', { name: 'Release device id…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('The next manufacturer key that asks for')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('button', { name: 'Release device id…' })).toBeFocused()
  await page.getByRole('button', { name: 'Release device id…' }).click()
  await dialog.getByRole('button', { name: 'Release device id' }).click()
  await expect(page.locator('#binding')).toContainText('Nobody holds this device id')

  await page.getByRole('button', { name: 'Delete record…' }).click()
  await expect(dialog).toContainText(name)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(page).toHaveURL(address)
  await page.getByRole('button', { name: 'Delete record…' }).click()
  await dialog.getByRole('button', { name: 'Delete record' }).click()
  await expect(page.locator('.toast')).toContainText(`Record of ${name} deleted`)
  await page.goto(address)
  await expect(page.locator('.empty').first()).toContainText('There is no such record')
  await expect(page.locator('#audit')).toContainText('Certificate issued')
})

const evil = '<img src=x onerror=window.hacked=1>'

test('hostile texts from devices stay text', async ({ owner: page, stack }) => {
  const record = {
    id: '00000000-0000-5000-8000-000000000001',
    deviceId: '=cmd|"/c calc"!A1',
    state: 'failed',
    creationDate: '1700000000000000000',
    updatedDate: '1700000000000000000',
    enrollmentGroupId: evil,
    owner: evil,
    localEndpoints: ['javascript:alert(1)', evil],
    attestation: {
      date: '1700000000000000000',
      x509: { commonName: evil, certificatePem: 'no certificate' },
    },
    cloud: {
      status: {
        date: '1700000000000000000',
        coapCode: 163,
        errorMessage: `${evil}${'x'.repeat(900)}`,
      },
      providerName: evil,
      gateways: [{ uri: evil, id: evil }],
    },
  }
  await page.route(/provisioning-records(\?|$)/, (route) => route.fulfill({ json: { items: [record], nextPageToken: '' } }))
  await page.route(/provisioning-records\/[^/]+$/, (route) => route.fulfill({ json: record }))
  await page.route(/device-bindings/, (route) =>
    route.fulfill({
      json: {
        deviceId: record.deviceId,
        recordId: '../../hubs',
        owner: evil,
        created: 'never',
      },
    }),
  )
  await page.goto(`${stack.url}/devices`)
  await expect(rows(page)).toContainText(evil)
  await rows(page).getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(evil)
  await expect(page.locator('.step.failed')).toContainText(evil)
  await expect(page.locator('#binding a')).toHaveAttribute('href', '/devices/..%2F..%2Fhubs')
  await review(page, 'hostile-device')
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
})
