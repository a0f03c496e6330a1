import { memo, type PointerEvent, useRef, useState } from 'react'
import { spanKey } from '../api/batch'
import type { Profile, TaskSpan } from '../api/types'
import { formatClock } from '../parts/format'
import { type Lanes, ticksOf } from './lanes'
import { RESULTS } from './result'

/** A part of the time of a run, in seconds since it began. */
export interface Stretch {
  from: number
  to: number
}

interface Props {
  lanes: Lanes
  laneHeight: number
  stretch: Stretch
  width: number
  steps: Profile['steps']
  chosen: TaskSpan | null
  setChosen: (span: TaskSpan | null) => void
  setZoom: (stretch: Stretch) => void
}

const RATE_HEIGHT = 30
const AXIS_HEIGHT = 20
const GAP = 6
const TICK_WIDTH = 80
/** A drag that is shorter was meant as a click. */
const LEAST_DRAG = 6

export function Strip(props: Props) {
  const { lanes, laneHeight, stretch, width, steps, chosen, setChosen, setZoom } = props
  const top = RATE_HEIGHT + GAP
  const bottom = top + lanes.count * laneHeight
  const scale = width / (stretch.to - stretch.from)
  const drag = useDrag(width, (from, to) =>
    setZoom({ from: stretch.from + from / scale, to: stretch.from + to / scale }),
  )
  const point = (event: PointerEvent<SVGSVGElement>) => {
    drag.move(event)
    const index = (event.target as SVGElement).dataset.index
    if (index !== undefined) setChosen(lanes.placed[Number(index)]?.span ?? null)
  }
  return (
    <svg
      width={width}
      height={bottom + AXIS_HEIGHT}
      aria-hidden="true"
      onPointerDown={drag.begin}
      onPointerMove={point}
      onPointerUp={drag.end}
      onPointerCancel={drag.cancel}
    >
      <Axis {...{ stretch, width, bottom }} />
      <Rate {...{ steps, stretch, scale }} />
      <Spans {...{ lanes, laneHeight, stretch, scale, width, top }} />
      {chosen && <Chosen {...{ lanes, laneHeight, stretch, scale, top, chosen }} />}
      {drag.range && (
        <rect
          className="strip-drag"
          x={drag.range[0]}
          width={drag.range[1] - drag.range[0]}
          height={bottom}
        />
      )}
    </svg>
  )
}

function Axis({ stretch, width, bottom }: { stretch: Stretch; width: number; bottom: number }) {
  const scale = width / (stretch.to - stretch.from)
  const ticks = ticksOf(stretch.from, stretch.to, Math.max(2, Math.floor(width / TICK_WIDTH)))
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0)
  return (
    <g className="strip-axis">
      {ticks.map(at => {
        const x = Math.round((at - stretch.from) * scale) + 0.5
        const anchor = x < 20 ? 'start' : x > width - 20 ? 'end' : 'middle'
        return (
          <g key={at}>
            <line x1={x} x2={x} y2={bottom} />
            <text x={x} y={bottom + AXIS_HEIGHT - 6} textAnchor={anchor}>
              {formatClock(at, step)}
            </text>
          </g>
        )
      })}
    </g>
  )
}

/** Tasks done over time, as an area above the lanes. */
function Rate({ steps, stretch, scale }: { steps: Profile['steps']; stretch: Stretch; scale: number }) {
  const most = Math.max(...steps.tasks, 1)
  const x = (step: number) => ((step * steps.seconds - stretch.from) * scale).toFixed(1)
  const points = steps.tasks.map((tasks, step) => {
    const y = (RATE_HEIGHT * (1 - tasks / most)).toFixed(1)
    return `L${x(step)} ${y}L${x(step + 1)} ${y}`
  })
  if (points.length === 0) return null
  return (
    <path
      className="strip-rate"
      d={`M${x(0)} ${RATE_HEIGHT}${points.join('')}L${x(points.length)} ${RATE_HEIGHT}Z`}
    />
  )
}

interface SpansProps {
  lanes: Lanes
  laneHeight: number
  stretch: Stretch
  scale: number
  width: number
  top: number
}

const Spans = memo(function Spans({ lanes, laneHeight, stretch, scale, width, top }: SpansProps) {
  return lanes.placed.map(({ span, lane }, index) => {
    const x = (span.beganSeconds - stretch.from) * scale
    const length = Math.max(1.5, span.seconds * scale - 0.5)
    if (x + length < 0 || x > width) return null
    return (
      <rect
        key={spanKey(span)}
        data-index={index}
        className={`strip-span strip-${span.result} tone-${RESULTS[span.result].tone}`}
        x={x}
        y={top + lane * laneHeight}
        width={length}
        height={laneHeight - 1}
        rx={1}
      />
    )
  })
})

function Chosen({
  lanes,
  laneHeight,
  stretch,
  scale,
  top,
  chosen,
}: Omit<SpansProps, 'width'> & { chosen: TaskSpan }) {
  const place = lanes.placed.find(({ span }) => spanKey(span) === spanKey(chosen))
  if (!place) return null
  const x = (place.span.beganSeconds - stretch.from) * scale
  return (
    <rect
      className="strip-chosen"
      x={x - 1}
      y={top + place.lane * laneHeight - 1}
      width={Math.max(1.5, place.span.seconds * scale) + 2}
      height={laneHeight + 1}
      rx={2}
    />
  )
}

/** Dragging over a stretch, in pixels. */
function useDrag(width: number, onDone: (from: number, to: number) => void) {
  const start = useRef<number | null>(null)
  const [range, setRange] = useState<[number, number] | null>(null)
  const at = (event: PointerEvent<SVGSVGElement>) =>
    Math.max(0, Math.min(width, event.clientX - event.currentTarget.getBoundingClientRect().left))
  const cancel = () => {
    start.current = null
    setRange(null)
  }
  return {
    range,
    cancel,
    begin(event: PointerEvent<SVGSVGElement>) {
      if (event.button !== 0 || event.pointerType === 'touch') return
      start.current = at(event)
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    move(event: PointerEvent<SVGSVGElement>) {
      if (start.current === null) return
      const now = at(event)
      if (Math.abs(now - start.current) >= LEAST_DRAG)
        setRange([Math.min(start.current, now), Math.max(start.current, now)])
    },
    end() {
      if (range) onDone(...range)
      cancel()
    },
  }
}
