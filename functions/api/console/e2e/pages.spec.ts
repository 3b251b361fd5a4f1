import { expect, logIn, review, test } from './fixtures'

test('every page: accessible in light and dark, and fits a phone', async ({ owner: page, stack }) => {
  test.setTimeout(90_000)
  stack.refuse()
  await expect(page.locator('#errors a').first()).toBeVisible()
  const pages: [string, string][] = [
    ['home', '/'],
    ['devices', '/devices'],
    ['groups', '/groups'],
    ['hubs', '/hubs'],
    ['nothing', '/groups/none'],
  ]
  for (const [name, path] of pages) {
    await page.goto(stack.url + path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('.loading')).toHaveCount(0)
    await review(page, name)
  }
  for (const [name, path] of [
    ['device', '/devices?state=ok'],
    ['device-error', '/devices?state=failed'],
  ] as const) {
    await page.goto(stack.url + path)
    await page.locator('.table a').first().click()
    await expect(page.locator('#audit li').first()).toBeVisible()
    for (const box of await page.locator('.certbox > summary').all()) await box.click()
    await review(page, name)
  }
  await page.goto(`${stack.url}/groups`)
  await page.locator('.table a').first().click()
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  await expect(page.locator('.cert').first()).toBeVisible()
  await review(page, 'group-edit')
})

test('who may only read sees no way to write', async ({ page, stack }) => {
  await page.goto(stack.url)
  await logIn(page, 'read')
  const writing = /^(create|edit|delete|release|disable|enable|test connection|save)\b/i
  for (const path of ['/', '/devices', '/groups', '/hubs']) {
    await page.goto(stack.url + path)
    await expect(page.locator('.loading')).toHaveCount(0)
    await expect(page.getByRole('button', { name: writing })).toHaveCount(0)
    await expect(page.locator('main').getByRole('link', { name: writing })).toHaveCount(0)
    if (path === '/') continue
    await page.locator('.table a').first().click()
    await expect(page.locator('main .facts').first()).toBeVisible()
    await expect(page.locator('main').getByRole('button', { name: writing })).toHaveCount(0)
    await expect(page.locator('main').getByRole('link', { name: writing })).toHaveCount(0)
  }
  await page.goto(`${stack.url}/groups/new`)
  await expect(page.getByText('You may only read')).toBeVisible()
  await expect(page.getByRole('textbox')).toHaveCount(0)
})

test('the theme can be chosen, and is kept', async ({ owner: page }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: /^Theme: system/ }).click()
  await page.getByRole('button', { name: /^Theme: light/ }).click()
  await expect(page.getByRole('button', { name: /^Theme: dark/ })).toBeVisible()
  expect(await ground()).not.toBe(light)
  await page.reload()
  await expect(page.getByRole('button', { name: /^Theme: dark/ })).toBeVisible()
  expect(await ground()).not.toBe(light)
})
