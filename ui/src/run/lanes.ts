/** Where the tasks of a run are drawn: those of one node together, and none over another. */

import type { TaskSpan } from '../api/types'
import { groupBy } from '../parts/group-by'

export interface Placed {
  span: TaskSpan
  /** from the top of all lanes */
  lane: number
}

export interface Group {
  node: string
  firstLane: number
  lanes: number
}

export interface Lanes {
  placed: Placed[]
  groups: Group[]
  count: number
}

/** Overlaps of rounding alone, in seconds, open no lane. */
const TOLERANCE = 0.0005

export function placeSpans(spans: TaskSpan[]): Lanes {
  const inOrder = [...spans].sort((left, right) => left.beganSeconds - right.beganSeconds)
  const placed: Placed[] = []
  const groups: Group[] = []
  let count = 0
  for (const [node, own] of groupBy(inOrder, span => span.node)) {
    const ends: number[] = []
    for (const span of own) {
      const free = ends.findIndex(end => end <= span.beganSeconds + TOLERANCE)
      const lane = free < 0 ? ends.length : free
      ends[lane] = span.beganSeconds + span.seconds
      placed.push({ span, lane: count + lane })
    }
    groups.push({ node, firstLane: count, lanes: ends.length })
    count += ends.length
  }
  return { placed, groups, count }
}

/** Round times, `most` at most, that divide a stretch: 0, 30, 60 … */
export function ticksOf(from: number, to: number, most: number): number[] {
  const steps = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  ]
  const length = to - from
  const step = steps.find(each => length / each <= most) ?? Math.ceil(length / most / 3600) * 3600
  const first = Math.ceil(from / step - 1e-9)
  return Array.from(
    { length: Math.max(0, Math.floor(to / step + 1e-9) - first + 1) },
    (_, index) => (first + index) * step,
  )
}
