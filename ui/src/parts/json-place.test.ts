import { describe, expect, it } from 'vitest'
import { findMistake } from './json-place'

const WRONG: [text: string, line: number, column: number, message: string][] = [
  ['', 1, 1, 'expected a value, found the end'],
  ['{"a": 1,}', 1, 9, 'expected a name in double quotes, found `}`'],
  ["{'a': 1}", 1, 2, "expected a name in double quotes, found `'`"],
  ['{\n  "a" 1\n}', 2, 7, 'expected `:`, found `1`'],
  ['[1 2]', 1, 4, 'expected `,` or `]`, found `2`'],
  ['{"a": tru}', 1, 7, 'expected a value, found `t`'],
  ['{"a": "x}', 1, 7, 'this text has no closing quote'],
  ['"\\x"', 1, 2, '`\\x` is no escape of JSON'],
  ['{} x', 1, 4, 'expected the end, found `x`'],
  ['[😀]', 1, 2, 'expected a value, found `😀`'],
  ['['.repeat(100_000), 1, 1001, 'this is nested too deeply'],
  ['01', 1, 2, 'expected the end, found `1`'],
]

describe('findMistake', () => {
  it.each(WRONG)('finds the place in %.40j', (text, line, column, message) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(findMistake(text)).toMatchObject({ line, column, message })
  })

  it('finds none in JSON', () => {
    for (const text of ['null', ' [1, -2.5e+3, "\\u00e9\\n", {}, []]\n', '{"a": {"b": [true, false]}}']) {
      expect(() => JSON.parse(text)).not.toThrow()
      expect(findMistake(text)).toBeNull()
    }
  })

  it('shows the line with a caret, cut where it is long', () => {
    expect(findMistake('[1 2]')?.excerpt).toBe('[1 2]\n   ^')
    const [row, caret] = (findMistake(`[${'1, '.repeat(100)}x]`)?.excerpt ?? '').split('\n')
    expect(row?.[caret?.indexOf('^') ?? -1]).toBe('x')
  })
})
