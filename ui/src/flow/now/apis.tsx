import type { ApiLive } from '../../api/types'
import { formatCount, formatRate } from '../../parts/format'
import { Icon } from '../../parts/icon'
import { Time } from '../../parts/time'

/** What the APIs allow, and what waits for it. */
export function Apis({ apis }: { apis: ApiLive[] }) {
  return (
    <ul className="apis">
      {apis.map(api => (
        <Api key={api.api} {...api} />
      ))}
    </ul>
  )
}

function Api({ api, inFlight, most, waiting, ratePerSecond, left, resetsAt, heldUntil, reason }: ApiLive) {
  return (
    <li>
      <span className="api-name">{api}</span>
      <span className="api-flight">
        <meter aria-label={`Requests in flight to ${api}`} min={0} max={Math.max(1, most)} value={inFlight} />
        {inFlight} of {most} in flight
      </span>
      {waiting > 0 && <span>{formatCount(waiting)} waiting</span>}
      {ratePerSecond !== null && <span>at most {formatRate(ratePerSecond)}</span>}
      {left !== null && (
        <span>
          {formatCount(left)} left
          {resetsAt !== null && (
            <>
              , more <Time at={resetsAt} />
            </>
          )}
        </span>
      )}
      {heldUntil !== null && (
        <span className="api-held tone-warn">
          <Icon name="pause" /> goes on <Time at={heldUntil} />
          {reason !== null && `: ${reason}`}
        </span>
      )}
    </li>
  )
}
