import type { Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { makeChain } from './certificates'
import { accessible, expect, guard, logIn, review, test } from './fixtures'

const save = (page: Page) => page.getByRole('button', { name: /^(Save|Create group)$/ })

/** firstHub ticks the first hub. */
async function firstHub(page: Page): Promise<void> {
  await page.getByRole('group', { name: 'Hubs' }).getByRole('checkbox').first().check()
}

/** createGroup makes a group and ends on its page. */
async function createGroup(page: Page, url: string, name: string): Promise<string> {
  const chain = makeChain(name.replace(/[^\w ]/g, ''))
  await page.goto(`${url}/groups/new`)
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Choose files').setInputFiles(chain.file)
  await expect(page.locator('.cert')).toHaveCount(2)
  await firstHub(page)
  await save(page).click()
  await expect(page).toHaveURL(/\/groups\/[0-9a-f-]{36}$/)
  return page.url()
}

test('a group from a PEM file: the chain is shown, the lead is picked', async ({ owner: page, stack }) => {
  const chain = makeChain('Acme Lamps')
  await page.getByRole('link', { name: 'Groups' }).click()
  await page.getByRole('link', { name: 'Create a group' }).click()
  await save(page).click()
  await expect(page.getByRole('alert').first()).toContainText('Add at least one certificate')
  await expect(page.getByRole('alert').first()).toContainText('Choose at least one hub')
  await accessible(page)
  await page.getByLabel('Name', { exact: true }).fill('Acme Lamps')
  await page.getByLabel('Choose files').setInputFiles(chain.file)
  await expect(page.locator('.cert')).toContainText([chain.factory, chain.root])
  await expect(page.getByRole('radio', { name: chain.factory })).toBeChecked()
  await page.getByRole('radio', { name: chain.root }).check()
  await expect(page.locator('.cert.leading')).toContainText(chain.root)
  await firstHub(page)
  await page.getByLabel('Pre-shared key').fill('too short')
  await save(page).click()
  await expect(page.getByRole('alert').first()).toContainText('Has 9 bytes. Devices take exactly 16.')
  await page.getByLabel('Pre-shared key').fill('0123456789abcdef')
  await review(page, 'group-create')
  await save(page).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Acme Lamps' })).toBeFocused()
  await expect(page.locator('.cert.leading')).toContainText(chain.root)
  await expect(page.locator('body')).toContainText('stored (never shown)')
  await expect(page.locator('body')).not.toContainText('0123456789abcdef')
  await review(page, 'group')
})

test('what is no certificate is refused in words, and a private key is not sent', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/groups/new`)
  const box = page.getByLabel('Certificates in PEM format')
  await box.fill('hello')
  await expect(page.locator('.field-error')).toContainText('This cannot be read')
  const sent: string[] = []
  page.on('request', (r) => void sent.push(r.postData() ?? ''))
  await box.fill('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----')
  await expect(page.locator('.field-error')).toContainText('There is a private key in this')
  expect(sent.filter((body) => body.includes('PRIVATE KEY'))).toEqual([])
})

test('with the keyboard alone', async ({ owner: page, stack }) => {
  const chain = makeChain('Keyboard Works')
  await page.goto(`${stack.url}/groups`)
  await expect(page.locator('.table')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('main')).toBeFocused()
  await tabTo(page, 'Create a group')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Create an enrollment group' })).toBeFocused()
  await tabTo(page, 'Name')
  await page.keyboard.type('Keyboard Works')
  await tabTo(page, 'Certificates in PEM format')
  await page.keyboard.insertText(chain.pem)
  await expect(page.getByRole('radio', { name: chain.factory })).toBeChecked()
  await tabTo(page, chain.factory)
  await page.keyboard.press('ArrowDown')
  await expect(page.getByRole('radio', { name: chain.root })).toBeChecked()
  await expect(page.getByRole('checkbox').first()).toBeVisible()
  const hub = page.getByRole('group', { name: 'Hubs' }).getByRole('checkbox').first()
  for (let i = 0; i < 12 && !(await hub.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await expect(hub).toBeChecked()
  await tabTo(page, 'Create group')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Keyboard Works' })).toBeFocused()
})

/** tabTo presses Tab until the focus is on what is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const at = await page.evaluate(() => {
      const e = document.activeElement as HTMLInputElement | null
      return (e?.labels?.[0]?.textContent ?? e?.textContent ?? '').trim()
    })
    if (at === name || at === `${name} (required)`) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${name}`)
}

test('two people edit the same group: the second sees what changed, and chooses', async ({ owner: page, stack, browser, faults }) => {
  const address = await createGroup(page, stack.url, 'Conflict Works')
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Conflict Works')

  const context = await browser.newContext()
  const other = await context.newPage()
  guard(other, stack.origins, faults)
  await other.goto(address)
  await logIn(other)
  await other.getByRole('link', { name: 'Edit', exact: true }).click()
  await other.getByLabel('Name', { exact: true }).fill('Renamed by another')
  await other.getByLabel('Demand the extended key usage clientAuth').check()
  await save(other).click()
  await expect(other.getByRole('heading', { level: 1, name: 'Renamed by another' })).toBeVisible()
  await context.close()

  await page.getByLabel('Name', { exact: true }).fill('Renamed by me')
  await save(page).click()
  const conflict = page.locator('.conflict')
  await expect(conflict.getByRole('heading')).toBeFocused()
  const name = conflict.getByRole('row', { name: /^name/ })
  await expect(name).toContainText('Conflict Works')
  await expect(name).toContainText('Renamed by another')
  await expect(name).toContainText('Renamed by me')
  await expect(conflict.getByRole('row', { name: /^requireClientAuthEKU/ })).toContainText('not touched')
  await review(page, 'conflict')
  await conflict.getByRole('button', { name: 'Save mine over theirs' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Renamed by me' })).toBeVisible()
  await expect(page.locator('main .facts').first()).toContainText('demanded')
})

test('disable, enable, and delete with confirmation', async ({ owner: page, stack }) => {
  const name = `${'<img src=x onerror=window.hacked=1>'} =cmd()`
  await createGroup(page, stack.url, name)
  await page.getByRole('button', { name: 'Disable' }).click()
  await expect(page.locator('.page-head .badge')).toHaveText('Disabled')
  await page.getByRole('button', { name: 'Enable' }).click()
  await expect(page.locator('.page-head .badge')).toHaveText('Enabled')
  await page.getByRole('link', { name: 'Groups', exact: true }).click()
  await page.locator('.table').getByRole('link', { name }).first().click()
  await page.getByRole('button', { name: 'Delete…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(name)
  await review(page, 'delete-dialog')
  await dialog.getByRole('button', { name: 'Delete group' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Enrollment groups' })).toBeFocused()
  await expect(page.locator('.table')).not.toContainText(name)
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
})

test('a pending group says why, and how to prove it', async ({ owner: page, stack }) => {
  await createGroup(page, stack.url, 'Pending Works')
  const challenge = 'c0ffee00-1111-4222-8333-444455556666'
  await page.route(/enrollment-groups\/[0-9a-f-]{36}$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({
      response,
      json: { ...(await response.json()), pending: true, challenge },
    })
  })
  await page.route(/\/proof$/, (route) =>
    route.fulfill({
      status: 400,
      contentType: 'application/problem+json',
      json: {
        status: 400,
        detail: 'certificate: is not issued by the group’s lead certificate',
        code: 'invalid',
      },
    }),
  )
  await page.reload()
  await expect(page.getByTestId('challenge')).toHaveText(challenge)
  await expect(page.locator('#proof')).toContainText('Devices of this group are refused until then')
  await expect(page.locator('#proof pre')).toContainText(`/CN=${challenge}`)
  await page.getByLabel('Choose proof.crt').setInputFiles(makeChain('Wrong').file)
  await page.getByRole('button', { name: 'Send the proof' }).click()
  await expect(page.locator('#proof').getByRole('alert')).toContainText('is not issued by the group’s lead certificate')
  await review(page, 'group-pending')
  await page.getByRole('button', { name: 'Vouch for it instead…' }).click()
  await expect(page.getByRole('dialog')).toContainText('Pending Works')
  await page.unrouteAll()
  await page.getByRole('dialog').getByRole('button', { name: 'I vouch for it' }).click()
  await expect(page.locator('.page-head .badge')).toHaveText('Enabled')
  await expect(page.locator('#proof')).toHaveCount(0)
})

test('restrictions: lists and revocation lists are kept', async ({ owner: page, stack }) => {
  await createGroup(page, stack.url, 'Strict Works')
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await page.getByText('Restrictions: allow and deny lists').click()
  await page.getByRole('group', { name: 'Deny' }).getByLabel('Serial numbers').fill('0A:1B\n2c')
  await page.getByRole('group', { name: 'Allow only' }).getByLabel('Common names').fill('lamp-1\nlamp-2')
  await page.getByLabel('Address of a list').fill('http://crl.example.com/devices.crl')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await save(page).click()
  const shown = page.locator('#restrictions')
  for (const text of ['lamp-1', 'lamp-2', 'a1b', '2c', 'http://crl.example.com/devices.crl']) await expect(shown).toContainText(text)
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await page.getByRole('group', { name: 'Allow only' }).getByLabel('Common names').fill('')
  await page.getByRole('button', { name: 'Remove http://crl.example.com/devices.crl' }).click()
  await save(page).click()
  await expect(shown).toContainText('a1b')
  await expect(shown).not.toContainText('lamp-1')
  await expect(shown).not.toContainText('crl.example.com')
})

test('certificates can be dropped', async ({ owner: page, stack }) => {
  const chain = makeChain('Dropped Works')
  await page.goto(`${stack.url}/groups/new`)
  const transfer = await page.evaluateHandle(
    (text) => {
      const data = new DataTransfer()
      data.items.add(new File([text], 'chain.pem'))
      return data
    },
    readFileSync(chain.file, 'utf8'),
  )
  await page.locator('.drop').first().dispatchEvent('drop', { dataTransfer: transfer })
  await expect(page.locator('.cert')).toContainText([chain.factory, chain.root])
})

test('a form that is not saved is not left by accident', async ({ owner: page, stack }) => {
  await page.goto(`${stack.url}/groups/new`)
  await page.getByLabel('Name', { exact: true }).fill('half written')
  page.once('dialog', (dialog) => void dialog.dismiss())
  await page.getByRole('link', { name: 'Home', exact: true }).click()
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('half written')
  page.once('dialog', (dialog) => void dialog.accept())
  await page.getByRole('link', { name: 'Home', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Home' })).toBeFocused()
})
