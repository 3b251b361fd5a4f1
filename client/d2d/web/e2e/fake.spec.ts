import type { Page } from '@playwright/test'
import { begin, expect, expectFaults, logIn, review, rows, test, verdict } from './fixtures'

/**
 * What a real stack does not do on demand. The page, the client and the OAuth server are real; the answers named in each test are
 * FAKE: made up here, in the client's documented form.
 */

const day = 86_400_000
const at = (days: number): string => new Date(Date.now() + days * day).toISOString()

/** member has the client say that it is somebody. */
async function member(page: Page, status: object): Promise<void> {
  await page.route('**/api/v1/status', (route) =>
    route.fulfill({ json: { deviceAuthenticationMode: 'X509', storage: 'a file', owner: '1', subjectId: id(1), ...status } }),
  )
}

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const identity = { notBefore: at(-20), notAfter: at(10), renewAt: at(0), needsToken: true }

const problem = (status: number, detail: string, more: object = {}) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: '', status, detail, code: 'x', ...more }),
})

test('FAKE status: a certificate that is due, and nobody is logged in', async ({ nobody: page, stack }) => {
  await member(page, { way: 'userAgent', identity })
  await page.goto(stack.url)
  await expect(verdict(page)).toContainText('is to be renewed, and somebody has to log in')
  await expect(page.locator('.verdict')).toContainText('The certificate ends in 9 days')
  await expect(page.getByRole('button', { name: 'Log in to renew' })).toBeVisible()
  await review(page, 'member-due')
  await page.getByRole('link', { name: 'Devices' }).first().click()
  await expect(page.locator('.session-end')).toContainText('somebody has to log in for that')
})

test('FAKE status: a certificate that has ended, and a renewal that does not work', async ({ nobody: page, stack }) => {
  await member(page, {
    way: 'self',
    identity: { ...identity, notAfter: at(-1) },
    problem: 'the signing service does not answer',
    retryAt: at(0.01),
  })
  await page.goto(stack.url)
  await expect(verdict(page)).toContainText('has ended: devices let it in no more')
  await expect(page.locator('#problem')).toContainText('the signing service does not answer')
  await expect(page.locator('#problem')).toContainText('The client tries again')
  await review(page, 'member-ended')
})

test('FAKE status: the client waits to be logged in from anywhere, and becomes a member by itself', async ({ nobody: page, stack }) => {
  let status: object = { way: '', login: { page: 'https://auth.example.com/device', code: 'ABCD-EFGH' } }
  await page.route('**/api/v1/status', (route) =>
    route.fulfill({ json: { deviceAuthenticationMode: 'X509', storage: 'a file', ...status } }),
  )
  await page.goto(stack.url)
  const box = page.getByRole('region', { name: 'Log the client in' })
  await expect(box.getByRole('link')).toHaveAttribute('href', 'https://auth.example.com/device')
  await expect(box).toContainText('ABCD-EFGH')
  await box.getByRole('button', { name: 'Copy the code' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('ABCD-EFGH')
  await review(page, 'device-login')
  status = { way: 'self', owner: '1', identity: { ...identity, needsToken: false } }
  await expect(verdict(page)).toContainText('which it gets and renews by itself')
})

test('FAKE answer of the client: the state has expired; the page starts again by itself', async ({ nobody: page, stack }) => {
  await begin(page, 'browser')
  await logIn(page, stack.owner)
  let refusals = 0
  await page.route(/\/api\/v1\/initialize\/[0-9a-f-]+$/, (route) =>
    refusals++ === 0
      ? route.fulfill(problem(400, 'state: is unknown, used already, or expired: begin the initialization again'))
      : route.continue(),
  )
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await expect(verdict(page)).toContainText('which a browser fetched for it')
  expect(refusals).toBe(2)
})

test('FAKE answer of the client: the state expires each time', async ({ nobody: page, stack }) => {
  await begin(page, 'browser')
  await logIn(page, stack.owner)
  await page.route(/\/api\/v1\/initialize\/[0-9a-f-]+$/, (route) =>
    route.fulfill(problem(400, 'state: is unknown, used already, or expired: begin the initialization again')),
  )
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await expect(page.getByRole('alert')).toContainText('csrChallengeStateExpiration')
  await page.unrouteAll()
  await page.getByRole('button', { name: 'Start again' }).click()
  await expect(verdict(page)).toContainText('which a browser fetched for it')
})

test('no signing service within the browser’s reach', async ({ nobody: page, stack }) => {
  expectFaults(page)
  await begin(page, 'browser')
  await logIn(page, stack.owner)
  await page.route('**/sign/identity-csr', (route) => route.abort())
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await expect(page.getByRole('alert')).toContainText('does not let pages of')
  await expect(page.getByRole('alert')).toContainText('apis.http.cors.allowedOrigins')
  await review(page, 'join-browser-unreachable')
})

test('FAKE answer of the signing service: a certificate for another key; the real client refuses it', async ({ nobody: page, stack }) => {
  await begin(page, 'self')
  await logIn(page, stack.owner)
  await page.getByRole('button', { name: 'Have the client ask' }).click()
  await expect(verdict(page)).toContainText('renews by itself')
  const { certificate } = (await (await page.waitForResponse(certificateAnswer(page))).json()) as { certificate: string }
  await stack.forget()
  await page.goto(`${stack.url}/join/browser`)
  await page.route('**/sign/identity-csr', (route) =>
    route.fulfill({ json: { certificate }, headers: { 'access-control-allow-origin': stack.url } }),
  )
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await expect(page.getByRole('alert')).toContainText('is for another key')
  await expect(page.getByRole('alert')).toContainText('Compare remoteProvisioning.caPool')
})

/** certificateAnswer has the page ask for the client's certificate, and tells its answer. */
function certificateAnswer(page: Page): (r: { url: () => string }) => boolean {
  void page.getByRole('button', { name: 'Get it' }).click()
  return (r) => r.url().endsWith('/api/v1/identity/certificate')
}

test('FAKE devices: each state, one that is silent, and hostile texts', async ({ nobody: page, stack }) => {
  const evil = '<img src=x onerror=window.hacked=1>'
  const device = (n: number, more: object) => ({
    id: id(n),
    types: ['oic.d.light'],
    ownership: 'owned',
    canOwn: true,
    endpoints: ['coap://192.168.1.2:5683'],
    ...more,
  })
  const known = [
    device(1, { name: 'a lamp' }),
    device(2, { name: 'b new', ownership: 'unowned' }),
    device(3, { name: 'c theirs', ownership: 'ownedByOther', ownerId: id(9) }),
    device(4, { name: 'd who', ownership: 'unknown' }),
    device(5, { name: evil, types: [evil], endpoints: ['javascript:alert(1)'] }),
    device(6, { name: 'z gone' }),
  ]
  await page.route(/\/api\/v1\/devices\?useCache=true$/, (route) => route.fulfill({ json: { devices: known } }))
  await page.route(/\/api\/v1\/devices$/, (route) => route.fulfill({ json: { devices: known.slice(0, 5) } }))
  await page.goto(`${stack.url}/devices`)
  await page.getByRole('button', { name: 'Look for devices' }).click()
  await expect(page.locator('.searched')).toHaveText('5 devices answered.')
  const states = Object.fromEntries(
    await rows(page).evaluateAll((all) => all.map((r) => [r.getAttribute('data-row'), r.querySelector('.badge')?.textContent])),
  )
  expect(states).toEqual({
    [id(1)]: 'Ours',
    [id(2)]: 'Nobody’s',
    [id(3)]: 'Somebody else’s',
    [id(4)]: 'Not known',
    [id(5)]: 'Ours',
    [id(6)]: 'No answer',
  })
  await review(page, 'devices-every-state')
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await page.locator('img, a[href^="javascript"]').count()).toBe(0)
  await page.getByRole('link', { name: 'b new' }).click()
  await expect(page.locator('#own')).toContainText('The client is nobody yet')
})

test('FAKE answers of the client: every reason why a device is out of reach, in words', async ({ nobody: page, stack }) => {
  const reasons: [string, string][] = [
    ['unknown', 'This device is not known'],
    ['no answer', 'The device does not answer'],
    ['no credentials', 'The client has nothing to show this device'],
    ['not ours', 'The device does not know this client'],
    ['forbidden', 'knows this client, and does not allow this'],
    ['impostor', 'This is not the device that it says it is'],
    ['owned', 'Somebody owns this device already'],
    ['refused', 'The device refuses this'],
    ['bad answer', 'makes no sense'],
    ['closed', 'The client is closing'],
  ]
  for (const [reason, title] of reasons) {
    await page.route(`**/api/v1/devices/${id(1)}`, (route) => route.fulfill(problem(403, 'in its own words', { reason })))
    await page.goto(`${stack.url}/devices/${id(1)}`)
    await expect(page.getByRole('alert')).toContainText(title)
    await expect(page.getByRole('alert')).toContainText('What to do:')
    await expect(page.getByRole('alert')).toContainText('in its own words')
    await page.unrouteAll()
  }
  expectFaults(page)
  await page.route(`**/api/v1/devices/${id(1)}`, (route) => route.fulfill(problem(500, 'internal error')))
  await page.goto(`${stack.url}/devices/${id(1)}`)
  await expect(page.getByRole('alert')).toContainText('The device cannot be used')
})

test('FAKE configuration: without log-in only the first way is open, and the setting is named', async ({ nobody: page, stack }) => {
  const real = await fetch(`${stack.url}/.well-known/configuration`, { headers: { accept: 'application/json' } })
  const answer = (await real.json()) as { remoteProvisioning: object }
  await page.route('**/.well-known/configuration', async (route) => {
    await route.fulfill({
      json: { ...answer, remoteProvisioning: { ...answer.remoteProvisioning, authority: '', certificateAuthority: '' } },
    })
  })
  await page.goto(stack.url)
  await expect(page.locator('.way.closed')).toHaveCount(2)
  await expect(page.locator('[data-way="self"]')).toContainText(
    'lacks remoteProvisioning.authority, remoteProvisioning.certificateAuthority',
  )
  await page.getByRole('button', { name: /^Log in/ }).click()
  await expect(page.locator('#account')).toContainText('has no log-in')
  await review(page, 'nobody-no-login')
})

test('log-in that is refused, and a client that does not answer, are told in words', async ({ page, stack }) => {
  await page.goto(`${stack.url}/callback?error=access_denied&state=x`)
  await expect(page.getByRole('alert')).toContainText('Log-in did not succeed')
  expectFaults(page)
  await page.route('**/.well-known/configuration', (route) => route.abort())
  await page.goto(stack.url)
  await expect(page.getByRole('alert')).toContainText('The server does not answer')
  await review(page, 'broken')
})

test('a page that does not exist; the theme; the way by keyboard', async ({ nobody: page, stack }) => {
  await page.goto(`${stack.url}/devices/x/resource`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nothing here')
  await page.getByRole('link', { name: 'Device client, home' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'This client' })).toBeFocused()
  await page.reload()
  await expect(verdict(page)).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
  await page.getByRole('button', { name: /^Theme: system/ }).click()
  await page.getByRole('button', { name: /^Theme: light/ }).click()
  await page.reload()
  await expect(page.getByRole('button', { name: /^Theme: dark/ })).toBeVisible()
})
