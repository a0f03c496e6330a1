/** Lines through the points of a layout. */
import type { Point } from './layout'

const CORNER = 7

function toward(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const part = Math.min(distance, length / 2) / length
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

const at = ({ x, y }: Point) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`

/** A path whose corners are round. */
export function pathOf(points: Point[]): string {
  const parts = points.map((point, index) => {
    const before = points[index - 1]
    const next = points[index + 1]
    if (!before) return `M${at(point)}`
    if (!next) return `L${at(point)}`
    return `L${at(toward(point, before, CORNER))}Q${at(point)} ${at(toward(point, next, CORNER))}`
  })
  return parts.join('')
}

/** The tip of an arrow that ends at the last point. */
export function tipOf(points: Point[]): string {
  const end = points.at(-1)
  const before = points.at(-2)
  if (!end || !before) return ''
  const angle = Math.atan2(end.y - before.y, end.x - before.x)
  const side = (turn: number): Point => ({
    x: end.x - 7 * Math.cos(angle + turn),
    y: end.y - 7 * Math.sin(angle + turn),
  })
  return `M${at(end)}L${at(side(0.46))}L${at(side(-0.46))}Z`
}

export interface LabelPlace extends Point {
  /** above a line that leads sideways, else beside it */
  side: 'above' | 'left' | 'right'
}

/**
 * The middle of the longest straight part. `free` is the side of a line that leads down where no other is
 * near: away from the middle of the node.
 */
export function labelPlace(points: Point[], free: 'left' | 'right'): LabelPlace {
  let longest = -1
  let place: LabelPlace = { x: 0, y: 0, side: 'above' }
  points.slice(1).forEach((end, index) => {
    const start = points[index] as Point
    const length = Math.hypot(end.x - start.x, end.y - start.y)
    if (length <= longest) return
    longest = length
    place = {
      x: (start.x + end.x) / 2,
      y: (start.y + end.y) / 2,
      side: Math.abs(end.x - start.x) < Math.abs(end.y - start.y) ? free : 'above',
    }
  })
  return place
}
