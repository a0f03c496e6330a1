import { afterEach, describe, expect, it, vi } from 'vitest'
import { emptyBatch, Gatherer, gather, MOST_ERRORS, MOST_SPANS } from './batch'
import { errorOf, liveOf, runOf, spanOf } from './samples'
import type { LiveEvent } from './types'

describe('gather', () => {
  it('keeps the newest of what replaces, and all of what adds up', () => {
    const batch = emptyBatch()
    const events: LiveEvent[] = [
      { event: 'run_started', data: runOf({ status: 'running' }) },
      { event: 'progress', data: liveOf({ done: 1 }) },
      { event: 'progress', data: liveOf({ done: 2 }) },
      { event: 'error', data: { ...errorOf({}), run: 'r0', flow: 'users' } },
      { event: 'error', data: { ...errorOf({ attempt: 2 }), run: 'r0', flow: 'users' } },
      { event: 'letters_changed', data: { flow: 'users', deadLetters: 3 } },
      { event: 'letters_changed', data: { flow: 'users', deadLetters: 2 } },
      { event: 'run_ended', data: runOf({}) },
    ]
    for (const event of events) gather(batch, event)
    expect(batch.progress.get('users')?.done).toBe(2)
    expect(batch.errors.get('r0')?.map(error => error.attempt)).toEqual([1, 2])
    expect(batch.letters.get('users')).toBe(2)
    expect(batch.runs.get('r0')?.status).toBe('succeeded')
  })

  it('keeps the newest state of a task, and is bounded', () => {
    const batch = emptyBatch()
    for (let number = 0; number < 2000; number++) {
      const spans = [spanOf({ task: `t${number}`, result: 'running' }), spanOf({ task: `t${number}` })]
      gather(batch, { event: 'tasks', data: { run: 'r0', flow: 'users', spans } })
      gather(batch, { event: 'error', data: { ...errorOf({}), run: 'r0', flow: 'users' } })
      gather(batch, { event: 'notice', data: { text: `notice ${number}` } })
    }
    const spans = [...(batch.spans.get('r0')?.values() ?? [])]
    expect(spans.length).toBe(MOST_SPANS)
    expect(spans.at(-1)).toEqual(spanOf({ task: 't1999' }))
    expect(batch.errors.get('r0')?.length).toBe(MOST_ERRORS)
    expect(batch.notices).toEqual(['notice 1995', 'notice 1996', 'notice 1997', 'notice 1998', 'notice 1999'])
  })

  it('passes over events that it does not know', () => {
    const batch = emptyBatch()
    gather(batch, { event: 'of_tomorrow', data: {} } as unknown as LiveEvent)
    expect(batch).toEqual(emptyBatch())
  })
})

describe('Gatherer', () => {
  afterEach(() => vi.useRealTimers())

  it('gives a burst at once, after the interval, and nothing while nothing comes', () => {
    vi.useFakeTimers()
    const flushed: number[] = []
    const gatherer = new Gatherer(batch => flushed.push(batch.errors.get('r0')?.length ?? 0), 250)
    vi.advanceTimersByTime(1000)
    expect(flushed).toEqual([])
    for (let count = 0; count < 100; count++) {
      gatherer.add({ event: 'error', data: { ...errorOf({}), run: 'r0', flow: 'users' } })
    }
    vi.advanceTimersByTime(249)
    expect(flushed).toEqual([])
    vi.advanceTimersByTime(1)
    expect(flushed).toEqual([100])
    vi.advanceTimersByTime(1000)
    expect(flushed).toEqual([100])
  })
})
