import type { RunDetail, TaskFacts } from '../api/types'
import { Executors } from '../parts/executors'
import { formatCount, plural } from '../parts/format'
import { isWorthTelling } from '../parts/hosts'
import { JsonView } from '../parts/json'
import { Panel } from '../parts/panel'
import { FullTime, Time } from '../parts/time'

const SHOWN_TASKS = 20

export function OpenTasks({ tasks }: { tasks: TaskFacts[] }) {
  return (
    <Panel title="Open tasks" aside={<span className="muted">{formatCount(tasks.length)}</span>}>
      <ul className="run-list">
        {tasks.slice(0, SHOWN_TASKS).map(task => (
          <li key={task.task}>
            <span className="mono">
              {task.node}:{task.port}
            </span>
            <p className="muted">
              {[
                `attempt ${task.attempt}`,
                task.databaseFailures > 0 &&
                  plural(task.databaseFailures, 'failure of the database', 'failures of the database'),
                task.interruptions > 0 && plural(task.interruptions, 'interruption'),
              ]
                .filter(Boolean)
                .join(', ')}
              {task.dueAt && (
                <>
                  , due <Time at={task.dueAt} />
                </>
              )}
            </p>
          </li>
        ))}
        {tasks.length > SHOWN_TASKS && (
          <li className="muted">and {formatCount(tasks.length - SHOWN_TASKS)} more</li>
        )}
      </ul>
    </Panel>
  )
}

/** What is committed with the tasks: exact, however often a task was tried. */
export function Counters({ counters }: { counters: RunDetail['counters'] }) {
  const entries = Object.entries(counters).sort(([left], [right]) => left.localeCompare(right))
  return (
    <Panel title="Durable counts">
      {entries.length === 0 ? (
        <p className="run-none muted">nothing counted</p>
      ) : (
        <dl className="run-pairs">
          {entries.map(([name, count]) => (
            <div key={name}>
              <dt className="mono">{name}</dt>
              <dd>{formatCount(count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  )
}

export function Settings({ run }: { run: RunDetail }) {
  return (
    <Panel title="About this run">
      <dl className="run-pairs">
        <div>
          <dt>Scheduled</dt>
          <dd>
            <FullTime at={run.scheduledAt} />
          </dd>
        </div>
        {run.endedAt && (
          <div>
            <dt>Ended</dt>
            <dd>
              <FullTime at={run.endedAt} />
            </dd>
          </div>
        )}
        <div>
          <dt>Version</dt>
          <dd className="mono">{run.version.slice(0, 12)}</dd>
        </div>
        {isWorthTelling(run.executors) ? (
          <div>
            <dt>Executed by</dt>
            <dd>
              <Executors executors={run.executors} />
            </dd>
          </div>
        ) : (
          run.process !== null && (
            <div>
              <dt>Process</dt>
              <dd>{run.process}</dd>
            </div>
          )
        )}
      </dl>
      {Object.keys(run.vars).length > 0 && (
        <details className="run-vars">
          <summary>Vars</summary>
          <JsonView value={run.vars} />
        </details>
      )}
    </Panel>
  )
}
