import { accessible, expect, expectFaults, logIn, review, test } from './fixtures'

test('log-in explains what this is, goes to the OAuth server and comes back', async ({ page, stack }) => {
  await page.goto(stack.url)
  await expect(page.getByRole('heading', { name: 'Device provisioning' })).toBeVisible()
  await expect(page.getByText('prove here who made them')).toBeVisible()
  await review(page, 'log-in')
  await logIn(page)
  expect(new URL(page.url()).pathname).toBe('/')
  await expect(page).toHaveTitle(/^Home/)
  expect(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('oidc')))).toEqual([])
})

test('a link into the console leads there after log-in', async ({ page, stack }) => {
  await page.goto(`${stack.url}/devices?state=ok`)
  await logIn(page)
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/devices?state=ok')
  await expect(page.getByRole('heading', { level: 1, name: 'Devices' })).toBeVisible()
})

test('the account menu says who, what and until when, and logs out', async ({ owner: page, stack }) => {
  const account = page.getByRole('button', { name: /^Account/ })
  await account.click()
  const panel = page.locator('#account')
  await expect(panel).toContainText('Owner1')
  await expect(panel).toContainText('Session ends')
  await accessible(page)
  await page.keyboard.press('Escape')
  await expect(panel).toBeHidden()
  await expect(account).toBeFocused()
  await account.click()
  await panel.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith('oidc.user')))).toEqual([])
  await page.goto(`${stack.url}/devices`)
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
})

test('a session that ends leads to log-in and back to the same place', async ({ owner: page }) => {
  await page.getByRole('link', { name: 'Hubs' }).click()
  await page.route('**/api/v1/hubs/**', (route) =>
    route.fulfill({
      status: 401,
      contentType: 'application/problem+json',
      body: '{"status":401,"detail":"token has expired"}',
    }),
  )
  await page.locator('.table a').first().click()
  await expect(page.getByRole('alert')).toContainText('Your session has ended')
  const path = new URL(page.url()).pathname
  expect(path).toMatch(/^\/hubs\/.+/)
  await page.unrouteAll()
  await logIn(page)
  expect(new URL(page.url()).pathname).toBe(path)
})

test('without a client for the console, the page says which setting is missing', async ({ page, stack }) => {
  await page.route('**/api/v1/login', (route) => route.fulfill({ json: { authority: 'http://127.0.0.1:1' } }))
  await page.goto(stack.url)
  await expect(page.getByText('apis.http.authorization.webClientID')).toBeVisible()
  await expect(page.getByText(`${stack.url}/callback`)).toBeVisible()
  await review(page, 'not-configured')
})

test('log-in that is refused, and a server that does not answer, are told in words', async ({ page, stack }) => {
  await page.goto(`${stack.url}/callback?error=access_denied&state=x`)
  await expect(page.getByRole('alert')).toContainText('Log-in did not succeed')
  expectFaults(page)
  await page.route('**/api/v1/login', (route) => route.abort())
  await page.goto(stack.url)
  await expect(page.getByRole('alert')).toContainText('The server does not answer')
})
