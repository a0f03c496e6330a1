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

function Api(api: ApiLive) {
  return (
    <li>
      <span className="api-name">{api.api}</span>
      <span className="api-flight">
        <meter
          aria-label={`Requests in flight to ${api.api}`}
          min={0}
          max={Math.max(1, api.most)}
          value={api.inFlight}
        />
        {api.inFlight} of {api.most} in flight
      </span>
      <span>{formatCount(api.waiting)} waiting</span>
      {api.heldUntil === null ? <Allowance {...api} /> : <Held until={api.heldUntil} reason={api.reason} />}
    </li>
  )
}

function Allowance({ ratePerSecond, left, resetsAt }: ApiLive) {
  return (
    <>
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
    </>
  )
}

function Held({ until, reason }: { until: string; reason: string | null }) {
  return (
    <span className="api-held tone-warn" title={reason ?? ''}>
      <Icon name="pause" /> held, goes on <Time at={until} />
      {reason !== null && `: ${reason}`}
    </span>
  )
}
