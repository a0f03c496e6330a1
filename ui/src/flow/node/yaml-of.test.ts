import { expect, it } from 'vitest'
import { yamlOf } from './yaml-of'

it('writes texts without quotes where they need none', () => {
  expect(
    yamlOf({ host: '{{$.secrets.dbHost}}', port: 5432, on: true, mode: 'yes', at: '1h', '7': 'a: b' }),
  ).toBe(
    [
      '"7": "a: b"',
      'host: "{{$.secrets.dbHost}}"',
      'port: 5432',
      '"on": true',
      'mode: "yes"',
      'at: "1h"',
    ].join('\n'),
  )
})

it('writes lists, objects in them and what is empty', () => {
  expect(yamlOf([{ name: 'odd', when: '{{$.x}}' }, 'b', [], {}, null])).toBe(
    ['- name: odd', '  when: "{{$.x}}"', '- b', '- []', '- {}', '- null'].join('\n'),
  )
})

it('writes texts of several lines as blocks', () => {
  expect(yamlOf(['SELECT 1\nFROM x\n', { query: 'a\n\n  b' }])).toBe(
    ['- |', '  SELECT 1', '  FROM x', '- query: |-', '    a', '', '      b'].join('\n'),
  )
})

it('shows a single text as it is', () => {
  expect(yamlOf('a: "b"\n')).toBe('a: "b"')
})
