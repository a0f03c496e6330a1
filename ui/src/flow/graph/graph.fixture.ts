import type { GraphEdge, GraphNode } from '../../api/types'
import type { Graph } from './layout'

/** `a:out>b` lines make edges; the nodes have those ports, in the order in which they are named. */
export function graphOf(...edges: string[]): Graph {
  const nodes = new Map<string, GraphNode>()
  const nodeOf = (name: string) => {
    const line = nodes.size * 10 + 1
    const made: GraphNode = {
      name,
      component: 'common-module/modify',
      summary: '',
      isTrigger: nodes.size === 0,
      line,
      endLine: line + 8,
      inputs: nodes.size === 0 ? [] : ['in'],
      outputs: [],
    }
    const node = nodes.get(name) ?? made
    nodes.set(name, node)
    return node
  }
  const made = edges.map((text, index): GraphEdge => {
    const [from = '', to = ''] = text.split('>')
    const [source = '', port = 'out'] = from.split(':')
    const outputs = nodeOf(source).outputs
    if (!outputs.some(output => output.name === port)) {
      outputs.push({ name: port, isError: port === 'error', isDetached: false })
    }
    const closesLoop = nodes.has(to)
    nodeOf(to)
    const line = 1000 + index
    return {
      id: `e${index}`,
      from: { node: source, port },
      to: { node: to, port: 'in' },
      isBoundary: false,
      closesLoop,
      line,
    }
  })
  return { nodes: [...nodes.values()], edges: made }
}
