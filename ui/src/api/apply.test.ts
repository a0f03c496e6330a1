import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'
import { applyBatch } from './apply'
import { emptyBatch, gather } from './batch'
import { keys, type RunPage } from './queries'
import { flowOf, liveOf, runOf } from './samples'
import type { FlowDetail, FlowSummary, Live, LiveEvent, Trigger } from './types'

const schedule: Trigger = {
  node: 'hourly',
  component: 'common-module/cron',
  kind: 'schedule',
  when: '@hourly',
  isStarted: true,
  isPaused: false,
  nextFiring: null,
  payload: null,
}
const flows = [
  flowOf({ triggers: [schedule] }),
  flowOf({ name: 'hooks', triggers: [{ ...schedule, kind: 'listens' }] }),
]

function apply(...events: LiveEvent[]) {
  const client = new QueryClient()
  client.setQueryData(keys.flows, flows)
  const batch = emptyBatch()
  for (const event of events) gather(batch, event)
  return { client, stale: applyBatch(client, batch) }
}

it('leaves flows that nothing happened to as they are', () => {
  const { client } = apply({ event: 'letters_changed', data: { flow: 'users', deadLetters: 2 } })
  const [users, hooks] = client.getQueryData<FlowSummary[]>(keys.flows) ?? []
  expect(users?.deadLetters).toBe(2)
  expect(hooks).toBe(flows[1])
})

it('takes no counts of a flow that are older than those that it has, unless they are of other runs', () => {
  const counted = (data: Partial<Live>) => {
    const client = new QueryClient()
    client.setQueryData(keys.flow('users'), { ...flowOf({}), live: liveOf({ done: 10 }) })
    const batch = emptyBatch()
    gather(batch, { event: 'progress', data: liveOf(data) })
    applyBatch(client, batch)
    return client.getQueryData<FlowDetail>(keys.flow('users'))?.live?.done
  }
  expect(counted({ done: 0, elapsedSeconds: 9.8 })).toBe(10)
  expect(counted({ done: 20, elapsedSeconds: 10.3 })).toBe(20)
  expect(counted({ done: 0, elapsedSeconds: 0.1, runs: ['r1'] })).toBe(0)
  expect(counted({ done: 0, elapsedSeconds: 9.8, runs: [] })).toBe(0)
})

it('reads a flow anew whose schedule fired, and none that a request fired', () => {
  expect(apply({ event: 'run_started', data: runOf({ status: 'running' }) }).stale).toEqual([
    keys.flows,
    keys.flow('users'),
  ])
  expect(apply({ event: 'run_started', data: runOf({ status: 'running', flow: 'hooks' }) }).stale).toEqual([])
})

it('reads a flow anew whose run has ended that is not among its latest', () => {
  const latest = Array.from({ length: 20 }, (_, number) => runOf({ id: `r${number}` }))
  const client = new QueryClient()
  client.setQueryData(keys.flows, [flowOf({ recent: latest, openRuns: 1 })])
  const batch = emptyBatch()
  gather(batch, { event: 'run_ended', data: runOf({ id: 'old', startedAt: '2026-02-01T12:00:00Z' }) })
  expect(applyBatch(client, batch)).toEqual([keys.run('old'), keys.flows, keys.flow('users')])
})

it('reads a page of runs anew before it has dropped what the following page does not have', () => {
  const client = new QueryClient()
  const key = [...keys.runs, {}]
  client.setQueryData(key, { runs: [runOf({})], next: '1.r0' })
  const begin = (from: number, to: number) => {
    const batch = emptyBatch()
    for (let number = from; number < to; number++) {
      const startedAt = `2026-03-02T12:00:00.${String(number).padStart(3, '0')}Z`
      gather(batch, { event: 'run_started', data: runOf({ id: `n${number}`, status: 'running', startedAt }) })
    }
    return applyBatch(client, batch)
  }
  expect(begin(0, 60)).toEqual([])
  expect(client.getQueryData<RunPage>(key)?.runs.at(-1)?.id).toBe('r0')
  expect(begin(60, 120)).toEqual([key])
  expect(client.getQueryData<RunPage>(key)?.runs.length).toBe(100)
})

it('reads the run anew that has ended, and the letters that changed', () => {
  const { stale } = apply(
    { event: 'run_ended', data: runOf({ id: 'r7' }) },
    { event: 'letters_changed', data: { flow: 'users', deadLetters: 2 } },
  )
  expect(stale).toEqual([keys.run('r7'), keys.letters])
})

it('keeps the progress of each flow, and reads all anew where events were missed', () => {
  const { client } = apply({ event: 'progress', data: liveOf({ done: 4 }) })
  expect(client.getQueryData(keys.live('users'))).toMatchObject({ done: 4 })
  expect(apply({ event: 'reset', data: {} }).stale).toEqual([[]])
})
