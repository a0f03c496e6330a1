import { expect, it } from 'vitest'
import { emptyBatch, gather } from '../api/batch'
import { runOf, spanOf } from '../api/samples'
import { begin, countAttempts, NO_ATTEMPTS, observe, settle, unsettledRuns } from './attempts'

const IDS = ['a', 'b', 'c'].map(task => ({ run: 'r1', task }))
const BEGUN = begin(NO_ATTEMPTS, IDS)

it('knows the end of a task by its span', () => {
  const batch = emptyBatch()
  const spans = [
    spanOf({ task: 'a' }),
    spanOf({ task: 'b', result: 'dead' }),
    spanOf({ task: 'c', result: 'retried' }),
  ]
  gather(batch, { event: 'tasks', data: { run: 'r1', flow: 'users', spans } })
  expect(countAttempts(observe(BEGUN, batch))).toEqual({ trying: 1, succeeded: 1, failed: 1 })
})

it('knows by the end of its run what no span told', () => {
  const batch = emptyBatch()
  gather(batch, { event: 'run_ended', data: runOf({ id: 'r1' }) })
  expect(countAttempts(observe(BEGUN, batch))).toEqual({ trying: 0, succeeded: 3, failed: 0 })
})

it('stays as it is while nothing is known', () => {
  const batch = emptyBatch()
  gather(batch, { event: 'run_resumed', data: runOf({ id: 'r1', status: 'running' }) })
  gather(batch, { event: 'run_ended', data: runOf({ id: 'r2' }) })
  expect(observe(BEGUN, batch)).toBe(BEGUN)
})

it('asks what is dead of a run that did not end well', () => {
  const batch = emptyBatch()
  gather(batch, { event: 'run_ended', data: runOf({ id: 'r1', status: 'failed' }) })
  gather(batch, { event: 'run_ended', data: runOf({ id: 'r2', status: 'failed' }) })
  expect(observe(BEGUN, batch)).toBe(BEGUN)
  expect(unsettledRuns(BEGUN, batch)).toEqual(['r1'])
  const settled = settle(BEGUN, 'r1', [{ run: 'r1', task: 'b' }])
  expect(countAttempts(settled)).toEqual({ trying: 0, succeeded: 2, failed: 1 })
})
