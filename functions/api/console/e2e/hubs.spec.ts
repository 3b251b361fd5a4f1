import { expect, review, test } from './fixtures'

test('a hub: create, test, edit without touching its secret, delete', async ({ owner: page, stack }) => {
  await page.getByRole('link', { name: 'Hubs' }).click()
  await page.getByRole('link', { name: 'Create a hub' }).click()
  await page.getByRole('button', { name: 'Create hub' }).click()
  await expect(page.getByRole('alert').first()).toContainText('The hub id has to be a UUID')
  await page.getByLabel('Name', { exact: true }).fill('hub in Frankfurt')
  await page.getByLabel('Hub id').fill('d03a1bb4-0a77-428c-b78c-1c46efe6a38e')
  await page.getByRole('textbox', { name: 'Gateways (required)' }).fill('coaps+tcp://127.0.0.1:5684')
  await page.getByLabel('Address of the certificate authority').fill('127.0.0.1:9')
  await page.getByLabel('Provider name').fill('plgd.dps')
  await page.getByLabel('Address of the OAuth server').fill('http://127.0.0.1:9')
  await page.getByLabel('Client id').fill('dps')
  await page.getByLabel('Client secret').fill('very secret')
  await review(page, 'hub-create')
  await page.getByRole('button', { name: 'Create hub' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'hub in Frankfurt' })).toBeFocused()
  await expect(page.locator('#oauth')).toContainText('stored (never shown)')

  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await expect(page.getByLabel('Client secret', { exact: true })).toHaveValue('')
  await page.getByLabel('Name', { exact: true }).fill('hub in Berlin')
  const request = page.waitForRequest((r) => r.method() === 'PATCH')
  await page.getByRole('button', { name: 'Save' }).click()
  const sent = await request
  expect(sent.postDataJSON()).toEqual({ name: 'hub in Berlin' })
  expect(sent.headers()['if-match']).toBe('"1"')
  await expect(page.getByRole('heading', { level: 1, name: 'hub in Berlin' })).toBeVisible()
  await expect(page.locator('#oauth')).toContainText('stored (never shown)')

  await page.getByRole('button', { name: 'Delete…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete hub' }).click()
  await expect(page.locator('.table')).not.toContainText('hub in Berlin')
})

test('the connection of the stack’s own hub is good', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/hubs`)
  await page.locator('.table a').first().click()
  await page.getByRole('button', { name: 'Test connection' }).click()
  await expect(page.locator('#connection')).toContainText('Devices can use this hub now', { timeout: 20_000 })
  await expect(page.locator('.checks li')).toHaveCount(3)
  await expect(page.locator('.checks')).toContainText('Access token')
  await review(page, 'hub')
})

test('a connection that fails says what to do', async ({ owner: page, stack }) => {
  await page.route('**/test', (route) =>
    route.fulfill({
      json: {
        checks: [
          {
            name: 'token',
            detail: 'the OAuth server refuses to give a token',
            remedy: 'See to authorization.provider.',
          },
          {
            name: 'clientCertificate',
            ok: true,
            detail: 'valid',
            validUntil: '2030-01-01T00:00:00Z',
          },
        ],
      },
    }),
  )
  await page.goto(`${stack.url}/hubs`)
  await page.locator('.table a').first().click()
  await page.getByRole('button', { name: 'Test connection' }).click()
  const connection = page.locator('#connection')
  await expect(connection).toContainText('Devices cannot use this hub as it is')
  await expect(connection).toContainText('What to do: See to authorization.provider.')
  await expect(connection).toContainText('1 Jan 2030')
  await review(page, 'hub-failing')
})

test('a hub that a group names cannot be deleted, and the page says why', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/hubs`)
  await page.locator('.table a').first().click()
  await page.getByRole('button', { name: 'Delete…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Delete hub' }).click()
  await expect(dialog.getByRole('alert')).toContainText(/group/)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toBeHidden()
})
