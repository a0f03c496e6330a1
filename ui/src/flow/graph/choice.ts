/** Which way a graph is drawn: to the right, unless that makes it hard to read. */
import type { Layout } from './layout'
import type { Direction } from './size'

export type Choice = Direction | 'auto'

export interface Size {
  width: number
  height: number
}

/** Below this width of the pane, edges lead down. */
const NARROW = 560
/** Up to this many nodes both layouts are made, and the better is shown. */
const MOST_TRIED = 60
/** How much larger a graph must be drawn downwards to be drawn so. */
const CLEARLY = 1.25
const MOST_ZOOM = 1

export function zoomOf(layout: Size, pane: Size): number {
  return Math.min(pane.width / layout.width, pane.height / layout.height, MOST_ZOOM)
}

/** The directions of which layouts are needed to choose. */
export function toTry(choice: Choice, nodes: number, pane: Size): Direction[] {
  if (choice !== 'auto') return [choice]
  if (pane.width < NARROW) return ['down']
  return nodes > MOST_TRIED ? ['right'] : ['right', 'down']
}

export function bestOf(layouts: Layout[], pane: Size): Layout | null {
  const [first, second] = layouts
  if (!first || !second) return first ?? null
  return zoomOf(second, pane) > CLEARLY * zoomOf(first, pane) ? second : first
}
