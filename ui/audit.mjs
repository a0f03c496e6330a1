/**
 * Looks at every page of a running server with a real browser, as people do: on a phone and a desk, by light and
 * in the dark. Fails where axe-core finds a serious fault, the content security policy stops something, a script
 * fails, or a page is wider than its window.
 *
 *     npm run audit -- 'http://127.0.0.1:8080/#token=…'
 *
 * CHROMIUM says where the browser is (/usr/bin/chromium). With SHOTS=folder it leaves a picture of each there.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SIZES = [
  { name: 'desk', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
]
const PAGES = [
  { name: 'overview', path: '/' },
  { name: 'flow', path: '/', link: 'main a[href^="/flows/"]' },
  { name: 'runs', path: '/runs' },
  { name: 'run', path: '/runs', link: 'main a[href^="/runs/"]' },
  { name: 'letters', path: '/dead-letters' },
  { name: 'letter', path: '/dead-letters', link: 'main .letter-button' },
  { name: 'nowhere', path: '/nowhere' },
]
/** What goes on in a page after it is there: reads, the first events. */
const SETTLE_MS = 1500

/** The faults of one page, as lines. */
async function audit(page, { name, path, link }, place) {
  const faults = []
  const note = text => faults.push(`${place} ${name}: ${text}`)
  const onConsole = message => message.type() === 'error' && note(message.text())
  const onError = error => note(error.message)
  page.on('console', onConsole)
  page.on('pageerror', onError)
  await page.goto(new URL(path, page.url()).href)
  await page.waitForSelector('h1')
  await page.waitForTimeout(SETTLE_MS)
  const target = link && page.locator(link).first()
  if (target && (await target.count()) > 0) {
    await target.click()
    await page.waitForTimeout(SETTLE_MS)
  }
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (excess > 0) note(`${excess} pixels wider than the window`)
  for (const fault of await findFaults(page)) note(fault)
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}-${place}.png` })
  page.off('console', onConsole)
  page.off('pageerror', onError)
  return faults
}

/** Runs axe-core through the debugger, since the policy of the page lets no script in. */
async function findFaults(page) {
  const debug = await page.context().newCDPSession(page)
  await debug.send('Runtime.evaluate', { expression: AXE })
  const { violations } = await page.evaluate(() => globalThis.axe.run())
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}, ${help}: ${nodes.map(node => node.target.join(' ')).join(', ')}`)
}

async function auditAll(address) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const faults = []
  for (const { name, width, height } of SIZES) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme })
      await page.goto(address)
      for (const each of PAGES) faults.push(...(await audit(page, each, `${name}-${colorScheme}`)))
      await page.close()
    }
  }
  await browser.close()
  return faults
}

const [address] = process.argv.slice(2)
if (address === undefined) throw new Error('say which server: the link that `headrace serve` prints')
const faults = await auditAll(address)
for (const fault of faults) console.error(fault)
console.log(faults.length === 0 ? `${PAGES.length} pages are well` : `${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1
