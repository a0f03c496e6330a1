import { Handle, type NodeProps, Position } from '@xyflow/react'
import { memo, useContext } from 'react'
import type { GraphNode, NodeLive } from '../../api/types'
import { formatCount, formatRate, formatShort } from '../../parts/format'
import { Icon } from '../../parts/icon'
import { useNodeLive } from '../live-store'
import type { CardNode } from './elements'
import './node-card.css'
import { isNamed, type Port, shortComponent } from './size'
import { WalkContext } from './walk'

const SIDES = {
  right: { in: Position.Left, out: Position.Right },
  down: { in: Position.Top, out: Position.Bottom },
}

export const NodeCard = memo(({ id, data, selected }: NodeProps<CardNode>) => {
  const { node, card, direction } = data
  const live = useNodeLive(id)
  const { choose, walk } = useContext(WalkContext)
  const state = live.active > 0 ? 'is-active' : live.received > 0 ? 'is-done' : ''
  return (
    <div className={`node-card node-card-${direction} ${state} ${selected ? 'is-chosen' : ''}`}>
      <button
        type="button"
        data-node={id}
        aria-current={selected ? 'true' : undefined}
        title={`${node.name}, ${node.component}\n${node.summary}`}
        onClick={event => choose(id, event.detail === 0)}
        onKeyDown={event => walk(id, event)}
      >
        <Head node={node} isActive={live.active > 0} />
        {/* Nothing reaches a trigger, unless it is answered to. */}
        {(!node.isTrigger || live.received > 0) && <Counts live={live} />}
      </button>
      {card.ports.map(port => (
        <PortMark
          key={`${port.side} ${port.name}`}
          port={port}
          side={SIDES[direction][port.side]}
          isNamed={isNamed(port.side === 'in' ? node.inputs : node.outputs)}
        />
      ))}
    </div>
  )
})

function Head({ node, isActive }: { node: GraphNode; isActive: boolean }) {
  return (
    <span className="node-head">
      <span className={node.isTrigger ? 'node-mark node-mark-trigger' : 'node-mark'} aria-hidden="true" />
      <span className="node-name">{node.name}</span>
      <span className="only-read-aloud">{isActive ? ', active, ' : ', '}</span>
      <span className="node-component">{shortComponent(node.component)}</span>
    </span>
  )
}

function Counts({ live }: { live: NodeLive }) {
  return (
    <span className="node-counts">
      <span className={live.received === 0 ? 'muted' : ''} title={`${formatCount(live.received)} received`}>
        {formatShort(live.received)}
      </span>
      <span className="only-read-aloud"> received</span>
      {live.rate > 0 && <span className="node-rate">{formatRate(live.rate)}</span>}
      {live.active > 0 && live.itemsTotal > 0 && (
        <progress
          className="node-items"
          aria-label="items"
          value={Math.min(live.itemsDone, live.itemsTotal)}
          max={live.itemsTotal}
        />
      )}
      {live.active > 1 && <span className="node-active">×{formatShort(live.active)}</span>}
      {live.failed > 0 && (
        <span className="node-failed">
          <Icon name="warn" />
          {formatShort(live.failed)}
          <span className="only-read-aloud"> failed</span>
        </span>
      )}
    </span>
  )
}

interface PortProps {
  port: Port
  side: Position
  isNamed: boolean
}

function PortMark({ port, side, isNamed }: PortProps) {
  const kind = port.isError ? 'port-error' : port.isDetached ? 'port-detached' : ''
  const isAcross = side === Position.Left || side === Position.Right
  return (
    <>
      <Handle
        id={port.name}
        type={port.side === 'in' ? 'target' : 'source'}
        position={side}
        isConnectable={false}
        className={`port ${kind}`}
        style={isAcross ? { top: port.y } : { left: port.x }}
      />
      {isNamed && (
        <span
          className={`port-name port-name-${side} ${kind}`}
          style={isAcross ? { top: port.y } : { left: port.x }}
        >
          {port.name}
        </span>
      )}
    </>
  )
}
