import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Locator, type Page } from '@playwright/test'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expectFaults, guard, Look } from '../../../../shared/web/e2e/look'
import { Stack } from './stack'
import { Wire } from './wire'

const look = new Look(AxeBuilder, join(dirname(fileURLToPath(import.meta.url)), 'screenshots'))

/** review looks at a page in light, in dark and on a phone: axe in both themes, width, and a picture of each. */
export const review = (page: Page, name: string): Promise<void> => look.review(page, name)

interface Worker {
  stack: Stack
}
interface Fixtures {
  wire: Wire
  faults: string[]
  nobody: Page
  byKey: Page
}

/** test has the stack, a wire that keeps every byte of the browser's, a page that is watched, and nobody and byKey: that page, on a client that is nobody, or has the devices' key. */
export const test = base.extend<Fixtures, Worker>({
  stack: [
    async ({}, use) => {
      const stack = await Stack.start()
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
  faults: async ({}, use) => {
    const faults: string[] = []
    await use(faults)
    expect(faults).toEqual([])
  },
  page: async ({ page, stack, faults }, use) => {
    guard(page, stack.origins, faults)
    await use(page)
  },
  nobody: async ({ page, stack }, use) => {
    await stack.forget()
    await page.goto(stack.url)
    await expect(verdict(page)).toContainText('This client is nobody yet')
    await use(page)
  },
  byKey: async ({ nobody: page, stack }, use) => {
    await joinByKey(page, stack)
    await use(page)
  },
})

export { expect, expectFaults }

export const verdict = (page: Page) => page.locator('.verdict-text')
export const rows = (page: Page) => page.locator('.table tbody tr')

/** begin goes one of the ways, from the page that offers all. */
export async function begin(page: Page, way: 'key' | 'self' | 'browser'): Promise<void> {
  await page
    .locator(`[data-way="${way}"]`)
    .getByRole('link', { name: /^Begin/ })
    .click()
}

/** joinByKey makes the client a member by the key that the provisioned devices hold. */
export async function joinByKey(page: Page, stack: Stack): Promise<void> {
  await begin(page, 'key')
  await page.getByLabel('Use one that devices hold').check()
  await page.getByLabel('Id (required)').fill(stack.subjectId)
  await page.getByLabel('Key (required)').fill(stack.key)
  await page.getByRole('button', { name: 'Use this key' }).click()
  await expect(verdict(page)).toHaveText('Devices know this client by its pre-shared key.')
}

/** logIn goes through the OAuth server's own page, which lets anybody in. */
export async function logIn(page: Page, owner: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: 'Log in', exact: true }).click()
  await page.locator('input[name="owner"]').fill(owner)
  await page.locator('input[name="access"][value="write"]').check()
  await page.locator('button, input[type="submit"]').first().click()
  await page.waitForURL((url) => url.pathname !== '/callback' && !url.searchParams.has('client_id'))
}

/** search has the client look for devices in the whole network. */
export async function search(page: Page): Promise<void> {
  await toDevices(page)
  await page.getByRole('button', { name: 'Look for devices' }).click()
  await expect(page.locator('.searched')).toContainText(/devices? answered\.$|^No device answered/, { timeout: 20_000 })
}

async function toDevices(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Devices' }).click()
}

/** find has the client look at the address of one of the stack's devices, and gives its row in the list: its alone. */
export async function find(page: Page, stack: Stack, name: string): Promise<Locator> {
  await toDevices(page)
  await page.getByLabel('Address').fill(stack.address(name))
  const answer = page.waitForResponse((r) => r.url().includes('endpointFilter='))
  await page.getByRole('button', { name: 'Look at this address' }).click()
  const { devices } = (await (await answer).json()) as { devices: { id: string }[] }
  await expect(page.locator('.searched')).toHaveText('1 device answered.', { timeout: 20_000 })
  return page.locator(`.table tbody tr[data-row="${devices[0]?.id ?? ''}"]`)
}

/** open goes to one of the stack's devices. */
export async function open(page: Page, stack: Stack, name: string): Promise<void> {
  await (await find(page, stack, name)).getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name)
}

/** switchLight changes a light through the page, and reads it back. */
export async function switchLight(page: Page, power: number): Promise<void> {
  await page.getByRole('link', { name: '/light/1' }).click()
  await expect(page.locator('.value')).toContainText('"state"')
  await page.getByLabel('New value').fill(JSON.stringify({ state: true, power }))
  await page.getByRole('button', { name: 'Send' }).click()
  await expect(page.locator('.toast')).toContainText('/light/1 is changed.')
  await expect(page.locator('.value')).toContainText(`"power": ${power}`)
}
