/** Which lines of the file belong to what of the graph. Lines count from 1. */
import type { GraphEdge } from '../../api/types'
import type { Graph } from '../graph/layout'
import type { Selection } from '../selection'

export interface Range {
  first: number
  last: number
}

/** An edge goes on as long as lines are further in than its dash. */
export function edgeRange(lines: string[], edge: GraphEdge): Range {
  const start = lines[edge.line - 1] ?? ''
  const indent = start.length - start.trimStart().length
  let last = edge.line
  for (let line = edge.line + 1; line <= lines.length; line += 1) {
    const text = lines[line - 1] ?? ''
    if (text.trim() === '') continue
    if (text.length - text.trimStart().length <= indent) break
    last = line
  }
  return { first: edge.line, last }
}

/** The lines of what is chosen; null where nothing is, or the file has changed below the graph. */
export function rangeOf(graph: Graph, lines: string[], { node, edge }: Selection): Range | null {
  const chosenNode = graph.nodes.find(each => each.name === node)
  if (chosenNode) return within(lines, { first: chosenNode.line, last: chosenNode.endLine })
  const chosenEdge = graph.edges.find(each => each.id === edge)
  return chosenEdge ? within(lines, edgeRange(lines, chosenEdge)) : null
}

function within(lines: string[], { first, last }: Range): Range | null {
  return first > lines.length ? null : { first, last: Math.min(last, lines.length) }
}

/**
 * What a line belongs to. Several edges may be in one line, `a -> b -> c`: choosing the line again
 * gives the next of them.
 */
export function ownerOf(graph: Graph, lines: string[], line: number, chosen: Selection): Selection {
  const node = graph.nodes.find(each => each.line <= line && line <= each.endLine)
  if (node) return { node: node.name, edge: null }
  const edges = graph.edges.filter(edge => {
    const { first, last } = edgeRange(lines, edge)
    return first <= line && line <= last
  })
  const next = edges[edges.findIndex(edge => edge.id === chosen.edge) + 1] ?? edges[0]
  return { node: null, edge: next?.id ?? null }
}
