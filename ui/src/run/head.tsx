import { useState } from 'react'
import { Link } from 'wouter'
import { path, post, withQuery } from '../api/client'
import { useMayAct } from '../api/queries'
import type { Bulk, RunDetail } from '../api/types'
import { useAction } from '../parts/action'
import { sayBulk } from '../parts/bulk'
import { Button } from '../parts/button'
import { Copy } from '../parts/copy'
import { Confirm } from '../parts/dialog'
import { formatCount, plural } from '../parts/format'
import { Badge, StatusBadge } from '../parts/status'

export function Head({ run }: { run: RunDetail }) {
  const mayAct = useMayAct()
  return (
    <header className="run-head">
      <nav aria-label="Where this is" className="run-trail">
        <Link href="/runs">Runs</Link>
        <span className="muted">/</span>
        <Link href={withQuery('/runs', { flow: run.flow })}>{run.flow}</Link>
        <span className="muted">/</span>
        <span className="mono muted">{run.id}</span>
        <Copy what="id of the run" text={() => run.id} />
      </nav>
      <div className="run-title">
        <h1>
          <Link href={path('flows', run.flow)}>{run.flow}</Link>
        </h1>
        <StatusBadge status={run.status} />
        {!run.isCurrentVersion && <Badge tone="idle">an earlier version of the flow</Badge>}
        <div className="run-actions">
          {run.deadLetters > 0 && (
            <Link className="button button-plain" href={withQuery('/dead-letters', { run: run.id })}>
              Look at {plural(run.deadLetters, 'dead letter')}
            </Link>
          )}
          {mayAct && run.deadLetters > 0 && <RetryButton run={run} />}
          {mayAct && run.status === 'running' && <CancelButton run={run} />}
        </div>
      </div>
    </header>
  )
}

function RetryButton({ run }: { run: RunDetail }) {
  const retry = useAction({
    act: () => post<Bulk>(`${path('runs', run.id)}/retry`),
    done: bulk => sayBulk(bulk, 'begun again'),
  })
  return (
    <Button icon="retry" kind="primary" isBusy={retry.isPending} onClick={() => retry.mutate()}>
      Retry {formatCount(run.deadLetters)}
    </Button>
  )
}

function CancelButton({ run }: { run: RunDetail }) {
  const [isAsking, setAsking] = useState(false)
  const cancel = useAction({
    act: () => post(`${path('runs', run.id)}/cancel`),
    done: () => 'The run is being cancelled: tasks that are being executed end first',
    after: () => setAsking(false),
  })
  return (
    <>
      <Button icon="stop" kind="danger" onClick={() => setAsking(true)}>
        Cancel run
      </Button>
      {isAsking && (
        <Confirm
          title="Cancel this run?"
          action="Cancel run"
          keep="Let it run"
          isDangerous
          isBusy={cancel.isPending}
          onConfirm={() => cancel.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            What is committed stays. {plural(run.openTasks.length, 'open task')} of {run.flow} will not be
            executed.
          </p>
        </Confirm>
      )}
    </>
  )
}
