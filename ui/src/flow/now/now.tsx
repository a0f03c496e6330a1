import { Link } from 'wouter'
import { path, withQuery } from '../../api/client'
import type { Live, RunSummary } from '../../api/types'
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
  const last = flow.recent[0]
  return (
    <Panel title={isRunning ? 'Now' : 'Last run'} aside={<Aside flow={flow} live={live} />} className="now">
      {isRunning && <Numbers live={live} />}
      {!isRunning && last && <LastNumbers run={last} />}
      {!isRunning && !last && <p className="now-none muted">It has not run yet.</p>}
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

function Numbers({ live }: { live: Live }) {
  const { done, total, rate, leftSeconds, elapsedSeconds, pages, batches } = live
  return (
    <dl className="now-numbers">
      <Count
        name="done"
        value={total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : formatCount(done)}
      />
      <Count name="rate" value={formatRate(rate)} />
      <Count name="time left" value={leftSeconds === null ? '–' : formatSeconds(leftSeconds)} />
      <Count name="elapsed" value={formatSeconds(elapsedSeconds)} />
      {pages > 0 && <Count name="pages" value={formatCount(pages)} />}
      {batches > 0 && <Count name="batches" value={formatCount(batches)} />}
    </dl>
  )
}

/** Counts of a flow begin anew with its version; what is kept of the run does not. */
function LastNumbers({ run }: { run: RunSummary }) {
  return (
    <dl className="now-numbers">
      <Count name="tasks" value={formatCount(run.tasks)} />
      <Count name="errors" value={formatCount(run.errors)} />
      <Count name="retries" value={formatCount(run.retries)} />
      <Count name="dead letters" value={formatCount(run.deadLetters)} />
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
