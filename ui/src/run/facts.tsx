import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { path } from '../api/client'
import type { RunDetail, RunSummary } from '../api/types'
import { formatCount, formatSeconds } from '../parts/format'
import { StatusMark } from '../parts/status'
import { Elapsed, FullTime } from '../parts/time'

/** The name of a number of a run. */
type Measure = 'seconds' | 'tasks' | 'errors' | 'retries' | 'deadLetters'

/** The numbers of a run, each beside that of the run before it. */
export function Facts({ run }: { run: RunDetail }) {
  const { previous } = run
  return (
    <section className="run-facts" aria-label="In numbers">
      <Fact name="Began">
        <FullTime at={run.startedAt} />
        <small>by {run.trigger}</small>
      </Fact>
      <Fact name="Time">
        <Elapsed run={run} />
        {run.status !== 'running' && (
          <Before run={run} previous={previous} number="seconds" format={formatSeconds} />
        )}
      </Fact>
      <Count name="Tasks" number="tasks" run={run} />
      <Count name="Errors" number="errors" run={run} tone={run.status === 'failed' ? 'bad' : 'warn'} />
      <Count name="Retries" number="retries" run={run} tone="warn" />
      <Count name="Dead letters" number="deadLetters" run={run} tone="bad" />
      {previous && (
        <Fact name="Run before">
          <Link href={path('runs', previous.id)} className="run-before">
            <StatusMark status={previous.status} /> {formatSeconds(previous.seconds)}
          </Link>
          <small>
            <FullTime at={previous.startedAt} />
          </small>
        </Fact>
      )}
    </section>
  )
}

function Fact({ name, tone, children }: { name: string; tone?: string | undefined; children: ReactNode }) {
  return (
    <div className={`run-fact ${tone ? `tone-${tone}` : ''}`}>
      <span className="run-fact-name">{name}</span>
      <span className="run-fact-value">{children}</span>
    </div>
  )
}

interface CountProps {
  name: string
  number: Measure
  run: RunDetail
  /** of a count that is not nothing */
  tone?: 'bad' | 'warn'
}

function Count({ name, number, run, tone }: CountProps) {
  return (
    <Fact name={name} tone={run[number] > 0 ? tone : undefined}>
      {formatCount(run[number])}
      <Before run={run} previous={run.previous} number={number} format={formatCount} />
    </Fact>
  )
}

interface BeforeProps {
  run: RunSummary
  previous: RunSummary | null
  number: Measure
  format: (value: number) => string
}

function Before({ run, previous, number, format }: BeforeProps) {
  if (!previous || (previous[number] === 0 && run[number] === 0)) return null
  const before = previous[number]
  const change = before > 0 ? (run[number] / before - 1) * 100 : 0
  const isMuch = Math.abs(change) >= 10
  return (
    <small>
      before {format(before)}
      {isMuch && number === 'seconds' && `, ${change > 0 ? '+' : '−'}${Math.round(Math.abs(change))} %`}
    </small>
  )
}
