/** The graph as ELK takes it, and what ELK answers as points. Pure; `elk.ts` runs it in a worker. */
import type { ElkExtendedEdge, ElkNode, ElkPoint, ElkPort } from 'elkjs/lib/elk-api'
import type { FlowDetail, GraphEdge, GraphNode } from '../../api/types'
import { type Card, cardOf, type Direction, type Port } from './size'

export type Graph = NonNullable<FlowDetail['graph']>
export type Point = ElkPoint

export interface Placed extends Card {
  x: number
  y: number
}

export interface Layout {
  direction: Direction
  width: number
  height: number
  nodes: Map<string, Placed>
  /** the corners of each edge, from port to port */
  edges: Map<string, Point[]>
}

const ROOT = {
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.feedbackEdges': 'true',
  'elk.layered.unnecessaryBendpoints': 'true',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.spacing.componentComponent': '48',
  'elk.padding': '[top=12,left=12,bottom=12,right=12]',
}

/** Between layers there must be room for the counts on an edge. */
const BETWEEN_LAYERS = { right: '60', down: '32' }

const portId = (node: string, side: Port['side'], port: string) => `${side} ${port} ${node}`

/** An edge whose port is missing (the file is being changed) is left out. */
export function isWhole(edge: GraphEdge, cards: Map<string, Card>): boolean {
  const has = (end: GraphEdge['from'], side: Port['side']) =>
    cards.get(end.node)?.ports.some(port => port.side === side && port.name === end.port) === true
  return has(edge.from, 'out') && has(edge.to, 'in')
}

export function toElk(graph: Graph, direction: Direction): ElkNode {
  const cards = new Map(graph.nodes.map(node => [node.name, cardOf(node, direction)]))
  const isRight = direction === 'right'
  return {
    id: 'flow',
    layoutOptions: {
      ...ROOT,
      'elk.direction': isRight ? 'RIGHT' : 'DOWN',
      'elk.layered.spacing.nodeNodeBetweenLayers': BETWEEN_LAYERS[direction],
      'elk.layered.spacing.edgeNodeBetweenLayers': '20',
    },
    children: graph.nodes.map(node => elkNode(node, cards.get(node.name) as Card, isRight)),
    edges: graph.edges.filter(edge => isWhole(edge, cards)).map(elkEdge),
  }
}

function elkNode({ name, isTrigger, inputs }: GraphNode, card: Card, isRight: boolean): ElkNode {
  const sides = isRight ? { in: 'WEST', out: 'EAST' } : { in: 'NORTH', out: 'SOUTH' }
  return {
    id: name,
    width: card.width,
    height: card.height,
    layoutOptions: {
      'elk.portConstraints': 'FIXED_POS',
      // A trigger that is answered to (a webhook) is where it begins all the same.
      ...(isTrigger && inputs.length > 0 ? { 'elk.layered.layering.layerConstraint': 'FIRST' } : {}),
    },
    ports: card.ports.map(
      (port): ElkPort => ({
        id: portId(name, port.side, port.name),
        x: port.x,
        y: port.y,
        width: 0,
        height: 0,
        layoutOptions: { 'elk.port.side': sides[port.side] },
      }),
    ),
  }
}

function elkEdge(edge: GraphEdge): ElkExtendedEdge {
  return {
    id: edge.id,
    sources: [portId(edge.from.node, 'out', edge.from.port)],
    targets: [portId(edge.to.node, 'in', edge.to.port)],
    // Loops are cut where the flow closes them, not where a layout would like to.
    layoutOptions: { 'elk.layered.priority.direction': edge.closesLoop ? '0' : '10' },
  }
}

export function fromElk(placed: ElkNode, graph: Graph, direction: Direction): Layout {
  const nodes = new Map(
    graph.nodes.map(node => {
      const at = placed.children?.find(child => child.id === node.name)
      return [node.name, { ...cardOf(node, direction), x: at?.x ?? 0, y: at?.y ?? 0 }]
    }),
  )
  const edges = new Map((placed.edges ?? []).map(edge => [edge.id, pointsOf(edge)]))
  return { direction, width: placed.width ?? 0, height: placed.height ?? 0, nodes, edges }
}

function pointsOf(edge: ElkExtendedEdge): Point[] {
  const section = edge.sections?.[0]
  return section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : []
}
