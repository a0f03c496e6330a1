import { useReactFlow } from '@xyflow/react'
import { Button } from '../../parts/button'
import type { IconName } from '../../parts/icon'
import type { Layout } from './layout'

interface Props {
  layout: Layout
  turn: () => void
}

export function Tools({ layout, turn }: Props) {
  const flow = useReactFlow()
  const { direction, width, height } = layout
  const all = { x: 0, y: 0, width, height }
  return (
    <div className="graph-tools">
      <Tool
        icon={direction === 'right' ? 'arrow-down' : 'arrow-right'}
        name={direction === 'right' ? 'Draw it downwards' : 'Draw it to the right'}
        act={turn}
      />
      <Tool icon="minus" name="Smaller" act={() => void flow.zoomOut()} />
      <Tool icon="plus" name="Larger" act={() => void flow.zoomIn()} />
      <Tool icon="fit" name="Show all" act={() => void flow.fitBounds(all, { padding: 0.04 })} />
    </div>
  )
}

function Tool({ icon, name, act }: { icon: IconName; name: string; act: () => void }) {
  return <Button kind="quiet" icon={icon} aria-label={name} title={name} onClick={act} />
}
