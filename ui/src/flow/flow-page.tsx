import { useLayoutEffect, useState } from 'react'
import { Failure } from '../parts/failure'
import { useTitle } from '../parts/title'
import { FlowHead } from './flow-head'
import './flow-page.css'
import { LiveContext, LiveStore } from './live-store'
import { Now } from './now/now'
import { Problems } from './problems'
import { Triggers } from './triggers/triggers'
import { type StillFlow, useFlowLive, useStillFlow } from './use-flow'
import { type Shown, Workbench } from './workbench'

export default function FlowPage({ name }: { name: string }) {
  useTitle(name)
  const { data, error, refetch } = useStillFlow(name)
  if (data) return <Loaded flow={data} />
  return (
    <div className="flow">
      <h1>{name}</h1>
      {error && <Failure error={error} retry={() => void refetch()} />}
    </div>
  )
}

function Loaded({ flow }: { flow: StillFlow }) {
  const [store] = useState(() => new LiveStore())
  const [shown, setShown] = useState<Shown | null>(() => firstMistake(flow))
  const showLine = (line: number) => setShown(before => ({ line, turn: (before?.turn ?? 0) + 1 }))
  return (
    <LiveContext value={store}>
      <LiveFeed name={flow.name} store={store} />
      <div className="flow">
        <FlowHead flow={flow} />
        <Problems flow={flow} showLine={showLine} />
        {(flow.triggers.length > 0 || flow.recent.length > 0) && (
          <div className="flow-facts">
            <Now flow={flow} />
            <Triggers flow={flow} />
          </div>
        )}
        <Workbench flow={flow} shown={shown} showLine={showLine} />
      </div>
    </LiveContext>
  )
}

/** A file that does not load is opened at its first mistake. */
function firstMistake({ state, findings }: StillFlow): Shown | null {
  const mistake = findings.find(finding => finding.severity === 'error')
  return state === 'invalid' && mistake ? { line: mistake.line, turn: 0 } : null
}

/** Renders nothing: it alone is called anew for each event. */
function LiveFeed({ name, store }: { name: string; store: LiveStore }) {
  const live = useFlowLive(name)
  useLayoutEffect(() => {
    if (live) store.set(live)
  }, [live, store])
  return null
}
