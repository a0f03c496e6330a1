import type { EdgeProps } from '@xyflow/react'
import { memo, useMemo } from 'react'
import { formatRate, formatShort } from '../../parts/format'
import { useEdgeLive } from '../live-store'
import type { WireEdge } from './elements'
import { type LabelPlace, labelPlace, pathOf, tipOf } from './path'
import './wire.css'

export const Wire = memo(({ id, data, selected }: EdgeProps<WireEdge>) => {
  const points = data?.points
  const free = data?.free ?? 'right'
  const drawn = useMemo(
    () => points && { path: pathOf(points), tip: tipOf(points), place: labelPlace(points, free) },
    [points, free],
  )
  const live = useEdgeLive(id)
  if (!data || !drawn) return null
  const { edge, isError, isNear } = data
  const kinds = [
    edge.isBoundary && 'is-boundary',
    edge.closesLoop && 'is-loop',
    isError && 'is-error',
    live.rate > 0 && 'is-live',
    isNear && 'is-near',
    selected && 'is-chosen',
  ]
  return (
    <g className={`wire ${kinds.filter(Boolean).join(' ')}`}>
      <path className="wire-line" d={drawn.path} />
      {edge.isBoundary && <path className="wire-core" d={drawn.path} />}
      <path className="wire-tip" d={drawn.tip} />
      <path className="wire-target" d={drawn.path} />
      {edge.isBoundary && <TaskMark place={drawn.place} />}
      <Label place={drawn.place} isLoop={edge.closesLoop} isBoundary={edge.isBoundary} {...live} />
    </g>
  )
})

/** What waits here is a task, kept in the store. */
function TaskMark({ place }: { place: LabelPlace }) {
  return <rect className="wire-task" x={place.x - 4.5} y={place.y - 4.5} width={9} height={9} rx={1.5} />
}

interface LabelProps {
  place: LabelPlace
  isLoop: boolean
  isBoundary: boolean
  crossed: number
  rate: number
}

function Label({ place, isLoop, isBoundary, crossed, rate }: LabelProps) {
  if (crossed === 0 && !isLoop) return null
  const counts = [isLoop && '↺', crossed > 0 && formatShort(crossed), rate > 0 && `· ${formatRate(rate)}`]
  const gap = isBoundary ? 8 : 6
  const x = { above: place.x, left: place.x - gap, right: place.x + gap }[place.side]
  const y = place.side === 'above' ? place.y - gap : place.y + 3.5
  return (
    <text className={`wire-label wire-label-${place.side}`} x={x} y={y}>
      {counts.filter(Boolean).join(' ')}
    </text>
  )
}
