import type { ApiLive } from '../api/types'
import { formatCount } from '../parts/format'
import { Panel } from '../parts/panel'
import { Badge } from '../parts/status'
import { Time } from '../parts/time'

/** How the APIs that are asked hold us back. */
export function ApiPanel({ apis }: { apis: ApiLive[] }) {
  return (
    <Panel title="APIs">
      <ul className="run-list">
        {apis.map(api => (
          <li key={api.api}>
            <span className="mono">{api.api}</span>
            {api.heldUntil && (
              <Badge tone="warn" icon="pause">
                held back
              </Badge>
            )}
            <p className="muted">
              {api.inFlight} of {api.most} requests in flight, {formatCount(api.waiting)} waiting
              {api.ratePerSecond !== null && `, ${api.ratePerSecond} a second at most`}
            </p>
            {api.left !== null && (
              <p className="muted">
                {formatCount(api.left)} left
                {api.resetsAt && (
                  <>
                    , more <Time at={api.resetsAt} />
                  </>
                )}
              </p>
            )}
            {api.heldUntil && (
              <p>
                goes on <Time at={api.heldUntil} />
                {api.reason && `: ${api.reason}`}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
