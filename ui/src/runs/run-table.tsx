import { memo } from 'react'
import { Link } from 'wouter'
import { path, withQuery } from '../api/client'
import type { RunSummary } from '../api/types'
import { formatCount } from '../parts/format'
import { Measure } from '../parts/measure'
import { StatusBadge, toneOf } from '../parts/status'
import { Elapsed, Time } from '../parts/time'

export function RunTable({ runs }: { runs: RunSummary[] }) {
  const longest = longestOfFlow(runs)
  return (
    <table className="table run-table">
      <thead>
        <tr>
          <th>Run of</th>
          <th>Status</th>
          <th>Began</th>
          <th className="number">Time</th>
          <th className="number">Tasks</th>
          <th className="number">Errors</th>
          <th className="number">Retries</th>
          <th className="number">Dead letters</th>
          <th>Run</th>
        </tr>
      </thead>
      <tbody>
        {runs.map(run => (
          <RunRow key={run.id} run={run} longest={longest.get(run.flow) ?? 1} />
        ))}
      </tbody>
    </table>
  )
}

/** Times are compared within a flow: runs of another are of another kind. */
function longestOfFlow(runs: RunSummary[]): Map<string, number> {
  const longest = new Map<string, number>()
  for (const { flow, seconds } of runs) longest.set(flow, Math.max(longest.get(flow) ?? 0.001, seconds))
  return longest
}

const RunRow = memo(function RunRow({ run, longest }: { run: RunSummary; longest: number }) {
  return (
    <tr>
      <td>
        <Link className="run-link" href={path('runs', run.id)}>
          {run.flow}
        </Link>{' '}
        <span className="muted nowrap">by {run.trigger}</span>
      </td>
      <td>
        <StatusBadge status={run.status} />
      </td>
      <td data-label="Began">
        <Time at={run.startedAt} />
      </td>
      <td data-label="Time" className="number">
        <Measure share={run.seconds / longest} tone={toneOf(run.status)}>
          <Elapsed run={run} />
        </Measure>
      </td>
      <td data-label="Tasks" className="number">
        {formatCount(run.tasks)}
      </td>
      <Count label="Errors" count={run.errors} tone={run.status === 'failed' ? 'bad' : 'warn'} />
      <Count label="Retries" count={run.retries} tone="warn" />
      <td data-label="Dead letters" className={phoneClass(run.deadLetters)}>
        {run.deadLetters > 0 && (
          <Link className="count-bad" href={withQuery('/dead-letters', { run: run.id })}>
            {formatCount(run.deadLetters)}
          </Link>
        )}
      </td>
      <td className="not-on-phone">
        <span className="mono muted nowrap">{run.id}</span>
      </td>
    </tr>
  )
})

/** Nothing is the rule, and says nothing. */
const phoneClass = (count: number) => (count > 0 ? 'number' : 'number not-on-phone')

function Count({ label, count, tone }: { label: string; count: number; tone: 'bad' | 'warn' }) {
  return (
    <td data-label={label} className={phoneClass(count)}>
      {count > 0 && <span className={`count-${tone}`}>{formatCount(count)}</span>}
    </td>
  )
}
