/** A value as one would write it in a flow file. For reading: what YAML would take for something else is quoted. */
import type { Json } from '../../api/types'

const PLAIN = /^[A-Za-z_./$<][^\n#]*$/
const WORDS = /^(?:true|false|null|yes|no|on|off|~)$/i

function scalar(value: string): string {
  const isPlain = PLAIN.test(value) && !WORDS.test(value) && !value.includes(': ') && value === value.trim()
  return isPlain ? value : JSON.stringify(value)
}

const indented = (text: string) => text.replaceAll(/^(?=.)/gm, '  ')

/** What stands behind a key or a dash: on its line, or indented below. */
function behind(value: Json): string {
  if (typeof value === 'string') {
    const isBlock = value.includes('\n') && !/^\s/.test(value)
    return isBlock
      ? ` |${value.endsWith('\n') ? '' : '-'}\n${indented(value.trimEnd())}`
      : ` ${scalar(value)}`
  }
  if (value === null || typeof value !== 'object') return ` ${JSON.stringify(value)}`
  const isEmpty = Object.keys(value).length === 0
  return isEmpty ? ` ${JSON.stringify(value)}` : `\n${indented(yamlOf(value))}`
}

export function yamlOf(value: Json): string {
  if (typeof value === 'string') return value.trimEnd()
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) {
    return JSON.stringify(value)
  }
  if (!Array.isArray(value)) {
    return Object.entries(value)
      .map(([name, each]) => `${scalar(name)}:${behind(each)}`)
      .join('\n')
  }
  // The first line of what is below a dash stands beside it.
  return value.map(each => `-${behind(each).replace(/^\n {2}/, ' ')}`).join('\n')
}
