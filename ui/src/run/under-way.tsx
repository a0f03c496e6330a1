import { Fragment } from 'react'
import type { RunDetail } from '../api/types'
import { formatCount, formatPercent, formatRate, formatSpan } from '../parts/format'
import { Panel } from '../parts/panel'
import { Progress } from '../parts/progress'

/** How far a run is, how fast, and how long it will take; and how far the iterators within it. */
export function UnderWay({ run }: { run: RunDetail }) {
  const { live } = run
  const iterators = Object.entries(live?.nodes ?? {}).filter(([, node]) => node.itemsTotal > 0)
  return (
    <Panel title="Progress" aside={live && <span className="muted">{formatRate(live.rate)}</span>}>
      <div className="run-progress">
        <span>{live && live.total > 0 ? formatPercent(live.done, live.total) : 'running'}</span>
        <Progress done={live?.done ?? 0} total={live?.total ?? 0} label="Progress of the run" />
        <span>
          {live && amount(live.done, live.total)}
          {live?.leftSeconds != null && <span className="muted">, {formatSpan(live.leftSeconds)} left</span>}
        </span>
        {iterators.map(([name, node]) => (
          <Fragment key={name}>
            <span className="mono">{name}</span>
            <Progress done={node.itemsDone} total={node.itemsTotal} label={`Progress of ${name}`} />
            <span>{amount(node.itemsDone, node.itemsTotal)} items</span>
          </Fragment>
        ))}
      </div>
    </Panel>
  )
}

function amount(done: number, total: number): string {
  return total > 0 ? `${formatCount(done)} of ${formatCount(total)}` : `${formatCount(done)} done`
}
