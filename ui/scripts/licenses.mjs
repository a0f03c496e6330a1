// Writes public/licenses.txt: the licences of what the built page contains.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const read = path => JSON.parse(readFileSync(new URL(path, root), 'utf8'))

/** Packages that the page contains, with those that they need themselves. */
function contained(names, found = new Map()) {
  for (const name of names) {
    const path = `node_modules/${name}/package.json`
    if (found.has(name) || !existsSync(new URL(path, root))) continue
    const info = read(path)
    found.set(name, info)
    contained(Object.keys(info.dependencies ?? {}), found)
  }
  return found
}

const parts = ['The web page of headrace contains these packages; their sources are in the npm registry.']
for (const [name, info] of [...contained(Object.keys(read('package.json').dependencies))].sort()) {
  const folder = new URL(`node_modules/${name}/`, root)
  const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
  const text = file ? readFileSync(new URL(file, folder), 'utf8').trim() : `Licence: ${info.license}`
  const where = typeof info.repository === 'string' ? info.repository : info.repository?.url
  parts.push(`${name} ${info.version} (${info.license})\n${where ?? ''}\n\n${text}`)
}
writeFileSync(new URL('public/licenses.txt', root), `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
