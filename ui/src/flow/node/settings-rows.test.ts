import { describe, expect, it } from 'vitest'
import { rowsOf } from './settings-rows'

const SCHEMA = {
  $defs: { Level: { enum: ['info', 'debug'], description: 'How much is said.' } },
  properties: {
    batchSize: { type: ['integer', 'string'], default: 1, description: 'How many make a batch.' },
    level: { $ref: '#/$defs/Level', default: 'info' },
    auth: { anyOf: [{ type: 'object' }, { type: 'null' }], default: null },
    wait: { anyOf: [{ type: 'string', pattern: '\\{\\{|^\\d+s$' }, { const: 0 }], default: '1s' },
    mode: { anyOf: [{ enum: ['a', 'b'] }, { type: 'string', pattern: '\\{\\{' }] },
    url: { type: 'string' },
  },
}

describe('the settings of a node', () => {
  const rows = rowsOf(SCHEMA, { url: '{{$vars.url}}', batchSize: 10, extra: [1] })

  it('are those of the file first, as documented, then the others', () => {
    expect(rows.map(row => row.name)).toEqual(['batchSize', 'url', 'extra', 'level', 'auth', 'wait', 'mode'])
  })

  it('have value, default, type and description', () => {
    expect(rows[0]).toEqual({
      name: 'batchSize',
      value: 10,
      preset: 1,
      type: 'integer',
      description: 'How many make a batch.',
    })
  })

  it('follow references, and leave null out of types', () => {
    expect(rows[3]).toMatchObject({ type: 'info · debug', preset: 'info', description: 'How much is said.' })
    expect(rows[4]).toMatchObject({ type: 'object', preset: null, value: undefined })
  })

  it('do not say of each that it may be an expression', () => {
    expect(rows[5]?.type).toBe('string')
    expect(rows[6]?.type).toBe('a · b')
  })

  it('without a default have none', () => {
    expect(rows[1]?.preset).toBeUndefined()
  })

  it('may be none, or called like anything', () => {
    expect(rowsOf({}, {})).toEqual([])
    expect(rowsOf({}, { constructor: 1 }).map(row => row.value)).toEqual([1])
    expect(rowsOf({ properties: { constructor: {} } }, {})[0]?.value).toBeUndefined()
  })
})
