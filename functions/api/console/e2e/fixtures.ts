import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type ConsoleMessage, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Stack } from './stack'

const screenshots = join(dirname(fileURLToPath(import.meta.url)), 'screenshots')

/** A refusal by the API is an answer, not a fault of the page: the browser reports it all the same. */
const isRefusal = (m: ConsoleMessage): boolean => /^Failed to load resource: the server responded with a status of 4\d\d/.test(m.text())

/** guard holds a page to what no test may see: errors, requests to strangers, violations of its own policy. */
export function guard(page: Page, origins: string[], faults: string[]): void {
  page.on('pageerror', (e) => faults.push(`error in the page: ${e.message}`))
  page.on('console', (m) => {
    if (m.type() === 'error' && !isRefusal(m) && !faultsExpected.has(page)) faults.push(`console: ${m.text()}`)
  })
  page.on('request', (r) => {
    const url = new URL(r.url())
    if (url.protocol.startsWith('http') && !origins.includes(url.origin)) faults.push(`request to a stranger: ${r.url()}`)
  })
}

const faultsExpected = new WeakSet<Page>()

/** expectFaults is for tests that take the server away: the browser's complaints about that are meant. */
export const expectFaults = (page: Page): void => void faultsExpected.add(page)

interface Worker {
  stack: Stack
}
interface Fixtures {
  faults: string[]
  owner: Page
}

/** test has the stack, a page that is watched, and owner, a page on which owner "1" is logged in. */
export const test = base.extend<Fixtures, Worker>({
  stack: [
    async ({}, use) => {
      const stack = await Stack.start()
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  faults: async ({}, use) => {
    const faults: string[] = []
    await use(faults)
    expect(faults).toEqual([])
  },
  page: async ({ page, stack, faults }, use) => {
    guard(page, stack.origins, faults)
    await use(page)
  },
  owner: async ({ page, stack }, use) => {
    await page.goto(stack.url)
    await logIn(page)
    await use(page)
  },
})

export { expect }

/** logIn goes through the OAuth server's own page, which lets anybody have whatever access is asked for. */
export async function logIn(page: Page, access: 'admin' | 'write' | 'read' = 'admin'): Promise<void> {
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('input[name="owner"]').fill('1')
  await page.locator(`input[name="access"][value="${access}"]`).check()
  await page.locator('button, input[type="submit"]').first().click()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
}

/** accessible has axe look for violations of WCAG 2.2 A and AA, and of best practice. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  expect(violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join('; ')}`)).toEqual([])
}

/** fits tells that the page is no wider than the screen. */
export async function fits(page: Page): Promise<void> {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(wider, 'the page scrolls sideways').toBeLessThanOrEqual(0)
}

const desktop = { width: 1280, height: 900 }
const phone = { width: 360, height: 740 }

/** picture takes the whole page at once, so that what sticks to the window's edges stands where it belongs. */
async function picture(page: Page, name: string, size: { width: number; height: number }): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({
    width: size.width,
    height: Math.max(size.height, Math.min(height, 5000)),
  })
  await page.screenshot({
    path: join(screenshots, `${name}.png`),
    animations: 'disabled',
  })
  await page.setViewportSize(size)
}

/** review looks at a page in light, in dark and on a phone: axe in both themes, width, and a picture of each. */
export async function review(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await accessible(page)
    await fits(page)
    await picture(page, `${name}-${colorScheme}`, desktop)
  }
  await page.setViewportSize(phone)
  await fits(page)
  await picture(page, `${name}-360`, phone)
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
}
