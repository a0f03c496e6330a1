/** The layouts are made by ELK itself, without its worker. */
import ELK from 'elkjs/lib/elk.bundled.js'
import { describe, expect, it } from 'vitest'
import { cardsOf, markCards, markWires, wiresOf } from './elements'
import { graphOf } from './graph.fixture'
import { fromElk, type Graph, type Layout, toElk } from './layout'
import type { Direction } from './size'

const elk = new ELK()

async function layoutOf(graph: Graph, direction: Direction): Promise<Layout> {
  return fromElk(await elk.layout(toElk(graph, direction)), graph, direction)
}

const LOOP = graphOf('tick>fetch', 'fetch:response>store', 'fetch:error>report', 'store>next', 'next>fetch')

describe('a layout', () => {
  it('leads to the right, or down', async () => {
    const right = await layoutOf(LOOP, 'right')
    const down = await layoutOf(LOOP, 'down')
    const order = ['tick', 'fetch', 'store', 'next']
    const along = (layout: Layout, axis: 'x' | 'y') => order.map(name => layout.nodes.get(name)?.[axis] ?? -1)
    expect(along(right, 'x')).toEqual(along(right, 'x').toSorted((a, b) => a - b))
    expect(along(down, 'y')).toEqual(along(down, 'y').toSorted((a, b) => a - b))
  })

  it('has each edge begin and end at its ports', async () => {
    const layout = await layoutOf(LOOP, 'right')
    for (const { id, from, to } of LOOP.edges) {
      const port = (node: string, side: string, name: string) => {
        const card = layout.nodes.get(node)
        const at = card?.ports.find(each => each.side === side && each.name === name)
        return [(card?.x ?? 0) + (at?.x ?? 0), (card?.y ?? 0) + (at?.y ?? 0)]
      }
      const points = layout.edges.get(id) ?? []
      expect([points[0]?.x, points[0]?.y]).toEqual(port(from.node, 'out', from.port))
      expect([points.at(-1)?.x, points.at(-1)?.y]).toEqual(port(to.node, 'in', to.port))
    }
  })

  it('leads an edge that closes a loop back, around the nodes', async () => {
    const layout = await layoutOf(LOOP, 'right')
    const xs = (layout.edges.get('e4') ?? []).map(point => point.x)
    expect(xs[0]).toBeGreaterThan(xs.at(-1) ?? 0)
    expect(Math.max(...xs)).toBeGreaterThan(xs[0] ?? 0)
  })

  it('begins at its trigger, also where that is answered to', async () => {
    const { nodes, edges } = graphOf('hook:request>check', 'check:whole>save', 'check:odd>hook', 'save>hook')
    const hook = {
      nodes: nodes.map(node => (node.name === 'hook' ? { ...node, inputs: ['in'] } : node)),
      // An answer ends there: nothing goes round.
      edges: edges.map(edge => ({ ...edge, closesLoop: false })),
    }
    for (const direction of ['right', 'down'] as const) {
      const layout = await layoutOf(hook, direction)
      const [first] = cardsOf(hook, layout)
      expect(first?.id).toBe('hook')
    }
  })

  it('keeps nodes apart', async () => {
    const layout = await layoutOf(LOOP, 'down')
    const cards = [...layout.nodes.values()]
    const meet = cards.flatMap((a, index) =>
      cards
        .slice(index + 1)
        .filter(
          b => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
        ),
    )
    expect(meet).toEqual([])
  })

  it('leaves out an edge whose port is not there', async () => {
    const [first, ...others] = LOOP.edges
    const broken = { ...LOOP, edges: [{ ...LOOP.edges[0], from: { node: 'tick', port: 'gone' } }, ...others] }
    const layout = await layoutOf(broken as Graph, 'right')
    expect(layout.edges.has(first?.id ?? '')).toBe(false)
    expect(layout.edges.size).toBe(others.length)
  })
})

describe('what is drawn', () => {
  it('comes in the order in which the flow goes', async () => {
    const right = cardsOf(LOOP, await layoutOf(LOOP, 'right'))
    expect(right.map(card => card.id).slice(0, 2)).toEqual(['tick', 'fetch'])
    expect(right.at(-1)?.id).toBe('next')
  })

  it('knows which edges carry errors', async () => {
    const wires = wiresOf(LOOP, await layoutOf(LOOP, 'right'))
    expect(wires.filter(wire => wire.data?.isError).map(wire => wire.id)).toEqual(['e2'])
  })

  it('stays the same object where a choice does not concern it', async () => {
    const layout = await layoutOf(LOOP, 'right')
    const cards = cardsOf(LOOP, layout)
    const wires = wiresOf(LOOP, layout)
    const chosen = { node: 'store', edge: null }
    expect(
      markCards(cards, chosen)
        .filter((card, index) => card !== cards[index])
        .map(({ id }) => id),
    ).toEqual(['store'])
    expect(
      markWires(wires, chosen)
        .filter((wire, index) => wire !== wires[index])
        .map(({ id }) => id),
    ).toEqual(['e1', 'e3'])
    expect(
      markWires(wires, { node: null, edge: 'e2' })
        .filter(wire => wire.selected)
        .map(({ id }) => id),
    ).toEqual(['e2'])
  })
})
