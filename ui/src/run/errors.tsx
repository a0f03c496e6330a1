import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { path, withQuery } from '../api/client'
import type { RunDetail, RunError } from '../api/types'
import { Button } from '../parts/button'
import { Excerpt } from '../parts/excerpt'
import { Facts } from '../parts/facts'
import { formatCount, formatLocal, plural } from '../parts/format'
import { Panel } from '../parts/panel'
import { Badge } from '../parts/status'
import { Text } from '../parts/text'
import { type ErrorGroup, groupErrors, isGrave } from './group-errors'

const SHOWN_GROUPS = 6
const STEP = 20

export function Errors({ run }: { run: RunDetail }) {
  const [shown, setShown] = useState(SHOWN_GROUPS)
  const groups = useMemo(() => groupErrors(run.errorList), [run.errorList])
  const isCut = run.errors > run.errorList.length
  return (
    <Panel
      title={`Errors, ${plural(groups.length, 'kind')}`}
      aside={isCut && <span className="muted">the first {formatCount(run.errorList.length)}</span>}
    >
      {groups.slice(0, shown).map(group => (
        <Group key={group.key} group={group} flow={run.flow} />
      ))}
      {groups.length > shown && (
        <footer className="run-more">
          <Button icon="down" onClick={() => setShown(groups.length)}>
            {plural(groups.length - shown, 'other kind')}
          </Button>
        </footer>
      )}
    </Panel>
  )
}

function Group({ group, flow }: { group: ErrorGroup; flow: string }) {
  const tone = isGrave(group) ? 'bad' : 'warn'
  const [first] = group.errors
  return (
    <article className={`run-error tone-${tone}`}>
      <header>
        <Badge tone={tone} icon={tone === 'bad' ? 'cross' : 'warn'}>
          {group.code || 'error'}
        </Badge>
        <strong>
          {formatCount(group.errors.length)} at{' '}
          <Link className="mono" href={withQuery(path('flows', flow), { node: group.node })}>
            {group.node}
          </Link>
        </strong>
        <span className="muted">
          {group.fates.map(([fate, count]) => fateText(fate, count, group)).join(', ')}
        </span>
        <span className="mono muted run-error-place">{group.place}</span>
      </header>
      <p className="run-error-message">
        <Text text={first?.message ?? ''} />
      </p>
      <Excerpt text={group.excerpt} />
      {group.errors.length > 1 ? <Each errors={group.errors} /> : first && <Occurrence error={first} />}
    </article>
  )
}

const FATES: { [fate in RunError['fate']]: string } = {
  handled: 'handled',
  collected: 'collected',
  retried: 'tried again',
  dead: 'became a dead letter',
  ended: 'ended the run',
  dropped: 'dropped',
}

function fateText(fate: RunError['fate'], count: number, group: ErrorGroup): string {
  return group.fates.length === 1 ? FATES[fate] : `${formatCount(count)} ${FATES[fate]}`
}

function Occurrence({ error, withMessage = false }: { error: RunError; withMessage?: boolean }) {
  return (
    <p className="run-occurrence">
      <time dateTime={error.at} className="muted nowrap">
        {formatLocal(error.at, true)}
      </time>
      <Facts facts={{ attempt: error.attempt, ...error.context }} />
      {withMessage && (
        <span className="run-error-message">
          {FATES[error.fate]}: <Text text={error.message} />
        </span>
      )}
    </p>
  )
}

function Each({ errors }: { errors: RunError[] }) {
  const [shown, setShown] = useState(0)
  if (shown === 0) {
    return (
      <Button
        kind="quiet"
        icon="down"
        className="run-each"
        aria-expanded={false}
        onClick={() => setShown(STEP)}
      >
        Show each of {formatCount(errors.length)}
      </Button>
    )
  }
  return (
    <div className="run-occurrences">
      {errors.slice(0, shown).map((error, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: errors come in order, and have no id
        <Occurrence key={index} error={error} withMessage />
      ))}
      <div>
        {shown < errors.length && (
          <Button kind="quiet" icon="down" onClick={() => setShown(shown + 5 * STEP)}>
            {formatCount(errors.length - shown)} more
          </Button>
        )}
        <Button kind="quiet" onClick={() => setShown(0)}>
          Show fewer
        </Button>
      </div>
    </div>
  )
}
