import type { RefObject } from 'react'
import type { GraphEdge } from '../../api/types'
import { formatCount, formatRate } from '../../parts/format'
import { useEdgeLive } from '../live-store'
import type { Selecting } from '../selection'
import { Count, Inspector, Numbers } from './inspector'

interface Props {
  edge: GraphEdge
  panel: RefObject<HTMLElement | null>
  select: Selecting['select']
  showLine: (line: number) => void
}

export function EdgePanel({ edge, panel, select, showLine }: Props) {
  const { crossed, rate } = useEdgeLive(edge.id)
  const end = ({ node, port }: GraphEdge['from']) => (
    <>
      <button type="button" className="node-more" onClick={() => select({ node })}>
        {node}
      </button>
      <span className="muted">:{port}</span>
    </>
  )
  return (
    <Inspector
      title={`${edge.from.node} → ${edge.to.node}`}
      about={
        <>
          Edge from {end(edge.from)} to {end(edge.to)},{' '}
          <button type="button" className="node-more" onClick={() => showLine(edge.line)}>
            line {edge.line}
          </button>
        </>
      }
      panel={panel}
      close={() => select({})}
    >
      <Numbers>
        <Count name="crossed">{formatCount(crossed)}</Count>
        <Count name="rate">{formatRate(rate)}</Count>
      </Numbers>
      <p>
        {edge.isBoundary
          ? 'Each message on it becomes a task of its own: it is kept in the store, committed and tried again by itself.'
          : 'Messages on it are handled within the task of the sender, which waits until all below is done.'}
        {edge.closesLoop && ' It leads back, and closes a loop.'}
      </p>
    </Inspector>
  )
}
