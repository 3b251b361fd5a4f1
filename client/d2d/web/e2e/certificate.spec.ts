import type { Page } from '@playwright/test'
import { begin, expect, find, logIn, open, review, switchLight, test, verdict } from './fixtures'
import type { Stack } from './stack'
import { leaks, pointOf } from './leak'

/** Ways 2 and 3, against the whole stack. */

/** use switches a light, as a member does. */
async function use(page: Page, stack: Stack, power: number): Promise<void> {
  await expect(await find(page, stack, 'acme-lamp-UDP')).toContainText('Ours')
  await open(page, stack, 'acme-lamp-TCP')
  await switchLight(page, power)
}

/** chainOf gives the client's certificate, PEM, as the page puts it on the clipboard. */
async function chainOf(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Get it' }).click()
  await page.getByRole('button', { name: 'Copy the certificate' }).click()
  return page.evaluate(() => navigator.clipboard.readText())
}

/** reset makes the client nobody, through the page. */
async function reset(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'This client' }).click()
  await page.getByRole('button', { name: 'Reset…' }).click()
  await expect(page.getByRole('dialog')).toContainText('The devices stay as they are')
  await page.getByRole('dialog').getByRole('button', { name: 'Reset the client' }).click()
  await expect(verdict(page)).toContainText('nobody yet')
}

test('the client asks for its certificate itself', async ({ nobody: page, stack, wire }) => {
  await begin(page, 'self')
  await expect(page.getByRole('button', { name: 'Have the client ask' })).toBeDisabled()
  await review(page, 'join-self')
  await logIn(page, stack.owner)
  await expect(page).toHaveURL(`${stack.url}/join/self`)
  await expect(page.locator('.step.done')).toContainText('Log in as the devices’ owner')
  await page.getByRole('button', { name: 'Have the client ask' }).click()
  await expect(verdict(page)).toContainText('which it gets and renews by itself')
  await expect(page.locator('#credentials')).toContainText('Certificate valid until')
  const first = await chainOf(page)
  await page.getByRole('button', { name: 'Renew now' }).click()
  await expect(page.locator('.toast')).toContainText('The certificate is renewed')
  await page.reload()
  expect(await chainOf(page)).not.toBe(first)
  await review(page, 'member-self')
  await use(page, stack, 21)
  expect(leaks(wire.received, pointOf(first))).toEqual([])
  await reset(page)
})

test('the browser carries the request, and never sees the private key', async ({ nobody: page, stack, wire }) => {
  await begin(page, 'browser')
  await review(page, 'join-browser')
  await logIn(page, stack.owner)
  const signed = page.waitForRequest((r) => r.url() === `${stack.signing}/api/v1/sign/identity-csr` && r.method() === 'POST')
  await page.getByRole('button', { name: 'Carry the request' }).click()
  await signed
  await expect(verdict(page)).toContainText('which a browser fetched for it')
  const csr = wire.request()
  const chain = await chainOf(page)
  expect(pointOf(chain), 'the certificate is for the key of the request').toEqual(pointOf(csr))
  await review(page, 'member-browser')
  await use(page, stack, 33)
  expect(leaks(wire.received, pointOf(csr))).toEqual([])
  expect(wire.mentions('PRIVATE KEY-----')).toEqual([])

  await page.getByRole('link', { name: 'This client' }).click()
  await page.getByRole('button', { name: 'Renew now' }).click()
  await expect(page.locator('.toast')).toContainText('The certificate is renewed')
  expect(await chainOf(page)).not.toBe(chain)
  await reset(page)
})

test('a client with a certificate obeys its owner’s users alone', async ({ nobody: page, stack }) => {
  await begin(page, 'self')
  await logIn(page, stack.owner)
  await page.getByRole('button', { name: 'Have the client ask' }).click()
  await expect(verdict(page)).toContainText('identity certificate')
  await page.getByRole('button', { name: /^Logged in as/ }).click()
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByRole('main')).toContainText(`obeys that owner’s users alone`)
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((k) => k.startsWith('oidc.user')))).toEqual([])
  await review(page, 'locked')
  await logIn(page, 'stranger')
  await expect(page.getByRole('alert')).toContainText('that does not do')
  await review(page, 'locked-stranger')
  await page.getByRole('button', { name: 'Log out' }).click()
  await logIn(page, stack.owner)
  await expect(verdict(page)).toContainText('identity certificate')
})

test('an owner whom the signing service does not know gets no certificate, and is told what to do', async ({ nobody: page }) => {
  await begin(page, 'browser')
  await logIn(page, 'stranger')
  await page.getByRole('button', { name: 'Carry the request' }).click()
  const help = page.getByRole('alert').filter({ hasText: 'The client has no certificate' })
  await expect(help).toContainText('knows no hub of the owner that you are of')
  await expect(help).toContainText('What to do:')
  await review(page, 'join-browser-refused')
  await expect(page.getByRole('button', { name: 'Start again' })).toBeEnabled()
})
