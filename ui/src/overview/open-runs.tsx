import { Link } from 'wouter'
import { path } from '../api/client'
import { useLive } from '../api/live'
import type { FlowSummary, Live, RunSummary } from '../api/types'
import { formatCount, formatRate, formatSpan, plural } from '../parts/format'
import { Panel } from '../parts/panel'
import { Progress } from '../parts/progress'
import { Elapsed } from '../parts/time'

const MOST = 12

export function OpenRuns({ flows }: { flows: FlowSummary[] }) {
  const open = flows.flatMap(flow => flow.recent.filter(run => run.status === 'running'))
  const all = flows.reduce((sum, flow) => sum + flow.openRuns, 0)
  const shown = open.slice(0, MOST)
  return (
    <Panel title="Under way" aside={<Link href="/runs?status=running">{plural(all, 'run')}</Link>}>
      <ul>
        {shown.map(run => (
          <OpenRun key={run.id} run={run} />
        ))}
      </ul>
    </Panel>
  )
}

function OpenRun({ run }: { run: RunSummary }) {
  const live = useLive(run.flow)
  const own = live?.runs.includes(run.id) ? live : null
  return (
    <li className="open-run">
      <Link className="open-run-name" href={path('runs', run.id)}>
        {run.flow}
      </Link>
      <Progress done={own?.done ?? 0} total={own?.total ?? 0} label={`Progress of ${run.flow}`} />
      <span className="open-run-facts">
        <span>{own ? amount(own) : plural(run.tasks, 'task')}</span>
        <span className="muted">{own ? formatRate(own.rate) : ''}</span>
        <span className="muted">
          <Elapsed run={run} />
          {own?.leftSeconds != null && `, ${formatSpan(own.leftSeconds)} left`}
        </span>
      </span>
    </li>
  )
}

function amount({ done, total }: Live): string {
  return total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : `${formatCount(done)} done`
}
