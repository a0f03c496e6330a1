import { useState } from 'react'
import { useFlows } from '../api/queries'
import type { FlowSummary } from '../api/types'
import { Failure } from '../parts/failure'
import { plural } from '../parts/format'
import { Empty, Panel } from '../parts/panel'
import { useTitle } from '../parts/title'
import { findMatters } from './attention'
import { FlowTable } from './flow-table'
import { Matters } from './matters'
import { OpenRuns } from './open-runs'
import './overview.css'

/** With fewer flows one finds them by looking. */
const FILTER_FROM = 8

export function Overview() {
  useTitle('Overview')
  const flows = useFlows()
  if (flows.error && !flows.data) return <Failure error={flows.error} retry={flows.refetch} />
  if (!flows.data) return <Waiting />
  if (flows.data.length === 0) return <NoFlow />
  return <Everything flows={flows.data} />
}

function Everything({ flows }: { flows: FlowSummary[] }) {
  const matters = findMatters(flows)
  const running = flows.reduce((sum, flow) => sum + flow.openRuns, 0)
  return (
    <div className="overview">
      <header className="overview-head">
        <h1>Overview</h1>
        <p className="muted">
          {[
            plural(flows.length, 'flow'),
            running === 0 ? 'nothing is running' : `${plural(running, 'run')} under way`,
            matters.length === 0 ? 'all is well' : `${plural(matters.length, 'matter')} to look at`,
          ].join(' · ')}
        </p>
      </header>
      {running > 0 && <OpenRuns flows={flows} />}
      {matters.length > 0 && <Matters matters={matters} />}
      <Flows flows={flows} />
    </div>
  )
}

function Flows({ flows }: { flows: FlowSummary[] }) {
  const [text, setText] = useState('')
  const wanted = text.trim().toLowerCase()
  const shown = flows.filter(flow => `${flow.name} ${flow.description}`.toLowerCase().includes(wanted))
  const filter = flows.length >= FILTER_FROM && (
    <input
      className="field"
      type="search"
      placeholder="Filter by name"
      aria-label="Filter flows by name"
      value={text}
      onChange={event => setText(event.target.value)}
    />
  )
  return (
    <Panel title="Flows" aside={filter}>
      <FlowTable flows={shown} />
    </Panel>
  )
}

function NoFlow() {
  return (
    <>
      <h1>Overview</h1>
      <Empty title="No flow yet">
        <p>
          This server follows the flow files of its folder, and there is none. Write one, and it is here as
          soon as it is saved; so is a flow that others execute on the same store of many machines.
        </p>
        <p>
          <code>headrace demo</code> shows a complete one; <code>headrace validate users.yaml</code> tells
          every mistake at once.
        </p>
      </Empty>
    </>
  )
}

function Waiting() {
  return (
    <p className="muted" role="status">
      Reading…
    </p>
  )
}
