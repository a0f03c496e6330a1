import { describe, expect, it } from 'vitest'
import { bestOf, toTry } from './choice'
import { graphOf } from './graph.fixture'
import type { Layout } from './layout'
import { isArrow, neighbourOf } from './neighbour'
import { labelPlace, pathOf, tipOf } from './path'
import { cardOf } from './size'

describe('a line', () => {
  it('turns with round corners, smaller where there is no room', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 20, y: 0 },
      { x: 20, y: 4 },
    ]
    expect(pathOf(points)).toBe('M0 0L13 0Q20 0 20 2L20 4')
    expect(pathOf(points.slice(0, 2))).toBe('M0 0L20 0')
    expect(pathOf([])).toBe('')
  })

  it('has its tip at its end, in its direction', () => {
    const tip = tipOf([
      { x: 0, y: 0 },
      { x: 0, y: 50 },
    ])
    const [end, left, right] = tip.slice(1, -1).split('L')
    expect(end).toBe('0 50')
    for (const side of [left, right]) expect(Number(side?.split(' ')[1])).toBeLessThan(50)
    expect(tipOf([])).toBe('')
  })

  it('has its label on its longest part, beside it where that leads down', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 30, y: 0 },
      { x: 30, y: 80 },
      { x: 40, y: 80 },
    ]
    expect(labelPlace(points, 'left')).toEqual({ x: 30, y: 40, side: 'left' })
    expect(labelPlace(points.slice(0, 2), 'left')).toEqual({ x: 15, y: 0, side: 'above' })
  })
})

describe('the direction', () => {
  const layoutOf = (direction: Layout['direction'], width: number, height: number): Layout => ({
    direction,
    width,
    height,
    nodes: new Map(),
    edges: new Map(),
  })
  const pane = { width: 800, height: 600 }

  it('is to the right, unless the graph is clearly larger downwards', () => {
    const right = layoutOf('right', 1000, 200)
    expect(bestOf([right, layoutOf('down', 300, 640)], pane)).toBe(right)
    expect(bestOf([layoutOf('right', 2000, 200), layoutOf('down', 400, 800)], pane)?.direction).toBe('down')
    expect(bestOf([], pane)).toBeNull()
  })

  it('is down in a narrow pane, and what a person says', () => {
    expect(toTry('auto', 12, { width: 380, height: 600 })).toEqual(['down'])
    expect(toTry('auto', 12, pane)).toEqual(['right', 'down'])
    expect(toTry('down', 12, pane)).toEqual(['down'])
  })

  it('of a large graph is not tried both ways', () => {
    expect(toTry('auto', 200, pane)).toEqual(['right'])
  })
})

describe('an arrow key', () => {
  const box = (x: number, y: number) => ({ x, y, width: 100, height: 40 })
  const nodes = new Map([
    ['a', box(0, 0)],
    ['b', box(200, 0)],
    ['c', box(200, 80)],
    ['d', box(400, 10)],
  ])

  it('leads to the nearest node there, along the row', () => {
    expect(neighbourOf(nodes, 'a', 'ArrowRight')).toBe('b')
    expect(neighbourOf(nodes, 'b', 'ArrowRight')).toBe('d')
    expect(neighbourOf(nodes, 'b', 'ArrowDown')).toBe('c')
    expect(neighbourOf(nodes, 'd', 'ArrowLeft')).toBe('b')
    expect(neighbourOf(nodes, 'c', 'ArrowUp')).toBe('b')
  })

  it('leads nowhere at the border', () => {
    expect(neighbourOf(nodes, 'a', 'ArrowLeft')).toBeUndefined()
    expect(neighbourOf(nodes, 'gone', 'ArrowLeft')).toBeUndefined()
    expect(isArrow('Enter')).toBe(false)
  })
})

describe('a card', () => {
  const [node] = graphOf('fetch:response>a', 'fetch:error>b').nodes
  if (!node) throw new Error('the graph has no node')

  it('has its outputs at its right, one below another, within it', () => {
    const card = cardOf({ ...node, inputs: ['in'] }, 'right')
    const outputs = card.ports.filter(port => port.side === 'out')
    expect(outputs.map(port => port.x)).toEqual([card.width, card.width])
    expect(outputs[1]?.y).toBeGreaterThan(outputs[0]?.y ?? 0)
    expect(outputs[1]?.y).toBeLessThan(card.height)
    // What goes through goes straight.
    expect(card.ports.find(port => port.side === 'in')?.y).toBe(outputs[0]?.y)
  })

  it('has its outputs at its foot where edges lead down', () => {
    const card = cardOf(node, 'down')
    expect(card.ports.map(port => port.y)).toEqual([card.height, card.height])
    expect(card.ports.map(port => port.isError)).toEqual([false, true])
  })
})
