import { Link } from 'wouter'
import { withQuery } from '../api/client'
import { Executors } from '../parts/executors'
import { plural } from '../parts/format'
import { elsewhereOf, isWorthTelling } from '../parts/hosts'
import { Spark } from '../parts/spark'
import { Badge, StatusBadge } from '../parts/status'
import type { StillFlow } from './use-flow'

export function FlowHead({ flow }: { flow: StillFlow }) {
  return (
    <header className="flow-head">
      <h1>{flow.name}</h1>
      <State flow={flow} />
      <p className="flow-description">{flow.description}</p>
      <div className="flow-past">
        {flow.deadLetters > 0 && (
          <Link className="flow-letters" href={withQuery('/dead-letters', { flow: flow.name })}>
            {plural(flow.deadLetters, 'dead letter')}
          </Link>
        )}
        {flow.recent.length > 0 && <Spark runs={flow.recent} />}
        <Link href={withQuery('/runs', { flow: flow.name })}>all runs</Link>
        {flow.version !== null && (
          <span className="muted" title={`Version ${flow.version}`}>
            version <code>{flow.version.slice(0, 8)}</code>
          </span>
        )}
      </div>
      {isWorthTelling(flow.executors) && (
        <div className="flow-executors">
          <span>executed by</span>
          <Executors executors={flow.executors} />
        </div>
      )}
    </header>
  )
}

function State({ flow }: { flow: StillFlow }) {
  if (flow.state === 'invalid') {
    return (
      <Badge tone="bad" icon="warn">
        cannot run
      </Badge>
    )
  }
  const isElsewhere = flow.state === 'elsewhere'
  if (isElsewhere && !flow.takesActions) {
    return (
      <Badge tone="warn" icon="warn">
        runs elsewhere
      </Badge>
    )
  }
  const last = flow.recent[0]
  const isPaused = flow.triggers.length > 0 && flow.triggers.every(trigger => trigger.isPaused)
  return (
    <>
      {flow.openRuns > 0 ? (
        <Badge tone="live" icon="play">
          {plural(flow.openRuns, 'run')}
        </Badge>
      ) : (
        last && <StatusBadge status={last.status} />
      )}
      {isPaused && (
        <Badge tone="warn" icon="pause">
          paused
        </Badge>
      )}
      {isElsewhere && <Badge tone="idle">{elsewhereOf(flow)}</Badge>}
    </>
  )
}
