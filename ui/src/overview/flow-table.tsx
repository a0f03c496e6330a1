import { memo } from 'react'
import { Link } from 'wouter'
import { path, withQuery } from '../api/client'
import type { FlowSummary, Trigger } from '../api/types'
import { formatCount } from '../parts/format'
import { elsewhereOf } from '../parts/hosts'
import { useNow } from '../parts/now'
import { Spark } from '../parts/spark'
import { Badge, StatusBadge } from '../parts/status'
import { Elapsed, Time } from '../parts/time'

const LATE_MS = 60_000

export function FlowTable({ flows }: { flows: FlowSummary[] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th>Flow</th>
          <th>Last runs</th>
          <th>Last result</th>
          <th>Data from</th>
          <th>Next</th>
          <th className="number">Dead letters</th>
        </tr>
      </thead>
      <tbody>
        {flows.map(flow => (
          <FlowRow key={flow.name} flow={flow} />
        ))}
      </tbody>
    </table>
  )
}

/** Drawn anew only when its own flow changes: there may be hundreds. */
const FlowRow = memo(function FlowRow({ flow }: { flow: FlowSummary }) {
  return (
    <tr>
      <td className="wide">
        <Link href={path('flows', flow.name)} className="flow-link">
          {flow.name}
        </Link>
        <span className="table-second">{flow.description || flow.path}</span>
      </td>
      <td>
        {flow.recent.length > 0 ? <Spark runs={flow.recent} /> : <span className="muted">no run yet</span>}
      </td>
      <td data-label="Last result">
        <LastResult flow={flow} />
      </td>
      <td data-label="Data from" className={flow.lastSuccess === null ? 'not-on-phone' : ''}>
        {flow.lastSuccess === null ? <span className="muted">–</span> : <Time at={flow.lastSuccess} />}
      </td>
      <td data-label="Next">
        <Next flow={flow} />
      </td>
      <td data-label="Dead letters" className={flow.deadLetters > 0 ? 'number' : 'number not-on-phone'}>
        {flow.deadLetters > 0 && (
          <Link href={withQuery('/dead-letters', { flow: flow.name })}>{formatCount(flow.deadLetters)}</Link>
        )}
      </td>
    </tr>
  )
})

function LastResult({ flow }: { flow: FlowSummary }) {
  const [run] = flow.recent
  if (flow.state === 'invalid') {
    return (
      <Badge tone="bad" icon="warn">
        invalid
      </Badge>
    )
  }
  if (!run) return <span className="muted">–</span>
  return (
    <span className="flow-result">
      <Link href={path('runs', run.id)} className="quiet-link">
        <StatusBadge status={run.status} />
      </Link>
      <span className="muted">
        <Elapsed run={run} />
      </span>
    </span>
  )
}

/** What starts this flow next: the soonest firing, else what it waits for. */
function Next({ flow }: { flow: FlowSummary }) {
  const isElsewhere = flow.state === 'elsewhere'
  if (isElsewhere && (!flow.takesActions || flow.problem !== null)) {
    return <Badge tone="idle">{elsewhereOf(flow)}</Badge>
  }
  const byTime = flow.triggers
    .filter((trigger): trigger is Trigger & { nextFiring: string } => trigger.nextFiring !== null)
    .sort((left, right) => left.nextFiring.localeCompare(right.nextFiring))
  const paused = flow.triggers.filter(trigger => trigger.isPaused && trigger.isStarted)
  const [soonest] = byTime
  const listening = flow.triggers.find(trigger => trigger.kind === 'listens' && !trigger.isPaused)
  return (
    <span className="flow-next">
      {soonest && <Firing at={soonest.nextFiring} />}
      {soonest?.when && <span className="table-second">{soonest.when}</span>}
      {!soonest && listening && (
        <>
          <span>on request</span>
          <span className="table-second mono">{listening.when}</span>
        </>
      )}
      {paused.length > 0 && (
        <Badge tone="warn" icon="pause">
          {paused.length === flow.triggers.length ? 'paused' : `${paused.length} paused`}
        </Badge>
      )}
      {isElsewhere && <span className="table-second">{elsewhereOf(flow)}</span>}
      {!isElsewhere && !soonest && !listening && paused.length === 0 && <span className="muted">–</span>}
    </span>
  )
}

/** A firing whose time has long come waits for something: it is late. */
function Firing({ at }: { at: string }) {
  const now = useNow()
  if (now - Date.parse(at) < LATE_MS) return <Time at={at} />
  return (
    <Badge tone="warn" icon="clock">
      late: <Time at={at} />
    </Badge>
  )
}
