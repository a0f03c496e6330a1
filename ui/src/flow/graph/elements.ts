/** A layout and a selection as React Flow takes them. Objects stay the same where nothing changed. */
import type { Edge, Node } from '@xyflow/react'
import type { GraphEdge, GraphNode } from '../../api/types'
import type { Selection } from '../selection'
import type { Graph, Layout, Placed, Point } from './layout'
import type { Direction } from './size'

export type CardNode = Node<{ node: GraphNode; card: Placed; direction: Direction }, 'card'>
export type WireEdge = Edge<
  { edge: GraphEdge; points: Point[]; free: 'left' | 'right'; isError: boolean; isNear: boolean },
  'wire'
>

/** In the order in which the flow is read, so that Tab goes along it. */
export function cardsOf(graph: Graph, layout: Layout): CardNode[] {
  const isRight = layout.direction === 'right'
  const cards = graph.nodes.flatMap((node): CardNode[] => {
    const card = layout.nodes.get(node.name)
    if (!card) return []
    return [
      {
        id: node.name,
        type: 'card',
        position: { x: card.x, y: card.y },
        width: card.width,
        height: card.height,
        data: { node, card, direction: layout.direction },
      },
    ]
  })
  const along = ({ position: { x, y } }: CardNode): [number, number] => (isRight ? [x, y] : [y, x])
  return cards.sort((left, right) => {
    const [ahead, aside] = along(left)
    const [otherAhead, otherAside] = along(right)
    return ahead - otherAhead || aside - otherAside
  })
}

export function wiresOf(graph: Graph, layout: Layout): WireEdge[] {
  const errors = new Set(
    graph.nodes.flatMap(node =>
      node.outputs.filter(output => output.isError).map(output => `${node.name}:${output.name}`),
    ),
  )
  return graph.edges.flatMap((edge): WireEdge[] => {
    const points = layout.edges.get(edge.id)
    if (!points || points.length === 0) return []
    const isError = errors.has(`${edge.from.node}:${edge.from.port}`)
    return [
      {
        id: edge.id,
        type: 'wire',
        source: edge.from.node,
        sourceHandle: edge.from.port,
        target: edge.to.node,
        targetHandle: edge.to.port,
        data: { edge, points, free: freeSide(layout, edge), isError, isNear: false },
      },
    ]
  })
}

/** The side of its port on which fewer other edges of the node are. */
function freeSide(layout: Layout, { from }: GraphEdge): 'left' | 'right' {
  const card = layout.nodes.get(from.node)
  const port = card?.ports.find(each => each.side === 'out' && each.name === from.port)
  return card && port && port.x < card.width / 2 - 1 ? 'left' : 'right'
}

export function markCards(cards: CardNode[], { node }: Selection): CardNode[] {
  return cards.map(card => (card.id === node ? { ...card, selected: true } : card))
}

/** Marks the chosen edge, and those of the chosen node; they are drawn last, above others. */
export function markWires(wires: WireEdge[], { node, edge }: Selection): WireEdge[] {
  return wires.map(wire => {
    const isNear = node !== null && (wire.source === node || wire.target === node)
    if (!isNear && wire.id !== edge) return wire
    const data = { ...(wire.data as NonNullable<WireEdge['data']>), isNear }
    return { ...wire, data, selected: wire.id === edge, zIndex: 1 }
  })
}
