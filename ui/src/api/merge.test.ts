import { describe, expect, it } from 'vitest'
import { type Batch, emptyBatch, gather } from './batch'
import { mergeFlow, mergeRun, mergeRunPage } from './merge'
import { detailOf, errorOf, flowOf, liveOf, runOf, spanOf } from './samples'
import type { LiveEvent } from './types'

function batchOf(...events: LiveEvent[]): Batch {
  const batch = emptyBatch()
  for (const event of events) gather(batch, event)
  return batch
}

const running = runOf({ id: 'r1', status: 'running', endedAt: null, startedAt: '2026-03-01T13:00:00Z' })
const ended = runOf({ id: 'r1', startedAt: '2026-03-01T13:00:00Z', endedAt: '2026-03-01T13:01:00Z' })
const started: LiveEvent = { event: 'run_started', data: running }

describe('mergeFlow', () => {
  const flow = flowOf({ recent: [runOf({})], lastSuccess: '2026-03-01T12:01:00Z', freshSeconds: 3600 })

  it('adds a run that began in front, and counts it as open', () => {
    const merged = mergeFlow(flow, batchOf(started))
    expect(merged.recent.map(run => run.id)).toEqual(['r1', 'r0'])
    expect(merged.openRuns).toBe(1)
    expect(merged.freshSeconds).toBe(3600)
  })

  it('closes it when it ends, and its data is fresh', () => {
    const open = mergeFlow(flow, batchOf(started))
    const merged = mergeFlow(open, batchOf({ event: 'run_ended', data: ended }))
    expect(merged).toMatchObject({ openRuns: 0, lastSuccess: '2026-03-01T13:01:00Z', freshSeconds: 0 })
    expect(mergeFlow(flow, batchOf(started, { event: 'run_ended', data: ended })).openRuns).toBe(0)
  })

  it('keeps 20 runs, and counts letters', () => {
    const many = flowOf({ recent: Array.from({ length: 20 }, (_, number) => runOf({ id: `a${number}` })) })
    const merged = mergeFlow(
      many,
      batchOf(started, { event: 'letters_changed', data: { flow: 'users', deadLetters: 4 } }),
    )
    expect([merged.recent.length, merged.recent[0]?.id, merged.deadLetters]).toEqual([20, 'r1', 4])
  })

  it('is the same object where nothing is about it', () => {
    expect(mergeFlow(flow, batchOf({ event: 'run_started', data: { ...running, flow: 'other' } }))).toBe(flow)
  })
})

describe('mergeRunPage', () => {
  const page = { runs: [runOf({})], next: null }

  it('takes new runs into the first page that they pass the filter of', () => {
    expect(mergeRunPage(page, {}, batchOf(started)).runs.map(run => run.id)).toEqual(['r1', 'r0'])
    expect(mergeRunPage(page, { status: 'succeeded' }, batchOf(started))).toBe(page)
    expect(mergeRunPage(page, { before: 'x' }, batchOf(started))).toBe(page)
    const old: LiveEvent = { event: 'run_resumed', data: { ...running, startedAt: '2026-02-01T12:00:00Z' } }
    const cut = { ...page, next: '1.r0' }
    expect(mergeRunPage(cut, {}, batchOf(old))).toBe(cut)
  })

  it('drops a run that does not pass the filter any more', () => {
    const open = { runs: [running], next: null }
    expect(
      mergeRunPage(open, { status: 'running' }, batchOf({ event: 'run_ended', data: ended })).runs,
    ).toEqual([])
  })
})

describe('mergeRun', () => {
  const error = (given: Parameters<typeof errorOf>[0]): LiveEvent => ({
    event: 'error',
    data: { ...errorOf(given), run: 'r0', flow: 'users' },
  })

  it('adds errors once, and counts them by what became of them', () => {
    const run = detailOf({ errorList: [errorOf({})], errors: 1 })
    const merged = mergeRun(
      run,
      batchOf(error({}), error({ attempt: 2, fate: 'retried' }), error({ attempt: 3, fate: 'dead' })),
    )
    expect(merged.errorList.map(each => each.attempt)).toEqual([1, 2, 3])
    expect(merged).toMatchObject({ errors: 3, retries: 1, deadLetters: 1 })
  })

  it('replaces a task that ran by its end, and keeps the latest 500', () => {
    const tasks = Array.from({ length: 500 }, (_, number) =>
      spanOf({ task: `t${number}`, beganSeconds: number }),
    )
    const run = detailOf({
      profile: { tasks, earlier: 7, slowest: [], nodes: {}, steps: { seconds: 1, tasks: [] } },
    })
    const spans = [
      spanOf({ task: 't499', beganSeconds: 499, result: 'retried' }),
      spanOf({ task: 'new', beganSeconds: 500 }),
    ]
    const { profile } = mergeRun(run, batchOf({ event: 'tasks', data: { run: 'r0', flow: 'users', spans } }))
    expect(profile?.tasks.length).toBe(500)
    expect(profile?.earlier).toBe(8)
    expect(profile?.tasks.slice(-2)).toEqual(spans)
  })

  it('takes the progress that is its own, and no other', () => {
    const run = detailOf({})
    expect(mergeRun(run, batchOf({ event: 'progress', data: liveOf({ done: 5 }) })).live?.done).toBe(5)
    expect(mergeRun(run, batchOf({ event: 'progress', data: liveOf({ runs: ['r9'] }) }))).toBe(run)
  })

  it('keeps the progress that was read later than what an event tells', () => {
    const run = detailOf({ live: liveOf({ done: 5, elapsedSeconds: 11 }) })
    const told = (elapsedSeconds: number, done: number) =>
      mergeRun(run, batchOf({ event: 'progress', data: liveOf({ done, elapsedSeconds }) })).live?.done
    expect(told(10.9, 4)).toBe(5)
    expect(told(11.1, 6)).toBe(6)
  })
})
