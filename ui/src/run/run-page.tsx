import { Link } from 'wouter'
import { ApiFailure } from '../api/client'
import { useRun } from '../api/queries'
import type { RunDetail } from '../api/types'
import { Failure } from '../parts/failure'
import { useTitle } from '../parts/title'
import { ApiPanel } from './apis'
import { Errors } from './errors'
import { Facts } from './facts'
import { Head } from './head'
import { NodeTable } from './node-table'
import './run.css'
import { Counters, OpenTasks, Settings } from './side'
import { Slowest } from './slowest'
import { Timeline } from './timeline'
import { UnderWay } from './under-way'

export default function RunPage({ id }: { id: string }) {
  const run = useRun(id)
  useTitle(run.data ? `${run.data.flow}, ${run.data.status}` : id)
  if (run.error && !run.data) {
    if (run.error instanceof ApiFailure && run.error.status === 404) return <NoRun id={id} />
    return <Failure error={run.error} retry={run.refetch} />
  }
  if (!run.data) {
    return (
      <p className="muted" role="status">
        Reading…
      </p>
    )
  }
  return <Everything run={run.data} />
}

function NoRun({ id }: { id: string }) {
  return (
    <>
      <h1>There is no such run</h1>
      <p>
        <span className="mono">{id}</span> is not in the store: it was never there, or its time to be kept is
        over. See <Link href="/runs">the runs</Link> that are.
      </p>
    </>
  )
}

function Everything({ run }: { run: RunDetail }) {
  const { profile } = run
  return (
    <div className="run">
      <Head run={run} />
      <Facts run={run} />
      {run.status === 'running' && <UnderWay run={run} />}
      {profile && profile.tasks.length > 0 && <Timeline run={run} profile={profile} />}
      {run.errors > 0 && <Errors run={run} />}
      <div className="run-columns">
        <div className="run-column">
          {profile && Object.keys(profile.nodes).length > 0 && <NodeTable run={run} profile={profile} />}
          {profile && profile.slowest.length > 0 && <Slowest spans={profile.slowest} />}
          {!profile && (
            <p className="muted">
              How this run went in detail is not kept: it was executed elsewhere, or before.
            </p>
          )}
        </div>
        <div className="run-column">
          {run.live && run.live.apis.length > 0 && <ApiPanel apis={run.live.apis} />}
          {run.openTasks.length > 0 && <OpenTasks tasks={run.openTasks} />}
          <Counters counters={run.counters} />
          <Settings run={run} />
        </div>
      </div>
    </div>
  )
}
