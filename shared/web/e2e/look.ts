import type AxeBuilder from '@axe-core/playwright'
import type { ConsoleMessage, Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** A refusal by an API is an answer, not a fault of the page: the browser reports it all the same. */
const isRefusal = (m: ConsoleMessage): boolean => /^Failed to load resource: the server responded with a status of 4\d\d/.test(m.text())

const faultsExpected = new WeakSet<Page>()

/** expectFaults is for tests that take a server away: the browser's complaints about that are meant. */
export const expectFaults = (page: Page): void => void faultsExpected.add(page)

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

const desktop = { width: 1280, height: 900 }
const phone = { width: 360, height: 740 }

/** Look judges how a page looks. The tests bring axe: what is shared has no packages of its own. */
export class Look {
  constructor(
    private readonly Axe: typeof AxeBuilder,
    /** Folder for the pictures. */
    private readonly screenshots: string,
  ) {}

  /** accessible has axe look for violations of WCAG 2.2 A and AA, and of best practice. Throws what it finds. */
  async accessible(page: Page): Promise<void> {
    const { violations } = await new this.Axe({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze()
    const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join('; ')}`)
    if (found.length > 0) throw new Error(`${page.url()} is not accessible:\n${found.join('\n')}`)
  }

  /** fits tells that the page is no wider than the screen. */
  async fits(page: Page): Promise<void> {
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    if (wider > 0) throw new Error(`${page.url()} scrolls sideways, by ${wider} pixels`)
  }

  /** review looks at a page in light, in dark and on a phone: axe, width, and a picture. The phone is dark: axe looks twice, and sees all. */
  async review(page: Page, name: string): Promise<void> {
    mkdirSync(this.screenshots, { recursive: true })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      if (colorScheme === 'light') await this.accessible(page)
      await this.fits(page)
      await this.picture(page, `${name}-${colorScheme}`, desktop)
    }
    await page.setViewportSize(phone)
    await this.accessible(page)
    await this.fits(page)
    await this.picture(page, `${name}-360`, phone)
    await page.setViewportSize(desktop)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
  }

  /** picture takes the whole page at once, so that what sticks to the window's edges stands where it belongs. */
  private async picture(page: Page, name: string, size: { width: number; height: number }): Promise<void> {
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width: size.width, height: Math.max(size.height, Math.min(height, 5000)) })
    await page.screenshot({ path: join(this.screenshots, `${name}.png`), animations: 'disabled' })
    await page.setViewportSize(size)
  }
}
