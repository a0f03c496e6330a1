import { describe, expect, it } from 'vitest'
import { flowOf } from '../api/samples'
import type { Executor } from '../api/types'
import { byHost, elsewhereOf, isWorthTelling } from './hosts'

const executor = (host: string | null, process: number, isSelf = false): Executor => ({
  host,
  process,
  isSelf,
})

describe('who executes a flow', () => {
  it('is told where it is not only the process that shows it', () => {
    expect(isWorthTelling([])).toBe(false)
    expect(isWorthTelling([executor(null, 7, true)])).toBe(false)
    expect(isWorthTelling([executor(null, 7)])).toBe(true)
    expect(isWorthTelling([executor('a', 7, true), executor('b', 1)])).toBe(true)
  })

  it('is told by machine, that of the page first', () => {
    const all = [executor('a', 12), executor('c', 1), executor('b', 40), executor('b', 7, true)]
    expect(byHost(all)).toEqual([
      { name: 'b', processes: 'processes 7 (this page), 40' },
      { name: 'a', processes: 'process 12' },
      { name: 'c', processes: 'process 1' },
    ])
  })

  it('may be a process of this machine, or one that is not known', () => {
    expect(byHost([executor(null, 12)])).toEqual([{ name: 'this machine', processes: 'process 12' }])
    expect(byHost([executor(null, 0)])).toEqual([{ name: 'this machine', processes: 'another process' }])
  })

  it('is told of a flow that others execute, or could', () => {
    expect(elsewhereOf(flowOf({ state: 'elsewhere', takesActions: false }))).toBe('not in this process')
    expect(elsewhereOf(flowOf({ state: 'elsewhere' }))).toBe('in other processes')
    expect(elsewhereOf(flowOf({ state: 'elsewhere', problem: 'none does' }))).toBe('in no process now')
  })
})
