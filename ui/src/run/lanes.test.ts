import { describe, expect, it } from 'vitest'
import { spanOf } from '../api/samples'
import { placeSpans, ticksOf } from './lanes'

describe('placeSpans', () => {
  it('puts tasks of a node that overlap into lanes of their own, and fills a lane that is free', () => {
    const spans = [
      spanOf({ task: 'a', beganSeconds: 0, seconds: 2 }),
      spanOf({ task: 'b', beganSeconds: 1, seconds: 2 }),
      spanOf({ task: 'c', beganSeconds: 2, seconds: 1 }),
      spanOf({ task: 'd', node: 'other', beganSeconds: 0, seconds: 1 }),
    ]
    const { placed, groups, count } = placeSpans(spans)
    expect(placed.map(({ span, lane }) => [span.task, lane])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
      ['d', 2],
    ])
    expect(groups).toEqual([
      { node: 'fetch', firstLane: 0, lanes: 2 },
      { node: 'other', firstLane: 2, lanes: 1 },
    ])
    expect(count).toBe(3)
  })

  it('places nothing for nothing', () => {
    expect(placeSpans([])).toEqual({ placed: [], groups: [], count: 0 })
  })
})

describe('ticksOf', () => {
  it('gives round times within the stretch', () => {
    expect(ticksOf(0, 100, 5)).toEqual([0, 30, 60, 90])
    expect(ticksOf(13, 27, 4)).toEqual([15, 20, 25])
    expect(ticksOf(0, 100_000, 6)).toEqual([0, 18_000, 36_000, 54_000, 72_000, 90_000])
  })

  it('keeps to the limit', () => {
    for (const length of [0.004, 1, 59, 3601, 1e6])
      expect(ticksOf(0, length, 8).length).toBeLessThanOrEqual(9)
  })
})
