import { type RefObject, useState } from 'react'
import { useNode } from '../../api/queries'
import type { GraphNode, NodeDetail, Sample } from '../../api/types'
import { Failure } from '../../parts/failure'
import { formatCount, formatRate, formatSeconds } from '../../parts/format'
import { Text } from '../../parts/text'
import type { Graph } from '../graph/layout'
import { useNodeLive } from '../live-store'
import type { Selecting } from '../selection'
import { Count, Inspector, Numbers, Part } from './inspector'
import { NodeEdges } from './node-edges'
import './node-panel.css'
import { Ports } from './ports'
import { Samples } from './samples'
import { Settings } from './settings'
import { Templates } from './templates'
import { Tester } from './tester'

interface Props {
  flow: string
  /** whether the version is known that is executed */
  isKnown: boolean
  graph: Graph
  node: GraphNode
  panel: RefObject<HTMLElement | null>
  select: Selecting['select']
  showLine: (line: number) => void
}

export function NodePanel({ flow, isKnown, graph, node, panel, select, showLine }: Props) {
  return (
    <Inspector
      title={node.name}
      about={
        <>
          <code>{node.component}</code> <Text text={node.summary} />
        </>
      }
      panel={panel}
      close={() => select({})}
    >
      {isKnown && <Live flow={flow} node={node.name} />}
      <NodeEdges graph={graph} node={node.name} select={select} />
      {isKnown ? (
        <Known flow={flow} node={node.name} showLine={showLine} />
      ) : (
        <p className="muted">Its messages and settings are known where the flow runs.</p>
      )}
    </Inspector>
  )
}

function Live({ flow, node }: { flow: string; node: string }) {
  const { received, rate, active, failed, itemsDone, itemsTotal } = useNodeLive(node)
  const profile = useNode(flow, node).data?.profile
  return (
    <Numbers>
      <Count name="received">{formatCount(received)}</Count>
      <Count name="rate">{formatRate(rate)}</Count>
      <Count name="active" tone={active > 0 ? 'is-live' : ''}>
        {formatCount(active)}
      </Count>
      <Count name="failed" tone={failed > 0 ? 'is-bad' : ''}>
        {formatCount(failed)}
      </Count>
      {itemsTotal > 0 && (
        <Count name="items">
          {formatCount(itemsDone)} of {formatCount(itemsTotal)}
        </Count>
      )}
      {profile && profile.timed > 0 && (
        <Count name="own time each">
          <span title={`${formatSeconds(profile.seconds)} in ${formatCount(profile.timed)} messages`}>
            {formatSeconds(profile.seconds / profile.timed)}
          </span>
        </Count>
      )}
    </Numbers>
  )
}

interface KnownProps {
  flow: string
  node: string
  showLine: (line: number) => void
}

function Known({ flow, node, showLine }: KnownProps) {
  const { data, error, refetch } = useNode(flow, node)
  if (data) return <Details flow={flow} node={data} showLine={showLine} />
  return error && <Failure error={error} retry={() => void refetch()} />
}

interface DetailsProps {
  flow: string
  node: NodeDetail
  showLine: (line: number) => void
}

function Details({ flow, node, showLine }: DetailsProps) {
  // The first one stays until another is chosen: what somebody reads must not change below their eyes.
  const [chosen, choose] = useState<Sample | null>(null)
  if (chosen === null && node.samples[0]) choose(node.samples[0])
  return (
    <>
      <Part title="Messages">
        <Samples samples={node.samples} chosen={chosen} choose={choose} />
      </Part>
      <Part title="Try an expression">
        <Tester flow={flow} sample={chosen} />
      </Part>
      <Part title="What shapes its input">
        <Templates templates={node.templates} showLine={showLine} />
      </Part>
      <Part title="Settings">
        <Settings node={node} />
      </Part>
      {node.component.documentation !== '' && (
        <Part title={`About ${node.component.name}`}>
          {node.component.documentation.split(/\n\s*\n/).map(paragraph => (
            <p key={paragraph}>
              <Text text={paragraph} />
            </p>
          ))}
        </Part>
      )}
      <Part title="Ports">
        <Ports component={node.component} />
      </Part>
    </>
  )
}
