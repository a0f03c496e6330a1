/** Which node an arrow key leads to. */
export type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown'

interface Box {
  x: number
  y: number
  width: number
  height: number
}

const AHEAD: { [arrow in Arrow]: [number, number] } = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** What lies aside counts more than what lies ahead, so that a row or a column is followed. */
const ASIDE = 2.5

export const isArrow = (key: string): key is Arrow => key in AHEAD

/** The nearest node in that direction; undefined where there is none. */
export function neighbourOf(nodes: Map<string, Box>, from: string, arrow: Arrow): string | undefined {
  const start = nodes.get(from)
  if (!start) return undefined
  const [aheadX, aheadY] = AHEAD[arrow]
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const [name, box] of nodes) {
    const x = box.x + box.width / 2 - start.x - start.width / 2
    const y = box.y + box.height / 2 - start.y - start.height / 2
    const ahead = x * aheadX + y * aheadY
    const aside = Math.abs(x * aheadY) + Math.abs(y * aheadX)
    const cost = ahead + ASIDE * aside
    if (name === from || ahead < 1 || cost >= least) continue
    least = cost
    best = name
  }
  return best
}
