import type { GraphEdge } from '../../api/types'
import { formatRate, formatShort } from '../../parts/format'
import { Icon } from '../../parts/icon'
import type { Graph } from '../graph/layout'
import { useEdgeLive } from '../live-store'
import type { Selecting } from '../selection'

interface Props {
  graph: Graph
  node: string
  select: Selecting['select']
}

/** What leads to the node, and where it leads to. */
export function NodeEdges({ graph, node, select }: Props) {
  const into = graph.edges.filter(edge => edge.to.node === node)
  const out = graph.edges.filter(edge => edge.from.node === node)
  if (into.length + out.length === 0) return <p className="muted">No edge leads to it, and none away.</p>
  return (
    <ul className="node-edges">
      {into.map(edge => (
        <Row key={`in ${edge.id}`} edge={edge} select={select} isInto />
      ))}
      {out.map(edge => (
        <Row key={`out ${edge.id}`} edge={edge} select={select} />
      ))}
    </ul>
  )
}

interface RowProps {
  edge: GraphEdge
  select: Selecting['select']
  isInto?: boolean
}

function Row({ edge, select, isInto = false }: RowProps) {
  const { crossed, rate } = useEdgeLive(edge.id)
  const other = isInto ? edge.from : edge.to
  const port = isInto ? edge.to.port : edge.from.port
  return (
    <li>
      <span className="node-edge-port">{isInto ? `into ${port}` : `out of ${port}`}</span>
      <Icon name={isInto ? 'arrow-left' : 'arrow-right'} />
      <button type="button" className="node-more" onClick={() => select({ node: other.node })}>
        {other.node}
      </button>
      <span className="muted">:{other.port}</span>
      <button
        type="button"
        className="node-edge-counts"
        title="Show the edge"
        onClick={() => select({ edge: edge.id })}
      >
        <span className="only-read-aloud">Show this edge: </span>
        {edge.isBoundary && <span className="node-edge-task">task</span>}
        {formatShort(crossed)}
        {rate > 0 && ` · ${formatRate(rate)}`}
      </button>
    </li>
  )
}
