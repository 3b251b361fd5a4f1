import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expectFaults, guard, Look } from '../../../../shared/web/e2e/look'
import { Stack } from './stack'

const look = new Look(AxeBuilder, join(dirname(fileURLToPath(import.meta.url)), 'screenshots'))

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

export { expect, expectFaults, guard }

/** logIn goes through the OAuth server's own page, which lets anybody have whatever access is asked for. */
export async function logIn(page: Page, access: 'admin' | 'write' | 'read' = 'admin'): Promise<void> {
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('input[name="owner"]').fill('1')
  await page.locator(`input[name="access"][value="${access}"]`).check()
  await page.locator('button, input[type="submit"]').first().click()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
}

/** accessible has axe look for violations of WCAG 2.2 A and AA, and of best practice. */
export const accessible = (page: Page): Promise<void> => look.accessible(page)

/** review looks at a page in light, in dark and on a phone: axe in both themes, width, and a picture of each. */
export const review = (page: Page, name: string): Promise<void> => look.review(page, name)
