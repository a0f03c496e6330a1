import { describe, expect, it } from 'vitest'
import { flowOf, runOf } from '../api/samples'
import { findMatters } from './attention'

describe('findMatters', () => {
  it('names files first, then failures with how many in a row, then letters', () => {
    const invalid = flowOf({ name: 'invalid', state: 'invalid', problem: 'the file has 1 error' })
    const failed = runOf({ id: 'r2', status: 'failed' })
    const failing = flowOf({
      name: 'failing',
      deadLetters: 2,
      recent: [
        runOf({ id: 'r3', status: 'running' }),
        failed,
        runOf({ id: 'r1', status: 'failed' }),
        runOf({ id: 'r0' }),
      ],
    })
    expect(findMatters([failing, invalid])).toEqual([
      { kind: 'file', flow: invalid },
      { kind: 'failed', flow: failing, run: failed, count: 2 },
      { kind: 'letters', flows: [failing] },
    ])
  })

  it('is silent where the last run went well or another process has the flow', () => {
    const good = flowOf({ recent: [runOf({}), runOf({ status: 'failed' })] })
    const elsewhere = flowOf({ state: 'elsewhere', problem: 'process 12 has it' })
    expect(findMatters([good, elsewhere])).toEqual([])
  })
})
