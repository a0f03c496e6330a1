import '@xyflow/react/dist/base.css'
import { ReactFlowProvider } from '@xyflow/react'
import { useRef, useState } from 'react'
import { Failure } from '../../parts/failure'
import type { Selecting } from '../selection'
import { Canvas } from './canvas'
import type { Choice } from './choice'
import './graph-pane.css'
import type { Graph } from './layout'
import { Legend } from './legend'
import { Tools } from './tools'
import { useLayout } from './use-layout'
import { useSize } from './use-size'

interface Props extends Selecting {
  graph: Graph
  choose: (node: string, isByKey: boolean) => void
}

/** The flow as a graph, with what moves in it. */
export function GraphPane({ graph, selection, select, choose }: Props) {
  const pane = useRef<HTMLDivElement>(null)
  const size = useSize(pane)
  const [choice, setChoice] = useState<Choice>('auto')
  const { layout, failure } = useLayout(graph, choice, size)
  return (
    <ReactFlowProvider>
      <section className="graph" aria-label="Graph">
        <div className="graph-canvas" ref={pane}>
          {failure && <Failure error={failure} />}
          {layout && size && <Canvas {...{ graph, layout, pane: size, selection, select, choose }} />}
        </div>
        <footer className="graph-foot">
          <Legend graph={graph} />
          {layout && (
            <Tools layout={layout} turn={() => setChoice(layout.direction === 'right' ? 'down' : 'right')} />
          )}
        </footer>
      </section>
    </ReactFlowProvider>
  )
}
