import { useReactFlow } from '@xyflow/react'
import { Button } from '../../parts/button'
import type { Direction } from './size'

interface Props {
  direction: Direction
  turn: () => void
  fit: () => void
}

export function Tools({ direction, turn, fit }: Props) {
  const flow = useReactFlow()
  const other = direction === 'right' ? 'Draw it downwards' : 'Draw it to the right'
  return (
    <div className="graph-tools nopan nowheel">
      <Button
        kind="quiet"
        icon={direction === 'right' ? 'arrow-down' : 'arrow-right'}
        aria-label={other}
        title={other}
        onClick={turn}
      />
      <Button
        kind="quiet"
        icon="minus"
        aria-label="Smaller"
        title="Smaller"
        onClick={() => void flow.zoomOut()}
      />
      <Button
        kind="quiet"
        icon="plus"
        aria-label="Larger"
        title="Larger"
        onClick={() => void flow.zoomIn()}
      />
      <Button kind="quiet" icon="fit" aria-label="Show all" title="Show all" onClick={fit} />
    </div>
  )
}
