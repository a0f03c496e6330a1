import { Link } from 'wouter'
import { path, withQuery } from '../../api/client'
import type { Live } from '../../api/types'
import { formatCount, formatPercent, formatRate, formatSeconds } from '../../parts/format'
import { Panel } from '../../parts/panel'
import { Progress } from '../../parts/progress'
import { StatusBadge } from '../../parts/status'
import { Elapsed, Time } from '../../parts/time'
import { type StillFlow, useFlowLive } from '../use-flow'
import { Apis } from './apis'
import './now.css'

const MOST_RUNS = 3

/** How far the runs of now are, or how the last one went. */
export function Now({ flow }: { flow: StillFlow }) {
  const live = useFlowLive(flow.name)
  const isRunning = live !== null && live.runs.length > 0
  const isNew = !isRunning && flow.recent.length === 0
  return (
    <Panel title={isRunning ? 'Now' : 'Last run'} aside={<Aside flow={flow} live={live} />} className="now">
      {live && !isNew && <Numbers live={live} isRunning={isRunning} />}
      {isNew && <p className="now-none muted">It has not run yet.</p>}
      {isRunning && live.apis.length > 0 && <Apis apis={live.apis} />}
    </Panel>
  )
}

function Aside({ flow, live }: { flow: StillFlow; live: Live | null }) {
  const last = flow.recent[0]
  if (live && live.runs.length > 0) {
    return (
      <>
        <Bar live={live} />
        <span className="now-runs">
          {live.runs.slice(0, MOST_RUNS).map(run => (
            <Link key={run} href={path('runs', run)}>
              run {run.slice(-8)}
            </Link>
          ))}
          {live.runs.length > MOST_RUNS && (
            <Link href={withQuery('/runs', { flow: flow.name, status: 'running' })}>
              {live.runs.length - MOST_RUNS} more
            </Link>
          )}
        </span>
      </>
    )
  }
  if (!last) return null
  return (
    <span className="now-runs">
      <StatusBadge status={last.status} />
      <Time at={last.startedAt} />
      <Elapsed run={last} />
      <Link href={path('runs', last.id)}>open</Link>
    </span>
  )
}

function Bar({ live }: { live: Live }) {
  const isKnown = live.total > 0
  return (
    <div className="now-bar">
      <Progress done={live.done} total={live.total} label="Progress" />
      <span className="now-percent">{isKnown ? formatPercent(live.done, live.total) : ''}</span>
    </div>
  )
}

function Numbers({ live, isRunning }: { live: Live; isRunning: boolean }) {
  const done =
    live.total > 0 ? `${formatCount(live.done)} of ${formatCount(live.total)}` : formatCount(live.done)
  return (
    <dl className="now-numbers">
      <Count name="done" value={done} />
      {isRunning && <Count name="rate" value={formatRate(live.rate)} />}
      {isRunning && (
        <Count name="time left" value={live.leftSeconds === null ? '–' : formatSeconds(live.leftSeconds)} />
      )}
      <Count name={isRunning ? 'elapsed' : 'took'} value={formatSeconds(live.elapsedSeconds)} />
      {live.pages > 0 && <Count name="pages" value={formatCount(live.pages)} />}
      {live.batches > 0 && <Count name="batches" value={formatCount(live.batches)} />}
    </dl>
  )
}

function Count({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
